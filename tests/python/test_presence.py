"""Being online: heartbeats asked for, and those the library sends by itself."""

import unittest

from support import PATIENCE, Clock, RigTest, fio_c2c


class Heartbeats(RigTest):
    def test_one_that_is_asked_for(self) -> None:
        client = self.paired()
        client.heartbeat().wait(PATIENCE)
        seen, = self.service.requests("heartbeat")
        self.assertEqual((seen["status"], seen["method"], seen["body_bytes"]), (204, "POST", 0))
        self.assertIn("authorization", dict(seen["headers"]))


class Known(RigTest):
    """What is known of the device without asking anybody."""

    def test_after_a_start_without_a_network(self) -> None:
        store = str(self.scratch() / "store")
        client = self.client(store_dir=store)
        self.assertIsNone(client.device_cached())
        self.service.person("approve", after_polls=0, project="Feature B")
        device = client.pair().wait(PATIENCE)
        self.assertEqual(device.age_seconds, 0)
        self.service.network("down")
        clock = Clock()
        clock.advance(3_600_000)
        client = self.restarted(client, store_dir=store, clock=clock)
        known = client.device_cached()
        assert known
        self.assertEqual((known.project_id, known.project_name, known.name, known.creator_name, known.channels),
                         (device.project_id, "Feature B", device.name, device.creator_name, device.channels))
        self.assertAlmostEqual(known.age_seconds or 0, 3600, delta=30)
        event = client.drive_until_heard(fio_c2c.FIO_EVENT_DEVICE_CACHED)
        assert event.device
        self.assertEqual(event.device.project_name, "Feature B")
        self.assertEqual(client.heard(fio_c2c.FIO_EVENT_DEVICE), [])

    def test_it_is_forgotten_with_the_authorization_that_is_given_back(self) -> None:
        store = self.scratch() / "store"
        client = self.paired(store_dir=str(store))
        self.assertTrue((store / "device").exists())
        client.revoke().wait(PATIENCE)
        self.assertIsNone(client.device_cached())
        self.assertFalse((store / "device").exists())

    def test_a_record_that_is_no_use_is_none(self) -> None:
        store = self.scratch() / "store"
        client = self.paired(store_dir=str(store))
        client.close()
        (store / "device").write_bytes(b"damaged")
        client = self.client(client_id=client.client_id, store_dir=str(store))
        self.assertIsNone(client.device_cached())
        client.drive_until_heard(fio_c2c.FIO_EVENT_STORE_DAMAGED)
        self.assertEqual(client.auth_state(), fio_c2c.FIO_AUTH_AUTHORIZED)
        client.device_info().wait(PATIENCE)
        self.assertTrue(client.device_cached())


class Online(RigTest):
    def setUp(self) -> None:
        super().setUp()
        self.clock = Clock()

    def pass_time(self, client: fio_c2c.Client, seconds: float) -> None:
        """Lets time pass for both, and the client do what is due."""
        self.service.advance(seconds)
        self.clock.advance(seconds * 1000)
        client.drive_until_settled()

    def heartbeats(self) -> int:
        return len(self.service.requests("heartbeat"))

    def test_an_hour(self) -> None:
        client = self.paired(clock=self.clock)
        client.set_online(True)
        client.drive_until_settled()
        began, passed = self.heartbeats(), 0.0
        while passed < 3600:
            due = client.timeout_ms() / 1000
            self.pass_time(client, due)
            passed += due
        self.assertAlmostEqual(self.heartbeats() - began, 30, delta=1)
        self.assertEqual(self.service.violations(), [])
        self.assertEqual([device["status"] for device in self.service.state()["devices"]], ["online"])

    def test_switched_off(self) -> None:
        client = self.paired(clock=self.clock)
        client.set_online(True)
        self.pass_time(client, 121)
        client.set_online(False)
        sent = self.heartbeats()
        for _ in range(10):
            self.pass_time(client, 121)
        self.assertEqual(self.heartbeats(), sent)
        self.assertEqual([device["status"] for device in self.service.state()["devices"]], ["offline"])

    def test_two_starts_within_a_minute(self) -> None:
        store = str(self.scratch() / "store")
        client = self.client(clock=self.clock, store_dir=store)
        client.set_online(True)
        self.service.person("approve", after_polls=0)
        client.pair().wait(PATIENCE)
        client.drive_until_settled()
        self.assertEqual(self.heartbeats(), 1)
        for _ in range(3):
            client = self.restarted(client, clock=self.clock, store_dir=store)
            client.set_online(True)
            self.pass_time(client, 5)
        self.assertEqual(self.heartbeats(), 1)
        for _ in range(3):
            self.pass_time(client, 60)
        self.assertGreater(self.heartbeats(), 1)
        self.assertNotEqual(self.service.checklist()["heartbeat_not_too_often"].status, "broken")

    def test_other_calls_count(self) -> None:
        client = self.paired(clock=self.clock)
        client.set_online(True)
        client.drive_until_settled()
        sent = self.heartbeats()
        for _ in range(10):
            self.pass_time(client, 100)
            client.device_info().wait(PATIENCE)
        self.assertEqual(self.heartbeats(), sent)

    def test_before_it_is_paired(self) -> None:
        client = self.client(clock=self.clock)
        client.set_online(True)
        self.clock.advance(300_000)
        client.drive(0)
        self.assertEqual(self.service.requests(), [])
        self.service.person("approve", after_polls=0)
        client.pair().wait(PATIENCE)
        client.drive_until_settled()
        sent = self.heartbeats()
        self.pass_time(client, 121)
        self.assertEqual(self.heartbeats(), sent + 1)

    def test_one_that_fails_is_told_and_repeated(self) -> None:
        client = self.paired(clock=self.clock)
        client.set_online(True)
        client.drive_until_settled()
        self.service.fault("heartbeat", "status", status=503)
        self.service.advance(121)
        self.clock.advance(121_000)
        event = client.drive_until_heard(fio_c2c.FIO_EVENT_RETRYING)
        self.assertEqual(event.error.status, fio_c2c.FIO_E_SERVER)
        self.assertAlmostEqual(event.wait_ms, 60_000, delta=2000)
        self.pass_time(client, 61)
        self.assertEqual([r["status"] for r in self.service.requests("heartbeat")][-2:], [503, 204])
        self.assertEqual(self.service.violations(), [])

    def test_neither_on_nor_off(self) -> None:
        client = self.client()
        for value in (2, -1):
            self.assertEqual(client._library.fio_set_online(client._handle, value), fio_c2c.FIO_E_ARGUMENT)


if __name__ == "__main__":
    unittest.main()

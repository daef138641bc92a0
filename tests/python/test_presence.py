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

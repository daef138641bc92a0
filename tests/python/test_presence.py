"""Being online: heartbeats asked for, and those the library sends by itself."""

import pytest
from support import PATIENCE, Clock, RigTest, fio_c2c


class Heartbeats(RigTest):
    def test_one_that_is_asked_for(self) -> None:
        client = self.paired()
        client.heartbeat().wait(PATIENCE)
        seen, = self.service.requests("heartbeat")
        assert (seen["status"], seen["method"], seen["body_bytes"]) == (204, "POST", 0)
        assert "authorization" in dict(seen["headers"])


class Known(RigTest):
    """What is known of the device without asking anybody."""

    def test_after_a_start_without_a_network(self) -> None:
        store = str(self.scratch() / "store")
        client = self.client(store_dir=store)
        assert client.device_cached() is None
        self.service.person("approve", after_polls=0, project="Feature B")
        device = client.pair().wait(PATIENCE)
        assert device.age_seconds == 0
        self.service.network("down")
        clock = Clock()
        clock.advance(3_600_000)
        client = self.restarted(client, store_dir=store, clock=clock)
        known = client.device_cached()
        assert known
        assert ((known.project_id, known.project_name, known.name, known.creator_name, known.channels)
                == (device.project_id, "Feature B", device.name, device.creator_name, device.channels))
        assert abs((known.age_seconds or 0) - 3600) <= 30
        event = client.drive_until_heard(fio_c2c.FIO_EVENT_DEVICE_CACHED)
        assert event.device
        assert event.device.project_name == "Feature B"
        assert client.heard(fio_c2c.FIO_EVENT_DEVICE) == []

    def test_it_is_forgotten_with_the_authorization_that_is_given_back(self) -> None:
        store = self.scratch() / "store"
        client = self.paired(store_dir=str(store))
        assert (store / "device").exists()
        client.revoke().wait(PATIENCE)
        assert client.device_cached() is None
        assert not (store / "device").exists()

    def test_a_record_that_is_no_use_is_none(self) -> None:
        store = self.scratch() / "store"
        client = self.paired(store_dir=str(store))
        client.close()
        (store / "device").write_bytes(b"damaged")
        client = self.client(client_id=client.client_id, store_dir=str(store))
        assert client.device_cached() is None
        client.drive_until_heard(fio_c2c.FIO_EVENT_STORE_DAMAGED)
        assert client.auth_state() == fio_c2c.FIO_AUTH_AUTHORIZED
        client.device_info().wait(PATIENCE)
        assert client.device_cached()


class Online(RigTest):
    @pytest.fixture(autouse=True)
    def online_ready(self, rig_ready: None) -> None:
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
        assert abs(self.heartbeats() - began - 30) <= 1
        assert self.service.violations() == []
        assert [device["status"] for device in self.service.state()["devices"]] == ["online"]

    def test_switched_off(self) -> None:
        client = self.paired(clock=self.clock)
        client.set_online(True)
        self.pass_time(client, 121)
        client.set_online(False)
        sent = self.heartbeats()
        for _ in range(10):
            self.pass_time(client, 121)
        assert self.heartbeats() == sent
        assert [device["status"] for device in self.service.state()["devices"]] == ["offline"]

    def test_two_starts_within_a_minute(self) -> None:
        store = str(self.scratch() / "store")
        client = self.client(clock=self.clock, store_dir=store)
        client.set_online(True)
        self.service.person("approve", after_polls=0)
        client.pair().wait(PATIENCE)
        client.drive_until_settled()
        assert self.heartbeats() == 1
        for _ in range(3):
            client = self.restarted(client, clock=self.clock, store_dir=store)
            client.set_online(True)
            self.pass_time(client, 5)
        assert self.heartbeats() == 1
        for _ in range(3):
            self.pass_time(client, 60)
        assert self.heartbeats() > 1
        assert self.service.checklist()["heartbeat_not_too_often"].status != "broken"

    def test_other_calls_count(self) -> None:
        client = self.paired(clock=self.clock)
        client.set_online(True)
        client.drive_until_settled()
        sent = self.heartbeats()
        for _ in range(10):
            self.pass_time(client, 100)
            client.device_info().wait(PATIENCE)
        assert self.heartbeats() == sent

    def test_before_it_is_paired(self) -> None:
        client = self.client(clock=self.clock)
        client.set_online(True)
        self.clock.advance(300_000)
        client.drive(0)
        assert self.service.requests() == []
        self.service.person("approve", after_polls=0)
        client.pair().wait(PATIENCE)
        client.drive_until_settled()
        sent = self.heartbeats()
        self.pass_time(client, 121)
        assert self.heartbeats() == sent + 1

    def test_one_that_fails_is_told_and_repeated(self) -> None:
        client = self.paired(clock=self.clock)
        client.set_online(True)
        client.drive_until_settled()
        self.service.fault("heartbeat", "status", status=503)
        self.service.advance(121)
        self.clock.advance(121_000)
        event = client.drive_until_heard(fio_c2c.FIO_EVENT_RETRYING)
        assert event.error.status == fio_c2c.FIO_E_SERVER
        assert abs(event.wait_ms - 60_000) <= 2000
        self.pass_time(client, 61)
        assert [r["status"] for r in self.service.requests("heartbeat")][-2:] == [503, 204]
        assert self.service.violations() == []

    def test_neither_on_nor_off(self) -> None:
        client = self.client()
        for value in (2, -1):
            assert client._library.fio_set_online(client._handle, value) == fio_c2c.FIO_E_ARGUMENT

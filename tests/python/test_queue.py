"""All uploads together: order, pauses, limits, and what is told of them."""

import time
from typing import Any, List

import pytest

from support import PATIENCE, UploadTest, fio_c2c


class QueueTest(UploadTest):
    def held(self, client: Any, *names: str, **settings: Any) -> List[fio_c2c.Upload]:
        """Uploads of a queue that is paused."""
        client.queue.pause()
        return [client.upload(path=self.media(name), **settings) for name in names]

    def drive_until_all_over(self, client: Any) -> None:
        client.drive_until(lambda: client.queue.totals().files_left == 0)

    def arrivals(self) -> List[str]:
        """What is whole, in the order in which it became so."""
        whole = self.service.uploads(state="complete")
        return [upload["name"] for upload in sorted(whole, key=lambda upload: upload["completed"])]

    def states(self, client: Any) -> List[str]:
        return [info.state_name.removeprefix("FIO_UPLOAD_") for info in client.queue.list()]


class Order(QueueTest):
    def test_by_priority_and_then_as_they_came(self) -> None:
        client = self.paired(parallel_parts=1)
        uploads = self.held(client, "a", "b") + self.held(client, "c", priority=1) + self.held(client, "d", priority=-1)
        uploads += self.held(client, "e", "f")
        uploads[4].prioritize(5)
        uploads[0].prioritize(-7)
        assert [info.name for info in client.queue.list()] == ["e", "c", "b", "f", "d", "a"]
        assert list(client.queue)[0] == uploads[4]
        client.queue.resume()
        self.drive_until_all_over(client)
        assert self.arrivals() == ["e", "c", "b", "f", "d", "a"]
        assert [info.name for info in client.queue.list()] == ["e", "c", "b", "f", "d", "a"]

    def test_an_urgent_one_overtakes_a_long_one(self) -> None:
        self.service.settings(part_bytes=10_000)
        client = self.paired(parallel_parts=1)
        long = client.upload(path=self.media("long.mov", 500_000))
        client.drive_until_confirmed(long, 20_000)
        client.upload(path=self.media("urgent.mov", 10_000), priority=1)
        self.drive_until_all_over(client)
        assert self.arrivals() == ["urgent.mov", "long.mov"]


class Pauses(QueueTest):
    @pytest.fixture(autouse=True)
    def pauses_ready(self, upload_ready: None) -> None:
        self.service.settings(part_bytes=25_000)

    def test_of_one(self) -> None:
        client = self.paired()
        self.service.fault("part", "stall", part=4)
        upload = client.upload(path=self.media())
        self.drive_until_stuck(client, upload, 75_000)
        upload.pause()
        upload.pause()
        info = upload.info()
        assert (info.state, info.reason.status) == (fio_c2c.FIO_UPLOAD_WAITING, fio_c2c.FIO_E_UPLOAD_PAUSED)
        assert info.in_flight == 0
        # The others go on.
        client.upload(path=self.media("other.mov")).wait(PATIENCE)
        assert upload.info().confirmed == 75_000
        upload.resume()
        upload.resume()
        upload.wait(PATIENCE)
        asset = self.arrived("A001.mov", self.media())
        assert [part["times_received"] for part in asset["parts"]] == [1] * 4
        assert client.reasons(upload) == ["FIO_E_UPLOAD_PAUSED"]

    def test_of_all(self) -> None:
        client = self.paired()
        for part in (2, 3, 4):
            self.service.fault("part", "stall", part=part)
        first = client.upload(path=self.media("first.mov"))
        self.drive_until_stuck(client, first, 25_000)
        second = client.upload(path=self.media("second.mov"))
        third = client.upload(path=self.media("third.mov"))
        third.pause()
        client.queue.pause()
        seen = len(self.service.requests("part"))
        totals = client.queue.totals()
        assert (totals.is_paused, totals.waiting, totals.uploading, totals.files_left) == (True, 3, 0, 3)
        for upload in (first, second, third):
            assert upload.info().reason.status == fio_c2c.FIO_E_UPLOAD_PAUSED
        # What is no upload goes on.
        client.heartbeat().wait(PATIENCE)
        client.device_info().wait(PATIENCE)
        assert len(self.service.requests("part")) == seen
        client.queue.resume()
        first.wait(PATIENCE)
        second.wait(PATIENCE)
        assert third.info().state == fio_c2c.FIO_UPLOAD_WAITING
        third.resume()
        third.wait(PATIENCE)

    def test_new_ones_wait_where_a_person_picks(self) -> None:
        client = self.paired()
        earlier = client.upload(path=self.media("earlier.mov"))
        client.queue.set_auto_start(False)
        picked, left = client.upload(path=self.media("picked.mov")), client.upload(path=self.media("left.mov"))
        earlier.wait(PATIENCE)
        for upload in (picked, left):
            assert upload.info().reason.status == fio_c2c.FIO_E_UPLOAD_PAUSED
        picked.resume()
        picked.wait(PATIENCE)
        client.queue.set_auto_start(True)
        client.upload(path=self.media("later.mov")).wait(PATIENCE)
        assert self.arrivals() == ["earlier.mov", "picked.mov", "later.mov"]


class Ends(QueueTest):
    def test_canceling_one(self) -> None:
        client = self.paired()
        self.service.fault("part", "stall", asset="A001.mov")
        upload = client.upload(path=self.media())
        other = client.upload(path=self.media("other.mov"))
        client.drive_until(lambda: self.service.requests("part"), step_ms=5)
        upload.cancel()
        client.drive_until(lambda: client.states(upload)[-1] == fio_c2c.FIO_UPLOAD_CANCELED)
        assert upload.info().reason is None
        self.fails(fio_c2c.FIO_E_CANCELED, lambda: upload.wait(PATIENCE))
        other.wait(PATIENCE)
        assert self.service.upload("A001.mov")["state"] == "open"
        upload.remove()
        self.fails(fio_c2c.FIO_E_UNKNOWN_UPLOAD, upload.info)

    def test_canceling_all(self) -> None:
        client = self.paired()
        done = client.upload(path=self.media("done.mov"))
        done.wait(PATIENCE)
        self.service.fault("part", "stall", times=100)
        for number in range(10):
            client.upload(path=self.media(f"{number}.mov"))
        client.drive_until(lambda: len(self.service.requests("part")) > 3, step_ms=5)
        client.queue.cancel_all()
        totals = client.queue.totals()
        assert (totals.canceled, totals.done, totals.files_left, totals.bytes_left) == (10, 1, 0, 0)
        assert self.states(client) == ["DONE"] + ["CANCELED"] * 10
        client.queue.cancel_all()

    def test_the_list_may_be_cleared_while_it_is_shown(self) -> None:
        client = self.paired()
        uploads = self.held(client, *(f"{number}.mov" for number in range(6)))
        shown = []

        def each(info: fio_c2c.UploadInfo) -> None:
            shown.append(info.id)
            upload = fio_c2c.Upload(client, info.id)
            upload.cancel()
            upload.remove()
            # One that has not been shown yet is gone when its turn comes.
            later = uploads[uploads.index(upload) + 1]
            later.cancel()
            later.remove()
            self.fails(fio_c2c.FIO_E_REENTRANT, lambda: client.drive(0))

        client.queue.show(each)
        assert shown == [upload.id for upload in uploads[::2]]
        assert len(client.queue) == 0

    def test_the_list_may_close_the_client(self) -> None:
        client = self.paired()
        self.held(client, "a.mov", "b.mov")
        self.fails(fio_c2c.FIO_E_CLOSED, lambda: client.queue.show(lambda info: client.close()))

    def test_what_the_list_raises_is_not_lost(self) -> None:
        client = self.paired()
        self.held(client, "a.mov")
        with pytest.raises(ZeroDivisionError):
            client.queue.show(lambda info: print(1 // 0))

    def test_only_so_many_are_remembered(self) -> None:
        client = self.paired(history=2, parallel_parts=1)
        uploads = [client.upload(path=self.media(f"{number}.mov", 10)) for number in range(5)]
        (self.card / "gone.mov").write_bytes(b"x")
        client.queue.pause()
        gone = client.upload(path=self.card / "gone.mov")
        (self.card / "gone.mov").unlink()
        client.queue.resume()
        self.drive_until_all_over(client)
        totals = client.queue.totals()
        assert (totals.done, totals.failed) == (2, 1)
        assert {upload.id for upload in client.queue} == {uploads[3].id, uploads[4].id, gone.id}
        self.fails(fio_c2c.FIO_E_UNKNOWN_UPLOAD, uploads[0].info)

    def test_nothing_at_all_is_remembered(self) -> None:
        client = self.paired(history=0)
        upload = client.upload(path=self.media())
        client.drive_until(lambda: client.states(upload)[-1:] == [fio_c2c.FIO_UPLOAD_DONE])
        assert client.queue.list() == []


class Told(QueueTest):
    def progress(self, client: Any) -> List[fio_c2c.Event]:
        return client.heard(fio_c2c.FIO_EVENT_PROGRESS)

    def test_progress_comes_at_its_pace(self) -> None:
        self.service.settings(part_bytes=50_000)
        client = self.paired(clock=None, impatient=None, progress_interval=100, bandwidth=400_000)
        upload = client.upload(path=self.media(size=400_000))
        client.upload(path=self.media("other.mov", 10))
        start = time.monotonic()
        self.drive_until_all_over(client)
        seconds = time.monotonic() - start
        # About a megabyte in 400,000 bytes a second: it is not done sooner.
        assert seconds > 0.7
        events = self.progress(client)
        assert len(events) in range(4, int(seconds * 10) + 4)
        told = [event.totals.bytes_left for event in events]
        assert (told, told[-1]) == (sorted(told, reverse=True), 0)
        assert all(event.upload is None or event.upload.id == event.totals.current for event in events)
        assert events[1].upload.id == upload.id
        middle = events[len(events) // 2].totals
        assert middle.bytes_per_second in range(100_000, 800_000)
        assert middle.seconds_left is not None
        last = events[-1].totals
        assert (last.files_left, last.bytes_per_second, last.seconds_left) == (0, 0, None)

    def test_without_progress(self) -> None:
        client = self.paired(progress_interval=0)
        client.upload(path=self.media()).wait(PATIENCE)
        assert self.progress(client) == []

    def test_totals(self) -> None:
        client = self.paired()
        assert client.queue.totals() == fio_c2c.Totals(False, None, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, None, 0, None, 0, False)
        done = client.upload(path=self.media("done.mov", 100))
        done.wait(PATIENCE)
        client.upload(path=self.media("canceled.mov", 100)).cancel()
        self.service.settings(part_bytes=1000)
        self.service.fault("part", "stall", part=3)
        half = client.upload(path=self.media("half.mov", 3000))
        self.drive_until_stuck(client, half, 2000)
        totals = client.queue.totals()
        assert (totals.uploading, totals.current) == (1, half.id)
        # What is on its way is about to be done.
        assert totals.bytes_left in range(0, 1001)
        client.queue.pause()
        client.upload(path=self.media("whole.mov", 3000))
        totals = client.queue.totals()
        assert (totals.files_left, totals.bytes_left) == (2, 4000)
        assert (totals.done, totals.canceled, totals.failed, totals.skipped) == (1, 1, 0, 0)
        assert (totals.waiting, totals.current) == (2, None)


class Limits(QueueTest):
    def test_bandwidth(self) -> None:
        client = self.paired()
        self.service.settings(part_bytes=50_000)
        client.queue.set_bandwidth(500_000)
        uploads = [client.upload(path=self.media(f"{number}.mov", 150_000)) for number in range(3)]
        start = time.monotonic()
        self.drive_until_all_over(client)
        assert round(time.monotonic() - start, 1) in [tenth / 10 for tenth in range(6, 16)]
        client.queue.set_bandwidth(0)
        start = time.monotonic()
        uploads.append(client.upload(path=self.media("fast.mov", 5_000_000)))
        self.drive_until_all_over(client)
        assert time.monotonic() - start < 3

    def test_a_limit_can_be_taken_away_at_any_moment(self) -> None:
        client = self.paired(bandwidth=1000)
        upload = client.upload(path=self.media())
        client.drive_until(lambda: upload.info().in_flight > 0, step_ms=5)
        client.queue.set_bandwidth(0)
        upload.wait(PATIENCE)
        self.arrived("A001.mov", self.media())

    def test_interfaces(self) -> None:
        client = self.paired(interfaces=["nosuch0", "lo"])
        client.upload(path=self.media("lo.mov")).wait(PATIENCE)
        client.queue.set_interfaces(["nosuch0", "nosuch1"])
        upload = client.upload(path=self.media())
        info = client.drive_until_waiting(upload, fio_c2c.FIO_E_NO_INTERFACE)
        assert info.retry_in_ms is not None
        assert self.puts("A001.mov") == []
        # Calls to the service itself go another way.
        client.heartbeat().wait(PATIENCE)
        client.queue.set_interfaces([])
        upload.wait(PATIENCE)
        self.arrived("A001.mov", self.media())

    def test_interfaces_that_cannot_be(self) -> None:
        client = self.client()
        for names in (["a/b"], ["x" * 16], [""], ["a b"], ["host!x"], ["lo"] * 17):
            self.fails(fio_c2c.FIO_E_ARGUMENT, lambda: client.queue.set_interfaces(names))
            self.fails(fio_c2c.FIO_E_ARGUMENT, lambda: self.client(interfaces=names))
        client.queue.set_interfaces(["lo"] * 16)

    def test_settings_that_cannot_be(self) -> None:
        for settings in ({"parallel_parts": 0}, {"parallel_parts": 33}, {"progress_interval": 99}, {"progress_interval": 60_001},
                         {"history": 10_001}, {"stall_timeout": 999}, {"stall_timeout": 600_001}):
            self.fails(fio_c2c.FIO_E_ARGUMENT, lambda: self.client(**settings))

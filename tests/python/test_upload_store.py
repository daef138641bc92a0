"""The queue across restarts, and on a store that fails."""

import os
import resource
from pathlib import Path
from typing import Any

import pytest

from support import PATIENCE, MemoryStore, RigClient, UploadTest, fio_c2c, in_child
from fio_c2c import StoreFailure

KEY = bytes(range(32))


class Restarted(UploadTest):
    """A new client on the same store, as after a power cut."""

    @pytest.fixture(autouse=True)
    def restarted_ready(self, upload_ready: None) -> None:
        self.store = self.scratch() / "store"
        self.service.settings(part_bytes=25_000)

    def begun(self, **settings: Any) -> "tuple[Any, fio_c2c.Upload]":
        """A client after a restart, and an upload of which three of four parts have arrived."""
        settings = settings or {"path": self.media()}
        self.service.fault("part", "stall", part=4)
        client = self.paired(store_dir=self.store)
        upload = client.upload(tag=b"clip \x00 7", priority=9, **settings)
        self.drive_until_stuck(client, upload, 75_000)
        return self.again(client), upload

    def again(self, client: Any, **settings: Any) -> Any:
        return self.restarted(client, store_dir=self.store, **settings)

    def test_only_what_is_missing_is_sent(self) -> None:
        client, upload = self.begun()
        info = fio_c2c.Upload(client, upload.id).info()
        assert (info.confirmed, info.tag, info.priority, info.name) == (75_000, b"clip \x00 7", 9, "A001.mov")
        fio_c2c.Upload(client, upload.id).wait(PATIENCE)
        asset = self.arrived("A001.mov", self.media())
        assert [part["times_received"] for part in asset["parts"]] == [1] * 4
        assert len(self.service.uploads()) == 1

    def stopped(self) -> "tuple[Any, Any, Path]":
        """A client that is off, an upload of which three of four parts have arrived, and its file."""
        media = self.media()
        self.service.fault("part", "stall", part=4)
        client = self.paired(store_dir=self.store)
        upload = client.upload(path=media)
        self.drive_until_stuck(client, upload, 75_000)
        client.close()
        return client, upload, media

    def test_another_time_zone_makes_no_file_another_one(self) -> None:
        client, upload, media = self.stopped()
        about = media.stat()
        os.utime(str(media), ns=(about.st_atime_ns, about.st_mtime_ns - 3600 * 10**9))
        client = self.again(client)
        fio_c2c.Upload(client, upload.id).wait(PATIENCE)
        asset = self.arrived("A001.mov", media)
        assert [part["times_received"] for part in asset["parts"]] == [1] * 4

    def arrives_as_it_is(self, in_place: bool) -> None:
        client, upload, media = self.stopped()
        about = media.stat()
        other = media if in_place else media.with_name("other")
        other.write_bytes(os.urandom(about.st_size))
        os.utime(str(other), ns=(about.st_atime_ns, about.st_mtime_ns))
        other.replace(media)
        client = self.again(client)
        fio_c2c.Upload(client, upload.id).wait(PATIENCE)
        self.arrived("A001.mov", media)
        assert len(self.service.uploads()) == 2

    def test_a_file_replaced_by_one_of_the_same_size_and_date_arrives_as_it_is(self) -> None:
        self.arrives_as_it_is(in_place=False)

    def test_a_file_written_over_with_its_date_set_back_arrives_as_it_is(self) -> None:
        self.arrives_as_it_is(in_place=True)

    def test_a_file_with_many_parts(self) -> None:
        # More addresses than one record holds.
        self.service.settings(part_bytes=1000)
        client = self.paired(store_dir=self.store)
        media = self.media(size=200_000)
        upload = client.upload(path=media)
        client.drive_until_confirmed(upload, 50_000)
        confirmed = upload.info().confirmed
        client = self.again(client)
        upload = fio_c2c.Upload(client, upload.id)
        assert upload.info().confirmed >= confirmed
        upload.wait(PATIENCE)
        asset = self.arrived("A001.mov", media)
        assert len(self.service.uploads()) == 1
        # What was on its way when the power went may have been sent twice.
        assert sum(part["times_received"] for part in asset["parts"]) <= 200 + 5

    def test_the_age_is_counted_on(self) -> None:
        client = self.paired(store_dir=self.store)
        client.queue.pause()
        client.upload(path=self.media(), created=self.clock.wall_seconds() - 100)
        client.close()
        self.clock.advance(1_000_000)
        client = self.again(client)
        client.queue.resume()
        list(client.queue)[0].wait(PATIENCE)
        assert self.service.upload("A001.mov")["offset"] in range(1100, 1120)

    def test_a_reader_has_to_be_attached(self) -> None:
        content = self.media().read_bytes()

        def read(offset: int, length: int) -> bytes:
            return content[offset:offset + length]

        client, upload = self.begun(reader=read, size=len(content), name="r.mov")
        upload = fio_c2c.Upload(client, upload.id)
        # It does not hold up the others.
        client.upload(path=self.media("B001.mov")).wait(PATIENCE)
        info = client.drive_until_waiting(upload, fio_c2c.FIO_E_SOURCE_NEEDED)
        assert (info.tag, info.path, info.retry_in_ms) == (b"clip \x00 7", None, None)
        self.fails(fio_c2c.FIO_E_SOURCE_CHANGED, lambda: upload.attach(reader=read, size=len(content) + 1))
        self.fails(fio_c2c.FIO_E_STATE, lambda: upload.attach(pushed=True))
        self.fails(fio_c2c.FIO_E_ARGUMENT, lambda: upload.attach(name="no source"))
        upload.attach(reader=read, size=len(content))
        upload.wait(PATIENCE)
        asset = self.arrived("r.mov", content)
        assert [part["times_received"] for part in asset["parts"]] == [1] * 4

    def test_a_descriptor_can_become_a_path(self) -> None:
        media = self.media()
        with media.open("rb") as file:
            client, upload = self.begun(fd=file.fileno(), name="fd.mov")
        upload = fio_c2c.Upload(client, upload.id)
        client.drive_until_waiting(upload, fio_c2c.FIO_E_SOURCE_NEEDED)
        upload.attach(path=media)
        client = self.again(client)
        fio_c2c.Upload(client, upload.id).wait(PATIENCE)
        self.arrived("fd.mov", media)

    def test_the_file_is_another_one(self) -> None:
        client, upload = self.begun()
        upload = fio_c2c.Upload(client, upload.id)
        media = self.media("A001.mov", 90_000)
        info = client.drive_until_over(upload, fio_c2c.FIO_UPLOAD_FAILED)
        assert info.reason.status == fio_c2c.FIO_E_SOURCE_CHANGED
        upload.retry()
        upload.wait(PATIENCE)
        self.arrived("A001.mov", media)

    def test_the_card_is_out(self) -> None:
        client, upload = self.begun()
        upload = fio_c2c.Upload(client, upload.id)
        media = self.card / "A001.mov"
        away = media.rename(self.card / "away")
        info = client.drive_until_over(upload, fio_c2c.FIO_UPLOAD_FAILED)
        assert info.reason.status == fio_c2c.FIO_E_SOURCE_MISSING
        # What failed is remembered as well, with its reason.
        client = self.again(client)
        upload = fio_c2c.Upload(client, upload.id)
        assert upload.info().reason.status == fio_c2c.FIO_E_SOURCE_MISSING
        away.rename(media)
        upload.retry()
        upload.wait(PATIENCE)
        asset = self.arrived("A001.mov", media)
        assert [part["times_received"] for part in asset["parts"]] == [1] * 4

    def test_order_pauses_and_settings_are_kept(self) -> None:
        client = self.paired(store_dir=self.store)
        client.queue.pause()
        ids = [client.upload(path=self.media(name), priority=priority, tag=name.encode()).id
               for name, priority in (("a", 0), ("b", 3), ("c", 0))]
        fio_c2c.Upload(client, ids[0]).pause()
        fio_c2c.Upload(client, ids[2]).prioritize(7)
        client.queue.set_auto_start(False)
        client = self.again(client)
        assert [(info.tag, info.priority) for info in client.queue.list()] == [(b"c", 7), (b"b", 3), (b"a", 0)]
        assert client.queue.totals().is_paused
        new = client.upload(path=self.media("d"))
        assert new.id not in ids
        client.queue.resume()
        for id in ids[1:]:
            fio_c2c.Upload(client, id).wait(PATIENCE)
        for upload in (fio_c2c.Upload(client, ids[0]), new):
            assert upload.info().reason.status == fio_c2c.FIO_E_UPLOAD_PAUSED

    def test_history_is_kept_and_bounded(self) -> None:
        client = self.paired(store_dir=self.store, history=3)
        ids = []
        for number in range(5):
            upload = client.upload(path=self.media(f"{number}.mov", 10))
            upload.wait(PATIENCE)
            ids.append(upload.id)
        client = self.again(client, history=3)
        assert [info.id for info in client.queue.list()] == ids[2:]
        assert {info.state for info in client.queue.list()} == {fio_c2c.FIO_UPLOAD_DONE}
        client = self.again(client, history=1)
        client.drive(0)
        assert [info.id for info in client.queue.list()] == ids[4:]
        for upload in client.queue:
            upload.remove()
        assert not [file.name for file in self.store.iterdir() if file.name.startswith(("upload-", "addresses-"))]
        client = self.again(client)
        assert client.queue.list() == []
        # Ids are never given again.
        assert client.upload(path=self.media()).id > max(ids)

    def test_nothing_is_told_of_what_was_known(self) -> None:
        client, upload = self.begun()
        client.upload(path=self.media("B001.mov")).wait(PATIENCE)
        fio_c2c.Upload(client, upload.id).wait(PATIENCE)
        client = self.again(client)
        client.drive(0)
        assert client.heard(fio_c2c.FIO_EVENT_UPLOAD) == []

    def test_a_damaged_record_is_kept_aside(self) -> None:
        client = self.paired(store_dir=self.store)
        client.queue.pause()
        first, second = client.upload(path=self.media("a")), client.upload(path=self.media("b"))
        client.close()
        records = sorted(self.store.glob("upload-*"))
        assert len(records) == 2
        records[0].write_bytes(records[0].read_bytes()[:-3])
        client = self.again(client)
        client.drive_until_heard(fio_c2c.FIO_EVENT_STORE_DAMAGED)
        left = client.queue.list()
        assert len(left) == 1
        assert left[0].id in (first.id, second.id)
        client.queue.resume()
        fio_c2c.Upload(client, left[0].id).wait(PATIENCE)

    def test_sealed_records_tell_nothing(self) -> None:
        store = MemoryStore()
        client = self.paired(store=store, store_key=KEY)
        upload = client.upload(path=self.media("secret-scene.mov"), tag=b"secret-tag")
        upload.wait(PATIENCE)
        for _, value in store.saved:
            for words in (b"secret-scene", b"secret-tag", b"X-Amz", str(self.card).encode()):
                assert words not in value
        client = self.restarted(client, store=store, store_key=KEY)
        assert client.queue.list()[0].tag == b"secret-tag"

    def test_another_devices_uploads_are_not_sent(self) -> None:
        store = MemoryStore()
        client = self.paired(store=store)
        client.queue.pause()
        client.upload(path=self.media())
        client.close()
        other = self.paired(store=store)
        assert self.service.uploads() == []
        assert other.heard(fio_c2c.FIO_EVENT_STORE_DAMAGED)

    def test_a_second_client_is_refused(self) -> None:
        client, _ = self.begun()
        self.fails(fio_c2c.FIO_E_STORE_LOCKED, lambda: self.client(store_dir=self.store))
        # Also in another process, on a device of another owner.
        def attempt() -> None:
            self.fails(fio_c2c.FIO_E_STORE_LOCKED, lambda: self.client(store_dir=self.store))

        assert in_child(attempt) == ""
        client.heartbeat().wait(PATIENCE)


class Failing(MemoryStore):
    def __init__(self) -> None:
        super().__init__()
        self.fails = False

    def save(self, key: str, value: bytes) -> None:
        if self.fails:
            raise StoreFailure
        super().save(key, value)


class Broken(UploadTest):
    """Uploads go on in memory, and the application hears of it."""

    def check(self, client: Any, status: int) -> None:
        assert {event.error.status for event in client.heard(fio_c2c.FIO_EVENT_STORE_FAILED)} == {status}
        assert client.heard(fio_c2c.FIO_EVENT_STORE_RECOVERED) == []

    def test_a_vendors_store(self) -> None:
        store = Failing()
        client = self.paired(store=store)
        store.fails = True
        upload = client.upload(path=self.media())
        upload.wait(PATIENCE)
        self.check(client, fio_c2c.FIO_E_STORE)
        held = client.upload(path=self.media("held.mov"))
        held.pause()
        store.fails = False
        self.clock.advance(60_000)
        client.drive_until_heard(fio_c2c.FIO_EVENT_STORE_RECOVERED)
        client = self.restarted(client, store=store)
        states = [(info.id, info.state) for info in client.queue.list()]
        assert states == [(held.id, fio_c2c.FIO_UPLOAD_WAITING), (upload.id, fio_c2c.FIO_UPLOAD_DONE)]

    def test_a_disk_that_takes_no_more(self) -> None:
        store = self.scratch() / "store"
        client = self.paired(store_dir=store)
        media = self.media()
        soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (0, hard))
        try:
            upload = client.upload(path=media)
            upload.wait(PATIENCE)
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        self.check(client, fio_c2c.FIO_E_STORE)
        self.arrived("A001.mov", media)
        self.clock.advance(60_000)
        client.drive_until_heard(fio_c2c.FIO_EVENT_STORE_RECOVERED)
        client = self.restarted(client, store_dir=store)
        assert client.queue.list()[0].state == fio_c2c.FIO_UPLOAD_DONE

    def test_a_read_only_directory(self) -> None:
        store = self.card / "store"
        media = self.media()
        self.card.chmod(0o755)
        store.mkdir(mode=0o555)
        settings = self.config(store_dir=store, ca_file=None, ca_pem=Path(self.service.ca_file).read_bytes())
        self.service.person("approve", after_polls=0)

        def attempt() -> None:
            # The superuser writes everywhere.
            if os.geteuid() == 0:
                os.setuid(65534)
            with RigClient(**settings) as client:
                client.pair().wait(PATIENCE)
                client.upload(path=media).wait(PATIENCE)
                self.check(client, fio_c2c.FIO_E_STORE_READ_ONLY)

        assert in_child(attempt) == ""
        self.arrived("A001.mov", media)

    def test_without_a_store(self) -> None:
        client = self.paired()
        client.upload(path=self.media()).wait(PATIENCE)
        assert client.heard(fio_c2c.FIO_EVENT_STORE_FAILED) == []
        assert self.restarted(client).queue.list() == []

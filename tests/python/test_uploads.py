"""Whole files: what the service gets of them, and which are refused."""

import os
import time
from pathlib import Path
from typing import Any, Callable

import pytest

from support import PATIENCE, UploadTest, fio_c2c, in_child


class Files(UploadTest):
    def test_a_small_file(self) -> None:
        client = self.paired()
        media = self.media()
        upload = client.upload(path=media, tag=b"clip 7", priority=3)
        info = upload.wait(PATIENCE)
        assert (info.state, info.size, info.confirmed, info.in_flight) == (fio_c2c.FIO_UPLOAD_DONE, 100_000, 100_000, 0)
        assert (info.name, info.path, info.tag, info.priority) == ("A001.mov", str(media), b"clip 7", 3)
        assert (info.reason, info.retry_in_ms, info.is_recording) == (None, None, False)
        asset = self.arrived("A001.mov", media, realtime=False)
        assert (asset["id"], asset["project_id"]) == (info.asset_id, info.project_id)
        assert (asset["filetype"], asset["channel"], asset["part_count"]) == ("video/quicktime", 0, 1)
        assert asset["offset"] in range(10)
        assert client.states(upload) == [fio_c2c.FIO_UPLOAD_UPLOADING, fio_c2c.FIO_UPLOAD_DONE]

    def test_a_wait_ends_with_the_upload_although_nobody_hears_of_its_end(self) -> None:
        self.service.person("approve", after_polls=0)
        with fio_c2c.Client(**self.config()) as client:
            client.pair().wait(PATIENCE)
            upload = client.upload(path=self.media())
            start = time.monotonic()
            rounds = 0
            while not upload.info().is_over:
                client.drive(int(PATIENCE * 1000))
                rounds += 1
            assert time.monotonic() - start < PATIENCE
            assert rounds < 50
            assert upload.info().state == fio_c2c.FIO_UPLOAD_DONE

    def test_several_parts(self) -> None:
        self.service.settings(part_bytes=70_000)
        client = self.paired()
        media = self.media(size=1_000_001)
        client.upload(path=media).wait(PATIENCE)
        asset = self.arrived("A001.mov", media)
        assert [part["times_started"] for part in asset["parts"]] == [1] * 15

    def test_many_files_side_by_side(self) -> None:
        self.service.settings(part_bytes=20_000)
        client = self.paired(parallel_parts=4)
        media = [self.media(f"A{number:03}.mov", 1 + 3_500 * number) for number in range(40)]
        for path in media:
            client.upload(path=path)
        client.drive_until(lambda: client.queue.totals().files_left == 0)
        for path in media:
            self.arrived(path.name, path)
        assert client.queue.totals().done == 40
        connections = {request["connection"] for request in self.puts()}
        # How many depends on how fast it goes, which a clock that stands still does not tell.
        assert len(connections) in range(1, 5)

    def test_an_empty_part_at_the_end(self) -> None:
        # Eleven bytes in ten parts of two: the last four are empty.
        self.service.settings(part_bytes=1)
        client = self.paired()
        client.upload(path=self.media("tiny.mov", 11)).wait(PATIENCE)
        self.arrived("tiny.mov", self.card / "tiny.mov")

    def test_parts_are_asked_for_as_far_as_the_storage_takes_them(self) -> None:
        client = self.paired()
        media = self.media(size=11 << 20)
        # The first one finds a link of which nothing is known: small parts, which any link carries.
        for name, wanted, got in (("none", 0, "2"), ("two", 2, "2"), ("fifty", 50, "2")):
            client.upload(path=media, name=name, parts=wanted).wait(PATIENCE)
            request = self.service.requests("asset")[-1]
            assert dict(request["fields"]).get("parts") == got
            self.arrived(name, media)

    def test_settings_are_sent(self) -> None:
        client = self.paired()
        media = self.media()
        client.upload(path=media, name="Szene 4 – Döner 🥙.wav", channel=2, media_type="audio/x-wave").wait(PATIENCE)
        asset = self.arrived("Szene 4 – Döner 🥙.wav", media)
        assert (asset["channel"], asset["filetype"]) == (2, "audio/x-wave")

    def test_the_media_type_follows_the_extension(self) -> None:
        client = self.paired()
        for name, media_type in (("a.MP4", "video/mp4"), ("b.wav", "audio/wav"), ("c.jpeg", "image/jpeg"),
                                 ("d.look", "application/octet-stream"), ("mov", "application/octet-stream")):
            info = client.upload(path=self.media(name, 10)).wait(PATIENCE)
            assert (info.media_type, self.service.upload(name)["filetype"]) == (media_type, media_type)

    def test_one_description_for_several_uploads(self) -> None:
        client = self.paired()
        media = self.media()
        with fio_c2c.Description(path=media, name="first") as description:
            first, second = client.upload(description), client.upload(description)
        assert first != second
        first.wait(PATIENCE)
        second.wait(PATIENCE)
        assert len(self.service.uploads("first", state="complete")) == 2

    def test_a_path_need_not_be_utf_8(self) -> None:
        client = self.paired()
        media = Path(os.fsdecode(os.fsencode(self.card) + b"/A\xff1.mov"))
        media.write_bytes(b"media")
        self.fails(fio_c2c.FIO_E_UTF8, lambda: client.upload(path=media))
        info = client.upload(path=media, name="A1.mov").wait(PATIENCE)
        assert info.path == str(media)
        self.arrived("A1.mov", media)


class Refused(UploadTest):
    def refused(self, status: int, client: fio_c2c.Client, **settings: Any) -> None:
        error = self.fails(status, lambda: client.upload(**settings))
        assert str(self.card) not in error.message
        assert client.queue.list() == []

    def test_what_is_no_file(self) -> None:
        client = self.client()
        fifo = self.card / "fifo"
        os.mkfifo(fifo)
        self.media("empty.mov", 0)
        for status, path in ((fio_c2c.FIO_E_SOURCE_MISSING, self.card / "no.mov"),
                             (fio_c2c.FIO_E_SOURCE_MISSING, self.card / "empty.mov" / "x"),
                             (fio_c2c.FIO_E_SOURCE_EMPTY, self.card / "empty.mov"),
                             (fio_c2c.FIO_E_SOURCE_KIND, self.card),
                             (fio_c2c.FIO_E_SOURCE_KIND, fifo),
                             (fio_c2c.FIO_E_SOURCE_KIND, "/dev/null")):
            self.refused(status, client, path=path)

    def test_a_file_that_may_not_be_read(self) -> None:
        media = self.media()
        self.card.chmod(0o755)
        media.chmod(0)
        settings = self.config(ca_file=None, ca_pem=Path(self.service.ca_file).read_bytes())

        def attempt() -> None:
            # The superuser reads everything.
            if os.geteuid() == 0:
                os.setuid(65534)
            with fio_c2c.Client(**settings) as client:
                self.refused(fio_c2c.FIO_E_SOURCE_READ, client, path=media)

        assert in_child(attempt) == ""

    def test_names(self) -> None:
        client = self.client()
        media = self.media()
        for name in ("", "   ", "n" * 256, "ä" * 128, "a\nb", "a\x7fb"):
            self.refused(fio_c2c.FIO_E_ARGUMENT, client, path=media, name=name)
        self.refused(fio_c2c.FIO_E_UTF8, client, path=media, name="\udcff.mov")
        client.upload(path=media, name="n" * 255).cancel()

    def test_other_settings(self) -> None:
        client = self.client()
        media = self.media()
        for settings in ({"media_type": "video"}, {"media_type": "video/mp4; codecs=x"}, {"media_type": "video/" + "x" * 122},
                         {"tag": bytes(1025)}, {"parts": 10_001}, {"verify": 2},
                         {"extension": "mov", "recording": fio_c2c.Recording()},
                         {"extension": ".", "recording": fio_c2c.Recording()},
                         {"recording": fio_c2c.Recording(held_head=(256 << 20) + 1)}):
            self.refused(fio_c2c.FIO_E_ARGUMENT, client, path=media, **settings)
        self.refused(fio_c2c.FIO_E_ARGUMENT, client, name="without a source")
        self.refused(fio_c2c.FIO_E_ARGUMENT, client, path="")
        self.refused(fio_c2c.FIO_E_ARGUMENT, client, path="/" * 4097)
        self.refused(fio_c2c.FIO_E_ARGUMENT, client, pushed=True, name="pushed, but no recording")

    def test_descriptors(self) -> None:
        client = self.client()
        reading, writing = os.pipe()
        folder = os.open(self.card, os.O_RDONLY)
        blind = os.open(self.media(), os.O_WRONLY)
        for descriptor in (reading, writing, folder, blind):
            self.at_end(os.close, descriptor)
        for status, descriptor in ((fio_c2c.FIO_E_SOURCE_KIND, reading), (fio_c2c.FIO_E_SOURCE_KIND, folder),
                                   (fio_c2c.FIO_E_SOURCE_READ, blind), (fio_c2c.FIO_E_ARGUMENT, -1), (fio_c2c.FIO_E_ARGUMENT, 987)):
            self.refused(status, client, fd=descriptor, name="a.mov")
        with self.media().open("rb") as file:
            self.refused(fio_c2c.FIO_E_ARGUMENT, client, fd=file.fileno())

    def test_calls_that_do_not_fit(self) -> None:
        client = self.client()
        upload = client.upload(path=self.media())
        calls: "tuple[Callable[[], object], ...]" = (upload.retry, upload.remove, upload.move_to_project, upload.finish,
                                                     lambda: upload.advance(1), lambda: upload.push(0, b"x"))
        upload.retry()
        upload.pause()
        for call in calls:
            self.fails(fio_c2c.FIO_E_STATE, call)
        upload.resume()
        upload.retry()
        for call in calls[1:]:
            self.fails(fio_c2c.FIO_E_STATE, call)
        upload.cancel()
        for call in (*calls[0:1], *calls[2:], upload.cancel, upload.pause, upload.resume, lambda: upload.prioritize(1),
                     lambda: upload.attach(path=self.card / "A001.mov")):
            self.fails(fio_c2c.FIO_E_STATE, call)
        upload.remove()
        for call in (*calls, upload.info, upload.cancel, upload.pause, upload.resume):
            self.fails(fio_c2c.FIO_E_UNKNOWN_UPLOAD, call)


class Age(UploadTest):
    def offset(self, name: str) -> int:
        return self.service.upload(name)["offset"]

    def test_is_counted_to_the_moment_of_sending(self) -> None:
        client = self.paired()
        now = self.clock.wall_seconds()
        client.queue.pause()
        upload = client.upload(path=self.media(), created=now - 1000)
        self.clock.advance(500_000)
        client.queue.resume()
        upload.wait(PATIENCE)
        assert self.offset("A001.mov") in range(1500, 1510)

    def test_does_not_follow_a_clock_that_jumps(self) -> None:
        client = self.paired()
        upload = client.upload(path=self.media(), created=self.clock.wall_seconds() - 1000)
        self.clock.wall_offset = -700_000
        upload.wait(PATIENCE)
        assert self.offset("A001.mov") in range(1000, 1010)

    def test_what_comes_from_the_future_is_new(self) -> None:
        client = self.paired()
        client.upload(path=self.media(), created=self.clock.wall_seconds() + 5000).wait(PATIENCE)
        assert self.offset("A001.mov") in range(0, 5)

    def test_of_a_file_is_what_the_file_system_says(self) -> None:
        client = self.paired()
        media = self.media()
        changed = self.clock.wall_seconds() - 3000
        os.utime(media, (changed, changed))
        client.upload(path=media).wait(PATIENCE)
        assert self.offset("A001.mov") in range(3000, 3010)


class Sources(UploadTest):
    def test_a_descriptor(self) -> None:
        client = self.paired()
        media = self.media()
        with media.open("rb") as file:
            file.seek(77)
            upload = client.upload(fd=file.fileno(), name="fd.mov")
            assert os.lseek(file.fileno(), 0, os.SEEK_CUR) == 77
        media.unlink()
        assert upload.wait(PATIENCE).path is None
        self.arrived("fd.mov", self.media())

    def test_a_reader(self) -> None:
        self.service.settings(part_bytes=30_000)
        client = self.paired()
        content = self.media().read_bytes()
        held = len(fio_c2c._callbacks.registry)
        # In crumbs, as a slow medium has them.
        upload = client.upload(reader=lambda offset, length: content[offset:offset + min(length, 7_000)], size=len(content),
                               name="r.mov")
        assert len(fio_c2c._callbacks.registry) == held + 1
        upload.wait(PATIENCE)
        self.arrived("r.mov", content)
        assert len(fio_c2c._callbacks.registry) == held

    def test_a_reader_is_let_go_however_it_ends(self) -> None:
        client = self.paired()
        held = len(fio_c2c._callbacks.registry)

        def read(offset: int, length: int) -> bytes:
            raise fio_c2c.SourceFailure

        with fio_c2c.Description(reader=read, size=10, name="r.mov") as description:
            one, two = client.upload(description), client.upload(description)
            assert len(fio_c2c._callbacks.registry) == held + 1
            one.cancel()
        assert len(fio_c2c._callbacks.registry) == held + 1
        info = client.drive_until_over(two, fio_c2c.FIO_UPLOAD_FAILED)
        assert info.reason.status == fio_c2c.FIO_E_SOURCE_READ
        assert len(fio_c2c._callbacks.registry) == held
        client.upload(reader=read, size=10, name="closed.mov").pause()
        client.close()
        assert len(fio_c2c._callbacks.registry) < held

    def test_what_a_reader_raises_is_not_lost(self) -> None:
        client = self.paired()

        def read(offset: int, length: int) -> bytes:
            raise OSError("the card is out")

        upload = client.upload(reader=read, size=10, name="r.mov")
        with pytest.raises(OSError, match="the card is out"):
            upload.wait(PATIENCE)
        info = client.drive_until_over(upload, fio_c2c.FIO_UPLOAD_FAILED)
        assert info.reason.status == fio_c2c.FIO_E_SOURCE_READ

    def test_a_reader_that_has_less_than_it_said(self) -> None:
        client = self.paired()
        upload = client.upload(reader=lambda offset, length: b"abc"[offset:offset + length], size=10, name="r.mov")
        info = client.drive_until_over(upload, fio_c2c.FIO_UPLOAD_FAILED)
        assert info.reason.status == fio_c2c.FIO_E_SOURCE_CHANGED

    def test_another_source_for_the_same_bytes(self) -> None:
        client = self.paired()
        media = self.media()
        upload = client.upload(path=media)
        moved = media.rename(self.card / "moved")
        upload.attach(path=moved)
        assert upload.info().path == str(moved)
        self.fails(fio_c2c.FIO_E_SOURCE_CHANGED, lambda: upload.attach(path=self.media("shorter", 10)))
        upload.wait(PATIENCE)
        self.arrived("A001.mov", moved)


class Changes(UploadTest):
    """The file is another one before all of it has arrived."""

    def halfway(self, client: fio_c2c.Client, media: Path) -> fio_c2c.Upload:
        """An upload of which the first two of four parts have arrived."""
        self.service.fault("part", "stall", part=3)
        self.service.fault("part", "stall", part=4)
        upload = client.upload(path=media)
        self.drive_until_stuck(client, upload, 50_000)
        return upload

    @pytest.fixture(autouse=True)
    def changes_ready(self, upload_ready: None) -> None:
        self.service.settings(part_bytes=25_000)

    def queued(self, client: fio_c2c.Client, media: Path) -> fio_c2c.Upload:
        """An upload that is not looked at before the queue is resumed."""
        client.queue.pause()
        return client.upload(path=media)

    def failed(self, client: fio_c2c.Client, upload: fio_c2c.Upload, status: int) -> None:
        info = client.drive_until_over(upload, fio_c2c.FIO_UPLOAD_FAILED)
        assert info.reason.name == fio_c2c.status_name(status)

    def test_changed_before_its_turn(self) -> None:
        client = self.paired()
        media = self.media()
        upload = self.queued(client, media)
        self.media(size=100_001)
        client.queue.resume()
        self.failed(client, upload, fio_c2c.FIO_E_SOURCE_CHANGED)
        assert self.service.uploads() == []
        upload.retry()
        upload.wait(PATIENCE)
        self.arrived("A001.mov", media)

    def test_deleted_before_its_turn(self) -> None:
        client = self.paired()
        media = self.media()
        upload, other = self.queued(client, media), client.upload(path=self.media("B.mov"))
        media.unlink()
        client.queue.resume()
        self.failed(client, upload, fio_c2c.FIO_E_SOURCE_MISSING)
        self.fails(fio_c2c.FIO_E_SOURCE_MISSING, upload.retry)
        # The queue goes on.
        other.wait(PATIENCE)
        self.media()
        upload.retry()
        upload.wait(PATIENCE)

    @pytest.mark.parametrize("size", (100_000, 100_001, 60_000, 1))
    def test_changed_during_the_upload(self, size) -> None:
        client = self.paired()
        media = self.media()
        upload = self.halfway(client, media)
        media.write_bytes(os.urandom(size))
        assert upload.info().confirmed < 100_000
        upload.pause()
        upload.resume()
        self.failed(client, upload, fio_c2c.FIO_E_SOURCE_CHANGED)
        upload.retry()
        upload.wait(PATIENCE)
        content = media.read_bytes()
        assert self.service.uploads()[-1]["size"] == size
        client.close()
        self.arrived("A001.mov", content, client_id=client.client_id)

    def test_deleted_during_the_upload(self) -> None:
        # Anybody who has a file open can read it after it was deleted.
        client = self.paired()
        media = self.media()
        content = media.read_bytes()
        upload = self.halfway(client, media)
        media.unlink()
        upload.pause()
        upload.resume()
        upload.wait(PATIENCE)
        self.arrived("A001.mov", content)


class Verified(UploadTest):
    def test_with_what_the_storage_tells(self) -> None:
        client = self.paired()
        for etag in ("md5", "opaque", "absent"):
            self.service.settings(etag=etag, part_bytes=30_000)
            media = self.media(f"{etag}.mov")
            client.upload(path=media, verify=True).wait(PATIENCE)
            asset = self.arrived(media.name, media)
            assert [part["times_received"] for part in asset["parts"]] == [1] * 4

    def corrupted(self, **fields: Any) -> None:
        self.service.fault("part", "status", status=200, body="", headers={"ETag": '"0123456789abcdef0123456789abcdef"'}, **fields)

    def test_what_arrived_damaged_is_sent_again(self) -> None:
        self.service.settings(part_bytes=30_000)
        client = self.paired(parallel_parts=1)
        media = self.media()
        self.corrupted(part=2)  # not the last to arrive: its asset would be left behind, whole and damaged
        upload = client.upload(path=media, verify=True)
        upload.wait(PATIENCE)
        self.arrived("A001.mov", media)
        assert client.reasons(upload) == ["FIO_E_CHECKSUM"]

    def test_what_is_always_damaged_is_never_done(self) -> None:
        client = self.paired()
        self.corrupted(times=1000)
        upload = client.upload(path=self.media(), verify=True)
        info = self.skip_waits_until(client, upload, fio_c2c.FIO_E_TOO_MANY_ASSETS)
        assert set(client.reasons(upload)) == {"FIO_E_CHECKSUM", "FIO_E_TOO_MANY_ASSETS"}
        assert "other bytes" in info.reason.message
        assert len(self.service.uploads()) == 10
        self.service.clear_faults()
        upload.retry()
        upload.wait(PATIENCE)
        self.arrived("A001.mov", self.media())

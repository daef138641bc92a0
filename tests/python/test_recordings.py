"""Files that are sent while they are still being recorded, and data that is in no file."""

import random
from pathlib import Path
from typing import Any, List

import pytest

from support import PATIENCE, UploadTest, fio_c2c

MB = 1 << 20
#: Where the second and the third part of a recording of unknown rate begin.
SECOND, THIRD = 5 * MB, 10 * MB


class RecordingTest(UploadTest):
    @pytest.fixture(autouse=True)
    def recording_ready(self, upload_ready: None, request: pytest.FixtureRequest) -> None:
        self.content = random.Random(request.node.name).randbytes(12 * MB)

    def grow(self, media: Path, size: int) -> None:
        """The camera has written so much."""
        there = media.stat().st_size if media.exists() else 0
        with media.open("ab") as file:
            file.write(self.content[there:size])

    def drive_until_received(self, client: Any, parts: int) -> None:
        client.drive_until(lambda: self.service.parts_received() >= parts, step_ms=5)

    def order(self) -> List[int]:
        """The numbers of the parts in the order in which they were sent."""
        return [request["part"] for request in self.puts()]


class Files(RecordingTest):
    def recorded(self, client: fio_c2c.Client, name: str = "A001.mov", **settings: Any) -> fio_c2c.Upload:
        self.grow(self.card / name, 0)
        settings.setdefault("recording", fio_c2c.Recording())
        return client.upload(path=self.card / name, **settings)

    def test_parts_leave_while_it_grows(self) -> None:
        client = self.paired()
        media = self.card / "A001.mov"
        upload = self.recorded(client)
        for size in (1, 4 * MB, SECOND):
            self.grow(media, size)
            upload.advance(size)
            client.drive_until_settled()
        # The first part is whole, but might be the last.
        assert self.order() == []
        self.grow(media, 6 * MB)
        upload.advance(SECOND + 1)
        self.drive_until_received(client, 1)
        client.drive_until_confirmed(upload, SECOND)
        info = upload.info()
        assert (info.state, info.size, info.is_recording) == (fio_c2c.FIO_UPLOAD_UPLOADING, SECOND + 1, True)
        self.grow(media, 12 * MB)
        upload.advance(5)
        assert upload.info().size == SECOND + 1
        upload.finish()
        info = upload.wait(PATIENCE)
        assert (info.size, info.confirmed, info.is_recording) == (12 * MB, 12 * MB, False)
        asset = self.arrived("A001.mov", media, realtime=True)
        assert [part["times_started"] for part in asset["parts"]] == [1, 1, 1]

    def test_nothing_but_what_is_stable_is_sent(self) -> None:
        client = self.paired()
        media = self.card / "A001.mov"
        upload = self.recorded(client)
        media.write_bytes(bytes(12 * MB))
        client.drive_until_settled()
        assert self.order() == []
        media.write_bytes(self.content)
        upload.finish()
        upload.wait(PATIENCE)
        self.arrived("A001.mov", self.content)

    def test_the_held_head_comes_last(self) -> None:
        client = self.paired()
        media = self.card / "A001.mov"
        upload = self.recorded(client, recording=fio_c2c.Recording(held_head=100))
        media.write_bytes(self.content)
        upload.advance(12 * MB)
        self.drive_until_received(client, 1)
        with media.open("r+b") as file:
            file.write(b"the final header")
        upload.finish()
        upload.wait(PATIENCE)
        self.arrived("A001.mov", media)
        assert self.order() == [2, 3, 1]

    def test_the_rate_decides_about_the_parts(self) -> None:
        client = self.paired()
        media = self.card / "A001.mov"
        upload = self.recorded(client, recording=fio_c2c.Recording(bytes_per_second=4 * MB))
        media.write_bytes(self.content)
        upload.finish()
        upload.wait(PATIENCE)
        assert [part["size"] for part in self.arrived("A001.mov", media)["parts"]] == [8 * MB, 4 * MB]

    def test_sizes_on_the_edge_of_a_part(self) -> None:
        client = self.paired()
        for size in (1, SECOND - 1, SECOND, SECOND + 1, THIRD - 1, THIRD, THIRD + 1):
            name = f"{size}.mov"
            upload = self.recorded(client, name)
            self.grow(self.card / name, size)
            upload.advance(size)
            client.drive_until_settled()
            upload.finish()
            upload.wait(PATIENCE)
            self.arrived(name, self.content[:size])

    def test_the_name_comes_at_the_end(self) -> None:
        client = self.paired()
        for name, size in (("Scene 4.mov", 1000), ("Scene 5.mov", THIRD)):
            upload = self.recorded(client, extension=".mov")
            assert (upload.info().name, upload.info().media_type) == ("", "video/quicktime")
            self.grow(self.card / "A001.mov", size)
            upload.advance(size)
            client.drive_until(lambda: upload.info().asset_id is not None, step_ms=5)
            assert self.service.uploads()[-1]["name"].endswith(".mov")
            self.fails(fio_c2c.FIO_E_ARGUMENT, upload.finish)
            self.fails(fio_c2c.FIO_E_ARGUMENT, lambda: upload.finish(name=""))
            self.fails(fio_c2c.FIO_E_UTF8, lambda: upload.finish(name="\udcff"))
            upload.finish(name=name)
            assert upload.wait(PATIENCE).name == name
            self.arrived(name, self.content[:size])
            (self.card / "A001.mov").unlink()

    def test_a_part_of_what_is_there(self) -> None:
        client = self.paired()
        upload = self.recorded(client)
        self.grow(self.card / "A001.mov", 3000)
        for size in (-2, 3001, (5 << 40) + 1):
            self.fails(fio_c2c.FIO_E_ARGUMENT, lambda: upload.finish(size))
        upload.finish(2000)
        upload.wait(PATIENCE)
        self.arrived("A001.mov", self.content[:2000])

    def test_less_than_was_stable_starts_over(self) -> None:
        client = self.paired()
        media = self.card / "A001.mov"
        for size in (SECOND - 10, SECOND + 10):
            name = f"{size}.mov"
            media = self.card / name
            upload = self.recorded(client, name)
            received = self.service.parts_received()
            self.grow(media, 12 * MB)
            upload.advance(12 * MB)
            self.drive_until_received(client, received + 2)
            media.write_bytes(self.content[:size])
            upload.finish(size)
            upload.wait(PATIENCE)
            self.arrived(name, self.content[:size])

    def test_an_empty_one_fails(self) -> None:
        client = self.paired()
        upload = self.recorded(client)
        upload.finish()
        info = client.drive_until_over(upload, fio_c2c.FIO_UPLOAD_FAILED)
        assert info.reason.status == fio_c2c.FIO_E_SOURCE_EMPTY

    def test_one_that_shrinks_fails(self) -> None:
        client = self.paired()
        media = self.card / "A001.mov"
        upload = self.recorded(client)
        media.write_bytes(bytes(1000))
        upload.advance(12 * MB)
        info = client.drive_until_over(upload, fio_c2c.FIO_UPLOAD_FAILED)
        assert info.reason.status == fio_c2c.FIO_E_SOURCE_CHANGED

    def test_a_file_that_is_gone_when_it_ends(self) -> None:
        client = self.paired()
        client.queue.pause()
        upload = self.recorded(client)
        (self.card / "A001.mov").unlink()
        self.fails(fio_c2c.FIO_E_SOURCE_MISSING, upload.finish)
        client.queue.resume()
        info = client.drive_until_over(upload, fio_c2c.FIO_UPLOAD_FAILED)
        assert info.reason.status == fio_c2c.FIO_E_SOURCE_MISSING

    def test_paused_in_between_it_keeps_growing(self) -> None:
        client = self.paired()
        media = self.card / "A001.mov"
        upload = self.recorded(client)
        self.grow(media, 6 * MB)
        upload.advance(6 * MB)
        client.drive_until_confirmed(upload, SECOND)
        upload.pause()
        self.grow(media, 12 * MB)
        upload.advance(12 * MB)
        upload.finish()
        client.drive_until_settled()
        assert self.order() == [1]
        upload.resume()
        upload.wait(PATIENCE)
        self.arrived("A001.mov", media)

    def test_lost_answers(self) -> None:
        client = self.paired()
        media = self.card / "A001.mov"
        upload = self.recorded(client, recording=fio_c2c.Recording(held_head=100))
        self.service.fault("realtime_parts", "reset", times=2, processed=True)
        self.service.fault("part", "reset", part=2, processed=True)
        self.service.fault("part", "reset", part=1, processed=True)
        media.write_bytes(self.content)
        upload.advance(12 * MB)
        self.drive_until_received(client, 1)
        upload.finish()
        upload.wait(PATIENCE)
        # Those that are asked about again find the file whole.
        self.arrived("A001.mov", media, after_completion=None)

    def test_addresses_that_expire_are_asked_for_again(self) -> None:
        self.service.settings(url_seconds=60)
        client = self.paired()
        media = self.card / "A001.mov"
        upload = self.recorded(client)
        media.write_bytes(self.content)
        upload.advance(THIRD + 1)
        self.service.fault("part", "stall", part=2)
        self.drive_until_stuck(client, upload, SECOND)
        upload.pause()
        self.service.advance(61)
        upload.resume()
        upload.finish()
        upload.wait(PATIENCE)
        asset = self.arrived("A001.mov", media)
        assert len(self.service.uploads("A001.mov")) == 1
        assert asset["parts"][0]["times_received"] == 1

    def test_a_descriptor_and_a_reader(self) -> None:
        client = self.paired()
        media = self.card / "A001.mov"
        media.write_bytes(self.content[:6 * MB])
        with media.open("rb") as file:
            descriptor = client.upload(fd=file.fileno(), name="fd.mov", recording=fio_c2c.Recording())
        reader = client.upload(reader=lambda offset, length: self.content[offset:offset + length], size=5 << 40, name="r.mov",
                               recording=fio_c2c.Recording())
        for upload in (descriptor, reader):
            upload.advance(6 * MB)
        self.drive_until_received(client, 2)
        self.grow(media, 12 * MB)
        descriptor.finish()
        reader.finish(12 * MB)
        for upload in (descriptor, reader):
            upload.wait(PATIENCE)
            self.arrived(upload.info().name, self.content)


class Pushed(RecordingTest):
    def push(self, client: Any, upload: fio_c2c.Upload, begin: int, end: int) -> None:
        """Pushes bytes as an encoder has them, driving in between."""
        for offset in range(begin, end, MB):
            upload.push(offset, self.content[offset:min(offset + MB, end)])
            client.drive(0)

    def test_in_buffers(self) -> None:
        client = self.paired()
        upload = client.upload(pushed=True, extension=".mov", recording=fio_c2c.Recording())
        self.push(client, upload, 0, 12 * MB)
        self.drive_until_received(client, 2)
        self.fails(fio_c2c.FIO_E_STATE, lambda: upload.advance(1))
        self.fails(fio_c2c.FIO_E_ARGUMENT, lambda: upload.push(0, b"x"))
        self.fails(fio_c2c.FIO_E_ARGUMENT, lambda: upload.push(12 * MB + 1, b"x"))
        upload.finish(name="pushed.mov")
        self.fails(fio_c2c.FIO_E_STATE, lambda: upload.push(12 * MB, b"x"))
        upload.wait(PATIENCE)
        self.arrived("pushed.mov", self.content)

    def test_a_name_that_comes_before_the_asset_is_there(self) -> None:
        client = self.paired()
        upload = client.upload(pushed=True, extension=".mov", recording=fio_c2c.Recording())
        # The creation has left, without a name; its answer is not read before the client is driven.
        upload.push(0, self.content[:MB])
        upload.finish(name="quick.mov")
        upload.wait(PATIENCE)
        self.arrived("quick.mov", self.content[:MB])

    def test_the_head_can_be_pushed_again(self) -> None:
        client = self.paired()
        upload = client.upload(pushed=True, name="p.mov", recording=fio_c2c.Recording(held_head=6 * MB))
        self.push(client, upload, 0, 12 * MB)
        self.drive_until_received(client, 1)
        upload.push(MB, b"a new header")
        self.fails(fio_c2c.FIO_E_ARGUMENT, lambda: upload.push(6 * MB - 1, b"xy"))
        upload.finish()
        upload.wait(PATIENCE)
        self.arrived("p.mov", self.content[:MB] + b"a new header" + self.content[MB + 12:])

    def test_memory_is_bounded(self) -> None:
        client = self.paired()
        client.queue.pause()
        upload = client.upload(pushed=True, name="p.mov", recording=fio_c2c.Recording())
        piece = bytes(16 * MB)
        for index in range(4):
            upload.push(index * len(piece), piece)
        self.fails(fio_c2c.FIO_E_WOULD_BLOCK, lambda: upload.push(4 * len(piece), b"x"))
        client.queue.resume()

        def has_room() -> bool:
            try:
                upload.push(4 * len(piece), b"x")
            except fio_c2c.FioError as error:
                assert error.status == fio_c2c.FIO_E_WOULD_BLOCK
                return False
            return True

        client.drive_until(has_room, step_ms=5)
        upload.finish()
        upload.wait(PATIENCE)
        self.arrived("p.mov", bytes(64 * MB) + b"x")

    def test_what_was_sent_is_not_there_to_start_over(self) -> None:
        client = self.paired()
        upload = client.upload(pushed=True, name="p.mov", recording=fio_c2c.Recording())
        self.push(client, upload, 0, 12 * MB)
        self.drive_until_received(client, 2)
        client.drive_until_confirmed(upload, THIRD)
        upload.finish(SECOND)
        info = client.drive_until_over(upload, fio_c2c.FIO_UPLOAD_FAILED)
        assert info.reason.status == fio_c2c.FIO_E_SOURCE_CHANGED


class Restarted(RecordingTest):
    """The power was cut while it was recorded."""

    @pytest.fixture(autouse=True)
    def restarted_ready(self, recording_ready: None) -> None:
        self.store = self.scratch() / "store"

    def cut(self, held_head: int = 0, **settings: Any) -> "tuple[Any, fio_c2c.Upload]":
        """A client after the cut, and a recording of which two parts have been sent (with a held head, the
        second one)."""
        media = self.card / "A001.mov"
        media.write_bytes(self.content)
        client = self.paired(store_dir=self.store)
        settings = settings or {"path": media}
        upload = client.upload(recording=fio_c2c.Recording(held_head=held_head), **settings)
        if "pushed" in settings:
            upload.push(0, self.content)
        else:
            upload.advance(12 * MB)
        client.drive_until_confirmed(upload, SECOND if held_head else THIRD)
        client = self.restarted(client, store_dir=self.store)
        return client, fio_c2c.Upload(client, upload.id)

    def test_it_goes_on(self) -> None:
        client, upload = self.cut()
        assert upload.info().is_recording
        self.content += b"the end"
        self.grow(self.card / "A001.mov", len(self.content))
        upload.advance(len(self.content))
        client.drive_until_settled()
        upload.finish()
        upload.wait(PATIENCE)
        self.arrived("A001.mov", self.content)
        assert sorted(self.order()) == [1, 2, 3]

    def test_the_held_head_waits_for_the_end(self) -> None:
        client, upload = self.cut(held_head=100)
        upload.advance(12 * MB)
        client.drive_until_settled()
        with (self.card / "A001.mov").open("r+b") as file:
            file.write(b"the final header")
        upload.finish()
        upload.wait(PATIENCE)
        self.arrived("A001.mov", self.card / "A001.mov")
        assert self.order() == [2, 3, 1]

    def test_a_file_that_grows_no_more_is_finished(self) -> None:
        client, upload = self.cut()
        client.drive_until_settled()
        assert upload.info().is_recording
        self.clock.advance(10_000)
        upload.wait(PATIENCE)
        self.arrived("A001.mov", self.content)

    def test_one_without_a_name_gets_the_files(self) -> None:
        client, upload = self.cut(path=self.card / "A001.mov", extension=".mov")
        client.drive_until_settled()
        self.clock.advance(10_000)
        assert upload.wait(PATIENCE).name == "A001.mov"
        self.arrived("A001.mov", self.content)

    def test_pushed_data_goes_on_where_the_storage_is(self) -> None:
        client, upload = self.cut(pushed=True, name="p.mov")
        client.drive_until_waiting(upload, fio_c2c.FIO_E_SOURCE_NEEDED)
        self.fails(fio_c2c.FIO_E_STATE, lambda: upload.push(THIRD, b"x"))
        self.fails(fio_c2c.FIO_E_SOURCE_NEEDED, upload.finish)
        upload.attach(pushed=True)
        assert upload.info().size == THIRD
        upload.push(THIRD, self.content[THIRD:])
        upload.finish()
        upload.wait(PATIENCE)
        self.arrived("p.mov", self.content)
        assert sorted(self.order()) == [1, 2, 3]

    def test_pushed_data_with_a_held_head(self) -> None:
        client, upload = self.cut(held_head=MB, pushed=True, name="p.mov")
        upload.attach(pushed=True)
        assert upload.info().size == THIRD
        # The whole first part was held back.
        self.fails(fio_c2c.FIO_E_ARGUMENT, lambda: upload.push(THIRD - 1, b"x"))
        upload.push(0, self.content[:SECOND])
        upload.push(THIRD, self.content[THIRD:])
        upload.finish()
        upload.wait(PATIENCE)
        self.arrived("p.mov", self.content)

    def test_pushed_data_that_is_gone_can_be_canceled(self) -> None:
        client, upload = self.cut(pushed=True, name="p.mov")
        upload.cancel()
        client.drive_until_over(upload, fio_c2c.FIO_UPLOAD_CANCELED)

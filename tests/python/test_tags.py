"""No clip is sent twice: uploads are known by their tags, also long after they are forgotten otherwise."""

from pathlib import Path
from typing import Any, List, Optional

import pytest

from support import PATIENCE, UploadTest, fio_c2c

DONE, CANCELED = fio_c2c.FIO_UPLOAD_DONE, fio_c2c.FIO_UPLOAD_CANCELED


class TagTest(UploadTest):
    @pytest.fixture(autouse=True)
    def tag_ready(self, upload_ready: None) -> None:
        self.store = self.scratch() / "store"

    def again(self, client: Any, **settings: Any) -> Any:
        return self.restarted(client, store_dir=self.store, **settings)

    def known(self, client: Any, path: Path, **settings: Any) -> Optional[int]:
        """The id of the upload that is known of a file; None if another one was started."""
        try:
            client.upload(path=path, tag=path.name.encode(), **settings).wait(PATIENCE)
        except fio_c2c.FioError as error:
            assert (error.status, error.name) == (fio_c2c.FIO_E_UPLOAD_EXISTS, "FIO_E_UPLOAD_EXISTS")
            return error.upload_id
        return None


class Cards(TagTest):
    def clips(self, count: int) -> List[Path]:
        return [self.media(f"C{number:03}.mov", size=100) for number in range(count)]

    def test_a_card_of_150_is_sent_once_however_often_it_is_looked_at(self) -> None:
        clips = self.clips(150)
        client = self.paired(store_dir=self.store)
        uploads = [client.upload(path=clip, tag=clip.name.encode()) for clip in clips]
        for _ in range(2):
            assert [self.known(client, clip) for clip in clips] == [upload.id for upload in uploads]
            client.drive_until(lambda: client.queue.totals().files_left == 0)
            client = self.again(client)
        assert len(client.queue) == 100
        assert ([client.queue.find(clip.name.encode()) for clip in clips]
                == [(fio_c2c.Upload(client, upload.id), DONE) for upload in uploads])
        assert sorted(asset["name"] for asset in self.service.uploads()) == [clip.name for clip in clips]
        # At a cost of bytes, not of records.
        records = [file for file in self.store.iterdir() if file.name.startswith("tags")]
        assert len(records) == 1
        assert records[0].stat().st_size < 50 * 24 + 100

    def test_what_was_sent_may_be_gone(self) -> None:
        clip = self.media()
        client = self.paired(store_dir=self.store, history=0)
        upload = client.upload(path=clip, tag=clip.name.encode())
        client.drive_until(lambda: client.queue.totals().files_left == 0)
        clip.unlink()
        assert self.known(client, clip) == upload.id

    def test_after_a_card_was_formatted(self) -> None:
        clips = self.clips(3)
        client = self.paired(store_dir=self.store, history=2)
        for clip in clips:
            client.upload(path=clip, tag=clip.name.encode())
        client.drive_until(lambda: client.queue.totals().files_left == 0)
        client.queue.forget_tags()
        client = self.again(client, history=2)
        assert [client.queue.find(clip.name.encode()) for clip in clips] == [None] * 3
        assert len(client.queue) == 2
        assert [self.known(client, clip) for clip in clips] == [None] * 3
        assert len(self.service.uploads()) == 6

    def test_without_a_memory_the_list_is_all_there_is(self) -> None:
        clips = self.clips(3)
        client = self.paired(store_dir=self.store, history=1, tag_memory=0)
        for clip in clips:
            assert self.known(client, clip) is None
        assert self.known(client, clips[2]) is not None
        assert self.known(client, clips[0]) is None
        self.fails(fio_c2c.FIO_E_ARGUMENT, lambda: self.client(tag_memory=1_000_001))


class States(TagTest):
    def test_what_is_in_the_queue_is_known_and_goes_on(self) -> None:
        clip = self.media()
        client = self.paired(store_dir=self.store)
        client.queue.pause()
        upload = client.upload(path=clip, tag=b"A001.mov")
        assert self.known(client, clip) == upload.id
        with pytest.raises(fio_c2c.FioError) as raised:
            client.upload(path=clip, tag=b"A001.mov")
        assert "in the queue already" in raised.value.message
        client.queue.resume()
        upload.wait(PATIENCE)
        assert len(self.service.uploads()) == 1

    def test_one_that_failed_is_retried_and_may_be_started_again_once_it_is_removed(self) -> None:
        clip = self.media()
        client = self.paired(store_dir=self.store)
        client.queue.pause()
        upload = client.upload(path=clip, tag=b"A001.mov")
        clip.unlink()
        client.queue.resume()
        self.fails(fio_c2c.FIO_E_SOURCE_MISSING, lambda: upload.wait(PATIENCE))
        assert self.known(client, clip) == upload.id
        assert client.queue.find(b"A001.mov") == (upload, fio_c2c.FIO_UPLOAD_FAILED)
        upload.remove()
        assert client.queue.find(b"A001.mov") is None
        assert self.known(client, self.media()) is None

    def test_one_that_was_canceled_stays_so_until_a_person_wants_it_after_all(self) -> None:
        clip = self.media()
        client = self.paired(store_dir=self.store)
        client.queue.pause()
        upload = client.upload(path=clip, tag=b"A001.mov")
        upload.cancel()
        upload.remove()
        client = self.again(client)
        client.queue.resume()
        assert self.known(client, clip) == upload.id
        assert client.queue.find(b"A001.mov") == (fio_c2c.Upload(client, upload.id), CANCELED)
        again = client.upload(path=clip, tag=b"A001.mov", again=True)
        again.wait(PATIENCE)
        assert client.queue.find(b"A001.mov") == (again, DONE)
        assert len(self.service.uploads()) == 1

    def test_uploads_without_a_tag_are_not_known(self) -> None:
        clip = self.media()
        client = self.paired(store_dir=self.store)
        for _ in range(2):
            client.upload(path=clip).wait(PATIENCE)
        assert client.queue.find(b"") is None
        assert len(self.service.uploads()) == 2


class Damaged(TagTest):
    def test_a_damaged_record_is_told_and_a_new_one_begun(self) -> None:
        clip = self.media()
        client = self.paired(store_dir=self.store, history=0)
        client.upload(path=clip, tag=b"A001.mov")
        client.drive_until(lambda: client.queue.totals().files_left == 0)
        client.close()
        record = self.store / "tags"
        record.write_bytes(record.read_bytes()[:-1])
        client = self.again(client, history=0)
        client.drive_until(lambda: client.heard(fio_c2c.FIO_EVENT_STORE_DAMAGED))
        assert "tags" in client.heard(fio_c2c.FIO_EVENT_STORE_DAMAGED)[0].error.message
        assert (self.store / "tags.damaged").exists()
        client.upload(path=clip, tag=b"A001.mov")
        client.drive_until(lambda: client.queue.totals().files_left == 0)
        assert client.queue.find(b"A001.mov")[1] == DONE

    def test_what_is_remembered_does_not_show_the_tags(self) -> None:
        clip = self.media()
        client = self.paired(store_dir=self.store, history=0)
        client.upload(path=clip, tag=b"secret scene")
        client.drive_until(lambda: client.queue.totals().files_left == 0)
        client.close()
        for record in self.store.iterdir():
            assert b"secret scene" not in record.read_bytes()

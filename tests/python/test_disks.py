"""A store on a disk of its own that is really full, and really read-only: in a mount namespace, as root."""

import ctypes
import subprocess
from pathlib import Path

import pytest

from support import PATIENCE, UploadTest, fio_c2c, in_child

CLONE_NEWNS = 0x20000


def can_mount() -> bool:
    """Whether this user may have mounts of its own."""

    def attempt() -> None:
        assert ctypes.CDLL(None).unshare(CLONE_NEWNS) == 0

    return in_child(attempt) == ""


class Disks(UploadTest):
    def setup_class(self) -> None:
        if not can_mount():
            pytest.skip("mounting a disk needs root")

    def mount(self, directory: Path, *options: str) -> None:
        subprocess.run(["mount", "-t", "tmpfs", "-o", ",".join(options), "tmpfs", str(directory)], check=True)

    def own_mounts(self) -> None:
        assert ctypes.CDLL(None).unshare(CLONE_NEWNS) == 0
        # So that nothing of it is seen outside.
        subprocess.run(["mount", "--make-rprivate", "/"], check=True)

    def test_a_full_disk_is_told_and_caught_up_with(self) -> None:
        disk, media = self.scratch(), self.media()

        def attempt() -> None:
            self.own_mounts()
            self.mount(disk, "size=64k")
            client = self.paired(store_dir=disk / "store")
            filler = disk / "filler"
            with open(filler, "wb", buffering=0) as file:
                try:
                    while True:
                        file.write(bytes(4096))
                except OSError:
                    pass
            upload = client.upload(path=media, tag=b"clip")
            upload.wait(PATIENCE)
            error = client.heard(fio_c2c.FIO_EVENT_STORE_FAILED)[0].error
            assert error.status == fio_c2c.FIO_E_STORE_FULL
            assert len(client.heard(fio_c2c.FIO_EVENT_STORE_FAILED)) == 1
            filler.unlink()
            client.drive_until_heard(fio_c2c.FIO_EVENT_STORE_RECOVERED)
            client = self.restarted(client, store_dir=disk / "store")
            assert [(info.tag, info.state) for info in client.queue.list()] == [(b"clip", fio_c2c.FIO_UPLOAD_DONE)]

        assert in_child(attempt) == ""
        self.arrived("A001.mov", media)

    def test_a_disk_that_is_read_only_at_the_start(self) -> None:
        disk, media = self.scratch(), self.media()

        def attempt() -> None:
            self.own_mounts()
            self.mount(disk, "size=1m")
            client = self.paired(store_dir=disk / "store")
            upload = client.upload(path=media, tag=b"clip")
            upload.pause()
            client.close()
            subprocess.run(["mount", "-o", "remount,ro", str(disk)], check=True)
            client = self.client(client_id=client.client_id, store_dir=disk / "store")
            # What it holds is read.
            [info] = client.queue.list()
            assert info.tag == b"clip"
            upload = fio_c2c.Upload(client, info.id)
            upload.resume()
            upload.wait(PATIENCE)
            error = client.heard(fio_c2c.FIO_EVENT_STORE_FAILED)[0].error
            assert error.status == fio_c2c.FIO_E_STORE_READ_ONLY
            subprocess.run(["mount", "-o", "remount,rw", str(disk)], check=True)
            client.drive_until_heard(fio_c2c.FIO_EVENT_STORE_RECOVERED)
            client = self.restarted(client, store_dir=disk / "store")
            assert [info.state for info in client.queue.list()] == [fio_c2c.FIO_UPLOAD_DONE]

        assert in_child(attempt) == ""
        self.arrived("A001.mov", media)

    def test_a_disk_can_be_made_read_only_while_a_client_lives(self) -> None:
        disk = self.scratch()

        def attempt() -> None:
            self.own_mounts()
            self.mount(disk, "size=1m")
            client = self.paired(store_dir=disk / "store")
            subprocess.run(["mount", "-o", "remount,ro", str(disk)], check=True)
            client.refresh().wait(PATIENCE)
            error = client.heard(fio_c2c.FIO_EVENT_STORE_FAILED)[0].error
            assert error.status == fio_c2c.FIO_E_STORE_READ_ONLY

        assert in_child(attempt) == ""

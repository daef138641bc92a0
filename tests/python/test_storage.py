"""Where the authorization is kept, and what becomes of it when the medium fails."""

import contextlib
import os
import re
import stat
import subprocess
import sys
from pathlib import Path
from typing import Optional

import pytest

from support import PATIENCE, ROOT, Clock, MemoryStore, RigClient, RigTest, fio_c2c, in_child, in_subprocess
from fio_c2c import StoreFailure

KEY = bytes(range(32))


class Directory(RigTest):
    @pytest.fixture(autouse=True)
    def directory_ready(self, rig_ready: None) -> None:
        self.store = self.scratch() / "store"

    def mode(self, path: Path) -> int:
        return stat.S_IMODE(path.stat().st_mode)

    def test_is_for_its_owner_only(self) -> None:
        previous = os.umask(0)
        self.at_end(os.umask, previous)
        self.paired(store_dir=self.store)
        assert self.mode(self.store) == 0o700
        files = list(self.store.iterdir())
        assert self.store / "auth" in files
        assert {self.mode(file) for file in files} == {0o600}

    def test_leaves_no_temporary_files(self) -> None:
        client = self.paired(store_dir=self.store)
        client.refresh().wait(PATIENCE)
        assert {file.name for file in self.store.iterdir()} == {"auth", "device", ".lock"}

    def test_a_damaged_file_is_kept_aside(self) -> None:
        self.paired(store_dir=self.store).close()
        record = (self.store / "auth").read_bytes()
        (self.store / "auth").write_bytes(record[:-1])
        client = self.client(store_dir=self.store)
        client.drive_until_heard(fio_c2c.FIO_EVENT_STORE_DAMAGED)
        assert (self.store / "auth.damaged").read_bytes() == record[:-1]
        assert self.mode(self.store / "auth.damaged") == 0o600
        assert not (self.store / "auth").exists()

    def test_what_an_interrupted_save_left_behind_does_no_harm(self) -> None:
        client = self.paired(store_dir=self.store)
        token = client.access_token()
        client.close()
        (self.store / ".new").write_bytes(b"half a rec")
        client = self.client(client_id=client.client_id, store_dir=self.store)
        assert client.access_token() == token
        assert not (self.store / ".new").exists()

    def test_the_records_tokens_are_gone_after_a_revocation(self) -> None:
        client = self.paired(store_dir=self.store)
        token = client.access_token().encode()
        assert token in (self.store / "auth").read_bytes()
        client.revoke().wait(PATIENCE)
        assert not [file for file in self.store.iterdir() if token in file.read_bytes()]

    def test_a_second_client_is_refused(self) -> None:
        client = self.client(store_dir=self.store)
        self.fails(fio_c2c.FIO_E_STORE_LOCKED, lambda: self.client(store_dir=self.store))
        client.close()
        self.client(store_dir=self.store)

    def test_a_second_process_is_refused(self) -> None:
        self.client(store_dir=self.store)
        program = """
import sys, fio_c2c
try:
    fio_c2c.Client(client_id="X", client_secret="x", ca_file=sys.argv[2], store_dir=sys.argv[1])
except fio_c2c.FioError as error:
    print(error.name)
"""
        outcome = in_subprocess(program, str(self.store), self.service.ca_file)
        assert (outcome.stdout, outcome.stderr) == ("FIO_E_STORE_LOCKED\n", "")

    def test_a_parent_that_does_not_exist(self) -> None:
        error = self.fails(fio_c2c.FIO_E_STORE, lambda: self.client(store_dir=self.store / "no" / "parent"))
        assert str(self.store) not in error.message

    def test_a_file_in_its_place(self) -> None:
        self.store.write_text("")
        self.fails(fio_c2c.FIO_E_STORE, lambda: self.client(store_dir=self.store))

    def test_a_directory_that_cannot_be_written(self) -> None:
        self.store.parent.chmod(0o755)
        self.store.mkdir(mode=0o555)
        settings = self.config(store_dir=self.store, ca_file=None, ca_pem=Path(self.service.ca_file).read_bytes())
        self.service.person("approve", after_polls=0)

        def attempt() -> None:
            # The superuser writes everywhere.
            if os.geteuid() == 0:
                os.setuid(65534)
            with RigClient(**settings) as client:
                client.pair().wait(PATIENCE)
                error = client.drive_until_heard(fio_c2c.FIO_EVENT_STORE_FAILED).error
                assert error.status == fio_c2c.FIO_E_STORE_READ_ONLY
            # Nor can it be made where nothing can.
            self.fails(fio_c2c.FIO_E_STORE_READ_ONLY, lambda: fio_c2c.Client(**{**settings, "store_dir": self.store / "new"}))

        assert in_child(attempt) == ""

    def test_a_directory_that_fails_later(self) -> None:
        client = self.client(store_dir=self.store)
        (self.store / ".new").mkdir()
        self.service.person("approve", after_polls=0)
        client.pair().wait(PATIENCE)
        assert client.heard(fio_c2c.FIO_EVENT_STORE_FAILED)[0].error.status == fio_c2c.FIO_E_STORE
        assert client.auth_state() == fio_c2c.FIO_AUTH_AUTHORIZED

    def planted(self, name: str, kind: str) -> Path:
        """Puts something that is no plain file in the place of a file of the store; returns what a link leads to."""
        place, target = self.store / name, self.scratch() / "foreign"
        with contextlib.suppress(FileNotFoundError):
            place.unlink()
        if kind == "fifo":
            os.mkfifo(str(place))
        elif kind == "directory":
            place.mkdir()
        else:
            if kind == "link":
                target.write_bytes(b"foreign")
            place.symlink_to(target)
        return target

    def test_nothing_but_plain_files_is_read_written_or_waited_for(self) -> None:
        for kind in ("fifo", "directory", "link", "dead link"):
            for name in ("auth", "queue", "upload-0000000000000001", "addresses-0000000000000001", ".new", ".lock"):
                self.store = self.scratch() / "store"
                client = self.paired(store_dir=self.store)
                client.close()
                target = self.planted(name, kind)
                if name == ".lock":
                    self.fails(fio_c2c.FIO_E_STORE_UNSAFE, lambda: self.client(store_dir=self.store))
                else:
                    with self.client(client_id=client.client_id, store_dir=self.store) as client:
                        client.drive(0)
                        client.pair().wait(PATIENCE)
                        told = client.heard(fio_c2c.FIO_EVENT_STORE_DAMAGED)
                    # Addresses of an upload that there is none of are not looked at.
                    is_record = not name.startswith((".", "addresses-"))
                    assert [name in event.error.message for event in told] == ([True] if is_record else [])
                assert (target.read_bytes() if kind == "link" else target.exists()) == (b"foreign" if kind == "link" else False)

    def test_a_directory_of_others_is_refused_and_the_message_says_why(self) -> None:
        self.store.mkdir()
        self.store.chmod(0o777)
        error = self.fails(fio_c2c.FIO_E_STORE_UNSAFE, lambda: self.client(store_dir=self.store))
        assert "every user" in error.message
        self.store.chmod(0o700)
        link = self.scratch() / "link"
        link.symlink_to(self.store)
        self.client(store_dir=link).close()
        if os.geteuid() != 0:
            return  # Only root gives files away.
        os.chown(str(link), 65534, -1, follow_symlinks=False)
        assert "link" in self.fails(fio_c2c.FIO_E_STORE_UNSAFE, lambda: self.client(store_dir=link)).message
        os.chown(str(self.store), 0, 65534)
        self.store.chmod(0o770)
        assert "group" in self.fails(fio_c2c.FIO_E_STORE_UNSAFE, lambda: self.client(store_dir=self.store)).message
        os.chown(str(self.store), 65534, 0)
        self.store.chmod(0o700)
        assert "another user" in self.fails(fio_c2c.FIO_E_STORE_UNSAFE, lambda: self.client(store_dir=self.store)).message

    def forked(self) -> int:
        """A child that does nothing, until it is ended."""
        reading, writing = os.pipe()
        child = os.fork()
        if child == 0:
            os.close(writing)
            os.read(reading, 1)
            os._exit(0)
        os.close(reading)

        def end() -> None:
            os.close(writing)
            os.waitpid(child, 0)

        self.at_end(end)
        return child

    def test_a_forked_child_does_not_keep_the_lock(self) -> None:
        client = self.client(store_dir=self.store)
        self.forked()
        self.fails(fio_c2c.FIO_E_STORE_LOCKED, lambda: self.client(store_dir=self.store))
        client.close()
        self.client(store_dir=self.store).close()

    def test_nor_does_it_when_its_parent_dies(self) -> None:
        program = """
import os, sys, fio_c2c
client = fio_c2c.Client(client_id="X", client_secret="x", ca_file=sys.argv[2], store_dir=sys.argv[1])
ready, told = os.pipe()
if os.fork() == 0:
    os.close(1)
    os.close(2)
    os.write(told, b"x")
    os.read(int(sys.argv[3]), 1)
    os._exit(0)
os.read(ready, 1)
os._exit(0)
"""
        reading, writing = os.pipe()
        self.at_end(os.close, reading)
        command = [sys.executable, "-c", program, str(self.store), str(self.service.ca_file), str(reading)]
        environment = {**os.environ, "PYTHONPATH": str(ROOT / "python")}
        subprocess.run(command, check=True, pass_fds=[reading], env=environment, timeout=PATIENCE)
        # The child lives until the pipe is closed.
        try:
            self.client(store_dir=self.store).close()
        finally:
            os.close(writing)


class Sealing(RigTest):
    def sealed(self) -> "tuple[fio_c2c.Client, MemoryStore]":
        store = MemoryStore()
        return self.paired(store=store, store_key=KEY), store

    def test_nothing_of_it_can_be_read(self) -> None:
        client, store = self.sealed()
        token = client.access_token().encode()
        client.refresh().wait(PATIENCE)
        for _, value in store.saved:
            for secret in (token, client.access_token().encode(), client.client_id.encode(), b"token"):
                assert secret not in value

    def test_the_key_opens_it(self) -> None:
        client, store = self.sealed()
        token = client.access_token()
        client = self.restarted(client, store=store, store_key=KEY)
        assert client.access_token() == token

    def damaged(self, client: fio_c2c.Client, store: MemoryStore, **settings: object) -> None:
        """Checks that a restart reports the record and keeps it aside."""
        before = store.records["auth"]
        client = self.restarted(client, store=store, **settings)
        assert client.auth_state() == fio_c2c.FIO_AUTH_UNPAIRED
        event = client.drive_until_heard(fio_c2c.FIO_EVENT_STORE_DAMAGED)
        assert event.error.status == fio_c2c.FIO_E_STORE_DAMAGED
        assert "auth" not in store.records
        assert store.records["auth.damaged"] == before
        # The device can be paired again.
        self.service.person("approve", after_polls=0)
        client.pair().wait(PATIENCE)

    def test_without_the_key_it_is_kept_aside(self) -> None:
        self.damaged(*self.sealed())

    def test_with_another_key_it_is_kept_aside(self) -> None:
        self.damaged(*self.sealed(), store_key=bytes(32))

    def test_a_plain_record_is_not_trusted_where_there_is_a_key(self) -> None:
        store = MemoryStore()
        self.damaged(self.paired(store=store), store, store_key=KEY)

    def test_tampered_with(self) -> None:
        client, store = self.sealed()
        record = bytearray(store.records["auth"])
        record[-1] ^= 1
        store.records["auth"] = bytes(record)
        self.damaged(client, store, store_key=KEY)

    @pytest.mark.parametrize("length", (0, 5, 12, 100))
    def test_truncated(self, length) -> None:
        store = MemoryStore()
        client = self.paired(store=store)
        store.records["auth"] = store.records["auth"][:length]
        self.damaged(client, store)

    def test_foreign(self) -> None:
        store = MemoryStore()
        client = self.paired(store=store)
        store.records["auth"] = b'{"access_token":"planted"}'
        self.damaged(client, store)

    def test_another_devices_record(self) -> None:
        store = MemoryStore()
        self.paired(store=store).close()
        other = self.client(store=store)
        assert other.auth_state() == fio_c2c.FIO_AUTH_UNPAIRED
        other.drive_until_heard(fio_c2c.FIO_EVENT_STORE_DAMAGED)
        assert "auth.damaged" in store.records

    def test_another_services_record(self) -> None:
        store = MemoryStore()
        client = self.paired(store=store)
        client = self.restarted(client, store=store, base_url="https://localhost:1")
        assert client.auth_state() == fio_c2c.FIO_AUTH_UNPAIRED
        client.drive_until_heard(fio_c2c.FIO_EVENT_STORE_DAMAGED)

    def test_entropy_of_the_vendor(self) -> None:
        asked = []

        def fill(length: int) -> bytes:
            asked.append(length)
            return os.urandom(length)

        store = MemoryStore()
        self.paired(store=store, store_key=KEY, entropy=fill)
        assert 24 in asked

    def test_entropy_that_is_always_the_same(self) -> None:
        store = MemoryStore()
        self.paired(store=store, store_key=KEY, entropy=bytes)
        # The nonce is what follows the frame of six bytes.
        nonces = [record[6:30] for _, record in store.saved]
        assert len(nonces) > 1
        assert len(set(nonces)) == len(nonces)

    def test_a_failing_source_of_entropy(self) -> None:
        def fill(length: int) -> bytes:
            raise OSError("no noise")

        with pytest.raises(OSError, match="no noise"):
            self.client(entropy=fill)


class Failing(MemoryStore):
    """A store whose functions fail for as long as a test wants."""

    def __init__(self) -> None:
        super().__init__()
        self.failure: Optional[Exception] = None

    def load(self, key: str) -> Optional[bytes]:
        self._check()
        return super().load(key)

    def save(self, key: str, value: bytes) -> None:
        self._check()
        super().save(key, value)

    def erase(self, key: str) -> None:
        self._check()
        super().erase(key)

    def _check(self) -> None:
        if self.failure is not None:
            raise self.failure


class Vendors(RigTest):
    def test_keys_are_those_the_header_promises(self) -> None:
        store = MemoryStore()
        self.service.settings(code_path="legacy")
        self.paired(store=store, store_key=KEY)
        for key in store.records:
            assert re.search(r"^[a-z0-9_-][a-z0-9._-]{0,63}$", key)

    def test_a_record_larger_than_the_first_buffer(self) -> None:
        store = MemoryStore()
        client = self.paired(store=store)
        self.service.fault("token", "body", grant="refresh_token", content_type="application/json",
                           body='{"access_token":"%s","refresh_token":"%s"}' % ("a" * 12000, "r" * 12000))
        client.refresh().wait(PATIENCE)
        client = self.restarted(client, store=store)
        assert client.access_token() == "a" * 12000

    def test_saving_fails_and_recovers(self) -> None:
        clock = Clock()
        store = Failing()
        store.failure = StoreFailure()
        client = self.paired(store=store, clock=clock)
        # The library goes on in memory.
        assert client.auth_state() == fio_c2c.FIO_AUTH_AUTHORIZED
        client.heartbeat().wait(PATIENCE)
        assert fio_c2c.FIO_E_STORE in [event.error.status for event in client.heard(fio_c2c.FIO_EVENT_STORE_FAILED)]
        store.failure = None
        clock.advance(60_000)
        client.drive_until_heard(fio_c2c.FIO_EVENT_STORE_RECOVERED)
        assert store.authorization()["access_token"] == client.access_token()

    def test_loading_fails(self) -> None:
        store = Failing()
        self.paired(store=store).close()
        store.failure = StoreFailure()
        client = self.client(store=store)
        assert client.drive_until_heard(fio_c2c.FIO_EVENT_STORE_FAILED).error.status == fio_c2c.FIO_E_STORE
        assert client.auth_state() == fio_c2c.FIO_AUTH_UNPAIRED

    def test_a_refresh_that_is_not_urgent_waits_for_the_store(self) -> None:
        clock = Clock()
        store = Failing()
        client = self.paired(store=store, clock=clock)
        clock.advance(client.timeout_ms())
        store.failure = StoreFailure()
        client.drive_until_heard(fio_c2c.FIO_EVENT_STORE_FAILED)
        assert self.service.requests("token", grant="refresh_token") == []
        assert client.auth_state() == fio_c2c.FIO_AUTH_AUTHORIZED
        store.failure = None
        clock.advance(120_000)
        client.drive_until_heard(fio_c2c.FIO_EVENT_REFRESHED)
        client.drive_until_heard(fio_c2c.FIO_EVENT_STORE_RECOVERED)

    def test_revoking_with_a_store_that_fails(self) -> None:
        clock = Clock()
        store = Failing()
        client = self.paired(store=store, clock=clock)
        store.failure = StoreFailure()
        client.revoke().wait(PATIENCE)
        assert client.auth_state() == fio_c2c.FIO_AUTH_UNPAIRED
        client.drive_until_heard(fio_c2c.FIO_EVENT_STORE_FAILED)
        assert "auth" in store.records
        store.failure = None
        clock.advance(60_000)
        client.drive_until_heard(fio_c2c.FIO_EVENT_STORE_RECOVERED)
        assert "auth" not in store.records

    def test_what_a_store_raises_is_not_lost(self) -> None:
        store = Failing()
        client = self.paired(store=store)
        store.failure = OSError("the flash does not answer")
        with pytest.raises(OSError, match="flash"):
            client.refresh().wait(PATIENCE)
        store.failure = None
        client.drive_until_heard(fio_c2c.FIO_EVENT_REFRESHED)
        client.heartbeat().wait(PATIENCE)

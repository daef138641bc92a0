"""What the tests share: a service, clients that talk to it, and clocks that can be moved."""

from __future__ import annotations

import hashlib
import itertools
import json
import os
import random
import subprocess
import sys
import tempfile
import time
import traceback
from pathlib import Path
from typing import Any, Callable, Dict, Iterable, List, Optional, Tuple

import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "python"), str(ROOT / "tests"), str(ROOT / "packaging" / "interface")]

import fio_c2c  # noqa: E402
from case import Case  # noqa: E402
from fio_c2c import _abi  # noqa: E402
from fio_c2c.emulator import Emulator  # noqa: E402

#: Seconds after which a wait has failed. Nothing takes nearly so long.
PATIENCE = 20.0

#: Which variant of the library the tests use.
TLS = os.environ.get("FIO_TLS", "bundled")

SECRET = "emulator-secret"

_serial = itertools.count(1)


class Clock:
    """The real clocks, which a test can move."""

    def __init__(self) -> None:
        self._ahead_ms = 0
        self.wall_offset = 0

    def monotonic_ms(self) -> int:
        return int(time.monotonic() * 1000) + self._ahead_ms

    def wall_seconds(self) -> int:
        return int(time.time()) + self._ahead_ms // 1000 + self.wall_offset

    def advance(self, milliseconds: float) -> None:
        self._ahead_ms += int(milliseconds)


class MemoryStore:
    """A vendor's store. What it holds is readable, so that tests learn the tokens."""

    def __init__(self) -> None:
        self.records: Dict[str, bytes] = {}
        self.saved: List[Tuple[str, bytes]] = []

    def load(self, key: str) -> Optional[bytes]:
        return self.records.get(key)

    def save(self, key: str, value: bytes) -> None:
        self.records[key] = value
        self.saved.append((key, value))

    def erase(self, key: str) -> None:
        self.records.pop(key, None)

    def keys(self) -> Iterable[str]:
        return list(self.records)

    def authorization(self) -> Dict[str, Any]:
        """The stored authorization, from behind the frame of a plain record."""
        return json.loads(self.records["auth"][10:])


class RigClient(fio_c2c.Client):
    """A client that remembers what it was told."""

    def __init__(self, *, on_event: Optional[Callable[[fio_c2c.Event], None]] = None, impatient: Optional[Clock] = None,
                 **settings: Any) -> None:
        self.events: List[fio_c2c.Event] = []
        self.log: List[str] = []
        self.client_id: str = settings["client_id"]

        def heard(event: fio_c2c.Event) -> None:
            self.events.append(event)
            if impatient is not None:
                retry_in_ms = event.upload.retry_in_ms if event.upload else None
                impatient.advance(retry_in_ms or event.wait_ms or 0)
            if on_event is not None:
                on_event(event)

        settings.setdefault("on_log", lambda level, line: self.log.append(line))
        settings.setdefault("log_level", fio_c2c.FIO_LOG_TRACE)
        super().__init__(on_event=heard, **settings)

    def heard(self, kind: int) -> List[fio_c2c.Event]:
        """The events of one kind so far."""
        return [event for event in self.events if event.kind == kind]

    def drive_until_heard(self, kind: int, times: int = 1) -> fio_c2c.Event:
        """Drives until an event of a kind has come so many times; returns the last of them."""
        self.drive_until(lambda: len(self.heard(kind)) >= times)
        return self.heard(kind)[-1]

    def states(self, upload: fio_c2c.Upload) -> List[int]:
        """Which states of an upload were told, one after the other."""
        return [event.upload.state for event in self.events if event.upload and event.upload.id == upload.id
                and event.kind == fio_c2c.FIO_EVENT_UPLOAD]

    def reasons(self, upload: fio_c2c.Upload) -> List[str]:
        """The names of the reasons that were told of an upload, one after the other."""
        return [event.upload.reason.name for event in self.heard(fio_c2c.FIO_EVENT_UPLOAD)
                if event.upload and event.upload.id == upload.id and event.upload.reason]

    def drive_until_waiting(self, upload: fio_c2c.Upload, reason: int) -> fio_c2c.UploadInfo:
        """Drives until an upload waits for a reason."""
        def is_waiting() -> bool:
            info = upload.info()
            return info.state == fio_c2c.FIO_UPLOAD_WAITING and info.reason is not None and info.reason.status == reason

        self.drive_until(is_waiting)
        return upload.info()

    def drive_until_over(self, upload: fio_c2c.Upload, state: int) -> fio_c2c.UploadInfo:
        """Drives until an upload is over, and checks how."""
        self.drive_until(lambda: upload.info().is_over)
        info = upload.info()
        if info.state != state:
            raise AssertionError(f"{info.state_name}: {info.reason}")
        return info

    def drive_until_confirmed(self, upload: fio_c2c.Upload, size: int) -> None:
        """Drives until the storage has confirmed so many bytes of an upload. Nothing tells of that."""
        self.drive_until(lambda: upload.info().confirmed >= size, step_ms=5)

    def drive_until_settled(self) -> None:
        """Drives until every request that left has come back, as the log has it."""
        def on_their_way() -> int:
            return sum(line.startswith("request ") for line in self.log) - sum(line.startswith("answer ") for line in self.log)

        self.drive(0)
        self.drive_until(lambda: on_their_way() == 0, step_ms=5)

    def drive_until(self, condition: Callable[[], Any], step_ms: Optional[int] = None) -> None:
        """Drives until a condition holds. Where the client itself would notice nothing of it, `step_ms`
        says how often to look."""
        deadline = time.monotonic() + PATIENCE
        while not condition():
            left = deadline - time.monotonic()
            if left <= 0:
                raise TimeoutError(f"it did not happen; heard {[event.name for event in self.events][-50:]}")
            self.drive(step_ms or int(left * 1000) + 1)


class RigTest(Case):
    """A test with a service of its own and clients that are closed at its end."""

    @pytest.fixture(autouse=True)
    def rig_ready(self, ending: None) -> None:
        self.service = self.enter(Emulator())

    def config(self, **settings: Any) -> Dict[str, Any]:
        """Settings of a client of this service; what is given replaces the usual."""
        usual = {
            "client_id": f"CAM-{next(_serial)}",
            "client_secret": SECRET,
            "client_version": "2.16.4",
            "base_url": self.service.url,
            "ca_file": self.service.ca_file,
        }
        return {name: value for name, value in {**usual, **settings}.items() if value is not None}

    def client(self, **settings: Any) -> RigClient:
        if "clock" in settings:
            # It waits less than it believes, so its pace says nothing.
            self.service.settings(device_clock="moved")
        client = RigClient(**self.config(**settings))
        self.at_end(client.close)
        return client

    def paired(self, **settings: Any) -> RigClient:
        """A client that has just been paired."""
        self.service.person("approve", after_polls=0)
        client = self.client(**settings)
        client.pair().wait(PATIENCE)
        return client

    def restarted(self, client: RigClient, **settings: Any) -> RigClient:
        """A new client for the same device, as after a power cycle."""
        client.close()
        return self.client(client_id=client.client_id, **settings)

    def scratch(self) -> Path:
        """A directory that is removed at the end."""
        return Path(self.enter(tempfile.TemporaryDirectory(prefix="fio-c2c-test-")))

    def fails(self, status: int, call: Callable[..., Any], *arguments: Any) -> fio_c2c.FioError:
        """Checks that a call, or the operation it starts, fails with a status; returns the error."""
        with pytest.raises(fio_c2c.FioError) as caught:
            outcome = call(*arguments)
            if isinstance(outcome, fio_c2c.Operation):
                outcome.wait(PATIENCE)
        error = caught.value
        assert error.name == fio_c2c.status_name(status), str(error)
        assert error.message and error.advice
        return error


class UploadTest(RigTest):
    """Tests with media that go to the service's storage."""

    @pytest.fixture(autouse=True)
    def upload_ready(self, rig_ready: None) -> None:
        self.card = self.scratch()
        self.clock = Clock()

    def media(self, name: str = "A001.mov", size: int = 100_000) -> Path:
        """A file that has never been seen before."""
        path = self.card / name
        path.write_bytes(random.Random(name).randbytes(size))
        return path

    def paired(self, **settings: Any) -> RigClient:
        """A client that has just been paired; it does not wait for the next attempt of an upload, but
        moves its clock."""
        return super().paired(**{"clock": self.clock, "impatient": self.clock, **settings})

    def restarted(self, client: RigClient, **settings: Any) -> RigClient:
        return super().restarted(client, **{"clock": self.clock, "impatient": self.clock, **settings})

    def arrived(self, name: str, content: "bytes | Path", after_completion: Optional[int] = 0, **fields: Any) -> Dict[str, Any]:
        """Checks that the service has a whole upload of that name (and with such fields) once, with this
        content, and that no rule was broken for it. So many parts came when it was whole (None: any number)."""
        if isinstance(content, Path):
            content = content.read_bytes()
        whole = self.service.uploads(name, state="complete", **fields)
        assert [upload["sha256"] for upload in whole] == [hashlib.sha256(content).hexdigest()], name
        assert whole[0]["size"] == len(content)
        if after_completion is not None:
            assert whole[0]["after_completion"] == after_completion
        assert self.service.violations() == []
        return whole[0]

    def drive_until_stuck(self, client: RigClient, upload: fio_c2c.Upload, size: int) -> None:
        """Drives until so many bytes of an upload are confirmed and every ordered fault has struck."""
        client.drive_until_confirmed(upload, size)
        client.drive_until(lambda: self.service.faults_left() == 0, step_ms=5)

    def skip_waits_until(self, client: RigClient, upload: fio_c2c.Upload, reason: int) -> fio_c2c.UploadInfo:
        """Drives until an upload waits for a person with that reason; time passes where it waits by itself."""
        def is_there() -> bool:
            info = upload.info()
            if info.state == fio_c2c.FIO_UPLOAD_WAITING and info.retry_in_ms:
                self.clock.advance(info.retry_in_ms)
                self.service.advance(info.retry_in_ms / 1000)
            is_waiting = info.state == fio_c2c.FIO_UPLOAD_WAITING and info.retry_in_ms is None
            return is_waiting and info.reason is not None and info.reason.status == reason

        client.drive_until(is_there, step_ms=5)
        return upload.info()

    def puts(self, name: Optional[str] = None) -> List[Dict[str, Any]]:
        """The requests to the storage; for the upload of one name, if that is given."""
        ids = {upload["id"] for upload in self.service.uploads(name)}
        return [request for request in self.service.requests("part") if name is None or request["asset"] in ids]


def variants() -> List[str]:
    """The variants of the library that have been built."""
    return [tls for tls in ("bundled", "system") if os.path.exists(_abi.find_library(tls))]


def in_subprocess(program: str, *arguments: str, tls: Optional[str] = None, **environment: str) -> subprocess.CompletedProcess:
    """Runs a Python program that can import the module, in a fresh interpreter."""
    own = dict(os.environ, PYTHONPATH=f"{ROOT / 'python'}{os.pathsep}{Path(__file__).parent}", **environment)
    if tls is not None:
        own.pop("FIO_LIBRARY", None)
        own["FIO_TLS"] = tls
    return subprocess.run([sys.executable, "-c", program, *arguments], env=own, stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=60)


def in_child(body: Callable[[], None]) -> str:
    """Runs a function in a forked child; returns the traceback of what it raised, or nothing."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.close(reading)
            try:
                body()
            except BaseException:
                os.write(writing, traceback.format_exc().encode())
        finally:
            os._exit(0)
    os.close(writing)
    with os.fdopen(reading) as told:
        report = told.read()
    _, status = os.waitpid(child, 0)
    return report if status == 0 else f"{report}the child ended with {status}"

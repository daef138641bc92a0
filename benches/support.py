"""What the benchmarks share: running a program and counting what it used, pairing by hand, tables."""

from __future__ import annotations

import json
import os
import re
import ssl
import subprocess
import sys
import threading
import time
import urllib.parse
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "python"))

from fio_c2c.emulator import Emulator  # noqa: E402

SECRET = "emulator-secret"
CLIENT_VERSION = "1.0.0"


@dataclass
class Usage:
    """What a program used, and what it said about it."""

    seconds: float
    cpu_seconds: float
    peak_kib: int
    # If callgrind ran it.
    instructions: int
    answer: Any


def run(command: list[str]) -> Usage:
    """Runs a program that prints one line of JSON, or nothing, to its end."""
    start = time.monotonic()
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert process.stdout is not None and process.stderr is not None
    complaints: list[bytes] = []
    reader = threading.Thread(target=lambda stream: complaints.append(stream.read()), args=(process.stderr,))
    watcher = _PeakWatcher(process.pid)
    reader.start()
    watcher.start()
    said = process.stdout.read()
    reader.join()
    _, status, used = os.wait4(process.pid, 0)
    seconds = time.monotonic() - start
    watcher.stop()
    process.returncode = os.waitstatus_to_exitcode(status)
    process.stdout.close()
    process.stderr.close()
    if process.returncode != 0:
        raise RuntimeError(f"{command[0]} ended with {process.returncode}: {complaints[0].decode(errors='replace')}")
    answer = json.loads(said) if said.strip() else None
    peak = answer.get("peak_kib", 0) if isinstance(answer, dict) else 0
    instructions = instructions_in(complaints[0])
    return Usage(seconds, used.ru_utime + used.ru_stime, peak or watcher.peak_kib, instructions, answer)


def instructions_in(complaints: bytes) -> int:
    """What callgrind says it has counted; 0 if it did not run."""
    counted = re.search(rb"Collected : (\d+)", complaints)
    return int(counted.group(1)) if counted else 0


def counting(scratch: Path) -> list[str]:
    """What to put before a command to count its instructions."""
    return ["valgrind", "--tool=callgrind", f"--callgrind-out-file={scratch / 'callgrind.out'}"]


class _PeakWatcher(threading.Thread):
    """The peak of a program that does not tell it: read now and then, since what the system says at the
    end begins with what this interpreter had."""

    def __init__(self, pid: int) -> None:
        super().__init__(daemon=True)
        self._status = Path(f"/proc/{pid}/status")
        self._is_over = threading.Event()
        self.peak_kib = 0

    def run(self) -> None:
        while True:
            try:
                fields = dict(line.split(":", 1) for line in self._status.read_text().splitlines())
            except OSError:
                return
            if "VmHWM" not in fields:
                return
            self.peak_kib = int(fields["VmHWM"].split()[0])
            if self._is_over.wait(timeout=0.1):
                return

    def stop(self) -> None:
        self._is_over.set()
        self.join()


def _post(service: Emulator, path: str, body: bytes, headers: dict[str, str]) -> Any:
    request = urllib.request.Request(service.url + path, body, {"x-client-version": CLIENT_VERSION, **headers})
    context = ssl.create_default_context(cafile=service.ca_file)
    with urllib.request.urlopen(request, context=context, timeout=20) as answer:
        return json.load(answer)


def request_code(service: Emulator, client_id: str) -> str:
    """A device code, for a program that polls by itself."""
    fields = {"client_id": client_id, "client_secret": SECRET, "scope": "asset_create offline"}
    return _post(service, "/v2/auth/device/code", urllib.parse.urlencode(fields).encode(), {})["device_code"]


def access_token(service: Emulator, client_id: str) -> str:
    """The token of a new pairing, for a program that only uploads. The scripted person approves at once."""
    fields = {
        "grant_type": "urn:ietf:params:oauth:grant-type:device_code",
        "device_code": request_code(service, client_id),
        "client_id": client_id,
        "client_secret": SECRET,
    }
    return _post(service, "/v2/auth/token", urllib.parse.urlencode(fields).encode(), {})["access_token"]


def create_asset(service: Emulator, token: str, name: str, size: int, parts: int | None = None) -> list[str]:
    """The presigned URLs of the parts of a new asset; as many as the service likes, if that is not said."""
    body = {"name": name, "filetype": "video/quicktime", "filesize": size, "offset": 0}
    if parts is not None:
        body["parts"] = parts
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    return _post(service, "/v2/devices/assets", json.dumps(body).encode(), headers)["upload_urls"]


def list_of_parts(service: Emulator, clips: list[Path], scratch: Path, megabytes: float | None = None) -> Path:
    """What peer_parts.c sends: the parts of new assets for these files, each so large, or as the service likes it."""
    token = access_token(service, "peer")
    lines = []
    for clip in clips:
        size = clip.stat().st_size
        parts = None if megabytes is None else max(1, int(size // (megabytes * 1e6)))
        urls = create_asset(service, token, clip.name, size, parts)
        length = -(-size // len(urls))
        lines += [f"{url} {at * length} {min(length, size - at * length)} {clip}" for at, url in enumerate(urls)]
    listed = scratch / "parts"
    listed.write_text("\n".join(lines))
    return listed


def sparse_file(path: Path, size: int) -> Path:
    with path.open("wb") as file:
        file.truncate(size)
    return path


def scratch_directory() -> str | None:
    """In memory if there is such a place, so that no disk is measured; None for the usual one."""
    shared = Path("/dev/shm")
    return str(shared) if shared.is_dir() and os.access(shared, os.W_OK) else None


def judgement(is_met: bool) -> str:
    return "met" if is_met else "MISSED"

"""The example programs as tests run them.

FIO_EXAMPLES names the directory with the programs; without it FIO_TLS chooses between build/bundled (the
default) and build/system.
"""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "python"))

from case import Case  # noqa: E402
from fio_c2c.emulator import Emulator  # noqa: E402

EXAMPLES = Path(os.environ.get("FIO_EXAMPLES") or ROOT / "build" / os.environ.get("FIO_TLS", "bundled"))
SECRET = "emulator-secret"
LIMIT = 60.0  # seconds any program may take; the demonstration is the slowest


class Program:
    """A running program; its standard output and error together, read line by line."""

    def __init__(self, *command: object, secret: str | None = SECRET, stdin: int | None = None) -> None:
        environment = {name: value for name, value in os.environ.items() if name != "FIO_CLIENT_SECRET"}
        if secret is not None:
            environment["FIO_CLIENT_SECRET"] = secret
        self.text = ""
        self._process = subprocess.Popen([str(part) for part in command], stdin=stdin, stdout=subprocess.PIPE,
                                         stderr=subprocess.STDOUT, text=True, encoding="utf-8", env=environment)
        self._watchdog = threading.Timer(LIMIT, self._process.kill)
        self._watchdog.start()

    def read_until(self, text: str) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            self.text += line
            if text in line:
                return
        raise AssertionError(f"never said {text!r}: {self.text}")

    def press(self, button: str) -> None:
        """A button, where standard input is a pipe."""
        assert self._process.stdin is not None
        self._process.stdin.write(f"{button}\n")
        self._process.stdin.flush()

    def end_input(self) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()

    def signal(self, number: int) -> None:
        self._process.send_signal(number)

    def end(self) -> int:
        """Waits for its end; may be called again."""
        assert self._process.stdout is not None
        if not self._process.stdout.closed:
            self.text += self._process.stdout.read()
            self._process.stdout.close()
        status = self._process.wait()
        if self._process.stdin is not None:
            self._process.stdin.close()
        self._watchdog.cancel()
        return status


def run(*command: object, secret: str | None = SECRET) -> tuple[int, str]:
    program = Program(*command, secret=secret)
    return program.end(), program.text


def closed_port() -> int:
    """A port nobody listens at."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


class ProgramTest(Case):
    @pytest.fixture(autouse=True)
    def program_ready(self, ending: None, tmp_path: Path) -> None:
        missing = [name for name in ("pair", "camera", "event_loop", "upload") if not (EXAMPLES / name).exists()]
        assert missing == [], f"not in {EXAMPLES}: run make examples"
        self.home = tmp_path

    def service(self, *arguments: str, person: str | None = "approve") -> Emulator:
        service = self.enter(Emulator(*arguments, interval=0.05))
        if person is not None:
            service.person(person, after_polls=2)
        return service

    def camera_command(self, service: Emulator, *more: object) -> list[object]:
        return [EXAMPLES / "camera", "--base-url", service.url, "--ca-file", service.ca_file,
                "--client-id", "CAM-1", "--store", self.home / "store", *more]

    def camera(self, service: Emulator, *more: object, secret: str | None = SECRET, stdin: int | None = None) -> Program:
        program = Program(*self.camera_command(service, *more), secret=secret, stdin=stdin)
        self.at_end(program.end)
        self.at_end(program.signal, signal.SIGKILL)
        return program

    def violations(self, service: Emulator) -> list[str]:
        return [name for request in service.requests() for name in request["violations"]]

"""What the demonstration is told with: programs that run and are killed, text, and claims that are checked."""

from __future__ import annotations

import os
import queue
import re
import subprocess
import sys
import threading
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "python"))

from fio_c2c.emulator import Emulator, EmulatorError  # noqa: E402

__all__ = ["Camera", "Checks", "DemoFailed", "Emulator", "EmulatorError", "heading", "say"]

CLIENT_ID = "DEMO-CAMERA-1"
CLIENT_SECRET = "emulator-secret"
PATIENCE = 30.0  # seconds that any step without a person may take

COLOURS = re.compile(r"\033\[[0-9;]*m")
ON_TERMINAL = sys.stdout.isatty()


class DemoFailed(Exception):
    """A step did not go as it should."""


def say(text: str = "") -> None:
    print(text if ON_TERMINAL else COLOURS.sub("", text), flush=True)


def heading(text: str) -> None:
    say(f"\n\033[1m{text}\033[0m\n")


class Camera:
    """One of the examples, running. What it prints appears in the story as the story reads it."""

    def __init__(self, binary: Path, service: Emulator, home: Path, *more: object) -> None:
        command = [str(binary), "--base-url", service.url, "--ca-file", service.ca_file, "--client-id", CLIENT_ID,
                   "--store", str(home / "store"), "--store-key-file", str(home / "key"), *map(str, more)]
        self.lines: list[str] = []
        self._unread: queue.Queue[str | None] = queue.Queue()
        self._process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                                         encoding="utf-8", env={**os.environ, "FIO_CLIENT_SECRET": CLIENT_SECRET})
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            self._unread.put(line.rstrip("\n"))
        self._unread.put(None)

    def tell_until(self, text: str, seconds: float = PATIENCE) -> None:
        """Prints the camera's lines up to the one that contains the text."""
        deadline = time.monotonic() + seconds
        while True:
            try:
                line = self._unread.get(timeout=max(0.0, deadline - time.monotonic()))
            except queue.Empty:
                raise DemoFailed(f"the camera did not say “{text}” within {seconds:.0f} s") from None
            if line is None:
                raise DemoFailed(f"the camera ended (status {self._process.wait()}) and never said “{text}”")
            self._tell(line)
            if text in line:
                return

    def tell_rest(self) -> int:
        """Prints what it says up to its end, and returns how it ended."""
        while (line := self._unread.get(timeout=PATIENCE)) is not None:
            self._tell(line)
        return self._process.wait()

    def _tell(self, line: str) -> None:
        self.lines.append(line)
        say(f"  \033[36m│\033[0m {line}".rstrip())

    def said(self, text: str) -> bool:
        return any(text in line for line in self.lines)

    def end(self, with_signal: int) -> int:
        self._process.send_signal(with_signal)
        status = self._process.wait(timeout=PATIENCE)
        self.tell_rest()
        return status

    def close(self) -> None:
        if self._process.poll() is None:
            self._process.kill()
        self._process.wait()
        self._reader.join()
        assert self._process.stdout is not None
        self._process.stdout.close()


class Checks:
    """Claims about what happened."""

    def __init__(self) -> None:
        self.failed = 0

    def __call__(self, holds: bool, claim: str, details: object = "") -> None:
        if holds:
            say(f"  \033[32m✓\033[0m {claim}")
        else:
            self.failed += 1
            say(f"  \033[31m✗ {claim}\033[0m  {details}")

"""The camera under torture: examples-c/upload, started again and again with the same store."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

from fio_c2c.emulator import Emulator

SECRET = "emulator-secret"
# What must never be said, whatever happens around it.
ALARMS = re.compile(r": (failed|skipped|canceled)\b|failed last time|FIO_E_(PANIC|POISONED|STORE|SOURCE)|cannot be sent")


class Camera:
    def __init__(self, examples: Path, home: Path, service: Emulator) -> None:
        # Copies: a build in the meantime changes nothing.
        for name in ("upload", "libfio_c2c.so.0"):
            shutil.copy(examples / name, home / name)
        self._command = [str(home / "upload"), "--base-url", service.url, "--ca-file", service.ca_file,
                         "--client-id", "TORTURE-1", "--store", str(home / "store")]
        self._output = home / "output"
        self._process: subprocess.Popen[bytes] | None = None
        self.said = ""  # in the present life
        self.story: list[str] = []  # of all lives, for anybody who looks for a cause
        self.alarms: list[str] = []
        self.done: set[str] = set()

    def start(self, arguments: list[str], log: bool) -> None:
        with self._output.open("wb") as output:
            self._process = subprocess.Popen([*self._command, *(["--log"] if log else []), *arguments], stdout=output,
                                             stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL,
                                             env={**os.environ, "FIO_CLIENT_SECRET": SECRET})

    def wait(self, seconds: float) -> int | None:
        """How it ended, if it does so in time."""
        assert self._process is not None
        try:
            status = self._process.wait(seconds)
        except subprocess.TimeoutExpired:
            return None
        self._read()
        return status

    def kill(self) -> bool:
        """Kills it. `False` if it was faster and ended by itself."""
        assert self._process is not None
        self._process.kill()
        killed = self._process.wait() < 0
        self._read()
        return killed

    def _read(self) -> None:
        lines = self._output.read_text(errors="replace").splitlines(keepends=True)
        self.said = "".join(line for line in lines if not line.endswith("is in the queue already: done\n"))
        self.story.append(self.said)
        self.alarms += [line for line in self.said.splitlines() if ALARMS.search(line) and not line.startswith("log: ")]
        self.done.update(re.findall(r"^(\S+): done$", self.said, re.M))

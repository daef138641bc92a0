"""The camera's process, its buttons, and what it says."""

from __future__ import annotations

import os
import subprocess
import threading
from collections.abc import Callable
from pathlib import Path

from operator_protocol import CannotBeDone

PATIENCE = 30.0  # seconds until the camera has to have said what is waited for
LINES_QUOTED = 15


class Camera:
    def __init__(self, command: list[str], environment: dict[str, str], log: Path | None) -> None:
        self._command = command
        self._environment = {**os.environ, **environment}
        self._log = log.open("w", encoding="utf-8") if log is not None else None
        self._process: subprocess.Popen[str] | None = None
        self._lines: list[str] = []
        self._said = threading.Condition()
        self._reader: threading.Thread | None = None

    def is_on(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def switch_on(self) -> None:
        self._end_reader()
        process = subprocess.Popen(self._command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                                   text=True, encoding="utf-8", errors="replace", env=self._environment)
        with self._said:
            self._lines.clear()
        self._process = process
        self._reader = threading.Thread(target=self._read, args=(process,), daemon=True)
        self._reader.start()

    def kill(self) -> None:
        """Takes the battery out."""
        if self._process is not None and self._process.poll() is None:
            self._process.kill()
        if self._process is not None:
            self._process.wait()
        self._end_reader()

    def wait_for_end(self) -> None:
        assert self._process is not None
        try:
            status = self._process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            raise CannotBeDone(self._story("the camera does not go off")) from None
        self._end_reader()
        if status != 0:
            raise CannotBeDone(self._story(f"the camera ended with status {status}"))

    def press(self, button: str) -> int:
        """Presses a button. Returns how much the camera had said by then."""
        if not self.is_on():
            raise CannotBeDone(f"the camera is off, and {button} cannot be pressed")
        assert self._process is not None and self._process.stdin is not None
        since = self.lines_said()
        self._process.stdin.write(f"{button}\n")
        self._process.stdin.flush()
        return since

    def lines_said(self) -> int:
        """Since it was switched on."""
        with self._said:
            return len(self._lines)

    def says(self, text: str) -> Callable[[str], bool]:
        return lambda line: text in line

    def last_of(self, *texts: str) -> str | None:
        """Which of them it said last."""
        with self._said:
            found = (text for line in reversed(self._lines) for text in texts if text in line)
            return next(found, None)

    def wait_for(self, is_it: Callable[[str], bool], since: int = 0) -> None:
        """Waits until the camera has said such a line."""
        with self._said:
            found = self._said.wait_for(lambda: any(map(is_it, self._lines[since:])) or not self.is_on(), PATIENCE)
            if found and any(map(is_it, self._lines[since:])):
                return
        raise CannotBeDone(self._story("the camera does not say what it should" if self.is_on() else "the camera ended"))

    def _read(self, process: subprocess.Popen[str]) -> None:
        assert process.stdout is not None
        for line in process.stdout:
            if self._log is not None:
                self._log.write(line)
                self._log.flush()
            with self._said:
                self._lines.append(line.rstrip("\n"))
                self._said.notify_all()
        process.wait()
        with self._said:
            self._said.notify_all()

    def _end_reader(self) -> None:
        if self._reader is not None:
            self._reader.join()
        if self._process is not None:
            for stream in (self._process.stdin, self._process.stdout):
                if stream is not None and not stream.closed:
                    stream.close()
        self._reader = None

    def _story(self, why: str) -> str:
        with self._said:
            return f"{why}; it said last:\n" + "\n".join(self._lines[-LINES_QUOTED:])

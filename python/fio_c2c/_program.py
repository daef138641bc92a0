"""The emulator as a running program, and calls of its test API."""

from __future__ import annotations

import http.client
import json
import os
import shutil
import ssl
import subprocess
from pathlib import Path
from types import TracebackType
from typing import Any, List, TypeVar

_PACKAGE = Path(__file__).resolve().parent
_ROOT = _PACKAGE.parents[1]

#: Seconds after which a call has failed.
PATIENCE = 20.0


P = TypeVar("P", bound="Program")


class EmulatorError(Exception):
    """The emulator could not be started, or refused a call of its test API."""


def find_emulator() -> str:
    """The program: from FIO_EMULATOR; else the copy inside this package; else, in the project's tree, where
    `make emulator` puts it; else from PATH."""
    given = os.environ.get("FIO_EMULATOR")
    if given:
        return given
    for place in (_PACKAGE / "_native" / "fio-emulator", _ROOT / "target" / "release" / "fio-emulator"):
        if place.is_file():
            return str(place)
    found = shutil.which("fio-emulator")
    if found is None:
        raise EmulatorError("there is no emulator: build it with `make emulator` in the project's tree, or let "
                            "FIO_EMULATOR name the program")
    return found


class Program:
    """A running emulator. It ends with this process, however that ends, because it watches its standard input."""

    def __init__(self, command: List[str], keeps_state: bool) -> None:
        self._command = command
        self._keeps_state = keeps_state
        self._process: subprocess.Popen[str] | None = None
        self._connection: http.client.HTTPSConnection | None = None
        self.start()

    def __enter__(self: P) -> P:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def start(self) -> None:
        """Starts it again after `stop`, at the same addresses."""
        if self._process is not None:
            return
        try:
            self._process = subprocess.Popen(self._command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        except OSError as failure:
            raise EmulatorError(f"the emulator cannot be started: {failure}") from failure
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            self.close()
            raise EmulatorError(f"the emulator did not start: {self._command}")
        ready = json.loads(line)
        self.url: str = ready["url"]
        self.port: int = ready["port"]
        self.storage_url: str = ready["storage_url"]
        self.ca_file: str = ready["ca_file"]
        self.pair_url: str = ready["pair_url"]
        self.pid: int = ready["pid"]
        #: What calls have to carry, if others than this computer can reach it.
        self.token: str | None = ready.get("token")
        self._context = ssl.create_default_context(cafile=self.ca_file)
        for option, url in (("--listen", self.url), ("--storage-listen", self.storage_url)):
            if not any(argument.split("=")[0] == option for argument in self._command):
                self._command += [option, url.split("//")[1]]

    def stop(self) -> None:
        """Ends the service, as if it were down, until `start`. Needs `state`: without it, devices would find
        another service afterwards."""
        if not self._keeps_state:
            raise EmulatorError("nothing would be left for the next start: give Emulator a folder, state=...")
        self.close()

    def restart(self) -> None:
        """Stops and starts it."""
        self.stop()
        self.start()

    def close(self) -> None:
        """Ends the emulator."""
        self._hang_up()
        process, self._process = self._process, None
        if process is None:
            return
        assert process.stdin is not None and process.stdout is not None
        process.stdin.close()
        try:
            process.wait(timeout=PATIENCE)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        process.stdout.close()

    def _hang_up(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def call(self, method: str, path: str, body: Any = None) -> Any:
        """One call of the test API; returns the parsed answer."""
        text = self.raw(method, path, body)
        return json.loads(text) if text else None

    def raw(self, method: str, path: str, body: Any = None) -> bytes:
        """The same with the answer as it came."""
        if self._process is None:
            raise EmulatorError("the emulator was stopped")
        payload = None if body is None else json.dumps(body)
        headers = {"Content-Type": "application/json"} if payload is not None else {}
        if self.token is not None:
            headers["X-Emulator-Token"] = self.token
        for attempt in (1, 2):
            if self._connection is None:
                self._connection = http.client.HTTPSConnection("127.0.0.1", self.port, context=self._context, timeout=PATIENCE)
            try:
                self._connection.request(method, path, payload, headers)
                answer = self._connection.getresponse()
                text = answer.read()
                break
            except (http.client.HTTPException, OSError):
                # A kept-alive connection may have been closed meanwhile.
                self._hang_up()
                if attempt == 2:
                    raise
        if answer.status >= 400:
            raise EmulatorError(f"{method} {path}: {answer.status} {_refusal(text)}")
        return text


def _refusal(text: bytes) -> str:
    """Why a call was refused, out of the error's JSON."""
    try:
        return str(json.loads(text)["errors"][0]["detail"])
    except (ValueError, LookupError, TypeError):
        return text.decode(errors="replace")

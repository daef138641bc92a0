"""Starts the service emulator for a test and steers it.

    with Emulator() as service:
        service.person("approve", after_polls=2)
        with Client(**service.identity("CAM-1")) as client:
            client.pair().wait()
        assert service.requests()[-1]["endpoint"] == "me"

Only the standard library is used, and nothing of the package around it: the file can be used by itself.
The emulator ends with the process that started it, however that ends, because it watches its standard
input. ``python3 -m fio_c2c.emulator --help`` runs it by hand.
"""

from __future__ import annotations

import http.client
import json
import os
import shutil
import ssl
import subprocess
import sys
from pathlib import Path
from types import TracebackType
from typing import Any, TypedDict

_PACKAGE = Path(__file__).resolve().parent
_ROOT = _PACKAGE.parents[1]

#: The model secret the emulator accepts, unless it is started with others.
SECRET = "emulator-secret"


class EmulatorError(Exception):
    """The emulator could not be started, or refused a call of its test API."""


class Identity(TypedDict):
    """What a client needs to be a device of an emulator."""

    client_id: str
    client_secret: str
    client_version: str
    base_url: str
    ca_file: str


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


class Emulator:
    """One running emulator; a context manager."""

    def __init__(self, *arguments: str, interval: float = 0.05, binary: str | None = None) -> None:
        command = [binary or find_emulator(), "--exit-with-stdin", "--interval", str(interval), *arguments]
        try:
            self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        except OSError as failure:
            raise EmulatorError(f"the emulator cannot be started: {failure}") from failure
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            self._end()
            raise EmulatorError(f"the emulator did not start: {command}")
        ready = json.loads(line)
        self.url: str = ready["url"]
        self.port: int = ready["port"]
        self.storage_url: str = ready["storage_url"]
        self.ca_file: str = ready["ca_file"]
        self.pair_url: str = ready["pair_url"]
        self.pid: int = ready["pid"]
        self._context = ssl.create_default_context(cafile=self.ca_file)
        self._connection: http.client.HTTPSConnection | None = None

    def __enter__(self) -> "Emulator":
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Ends the emulator."""
        if self._connection is not None:
            self._connection.close()
        self._end()

    def _end(self) -> None:
        assert self._process.stdin is not None and self._process.stdout is not None
        self._process.stdin.close()
        try:
            self._process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process.stdout.close()

    def identity(self, client_id: str = "CAM-1") -> Identity:
        """What makes a client a device of this service: ``Client(**service.identity())``."""
        return {"client_id": client_id, "client_secret": SECRET, "client_version": "1.0.0", "base_url": self.url,
                "ca_file": self.ca_file}

    def call(self, method: str, path: str, body: Any = None) -> Any:
        """One call of the test API; returns the parsed answer."""
        text = self.raw(method, path, body)
        return json.loads(text) if text else None

    def raw(self, method: str, path: str, body: Any = None) -> bytes:
        """The same with the answer as it came."""
        payload = None if body is None else json.dumps(body)
        headers = {"Content-Type": "application/json"} if payload is not None else {}
        for attempt in (1, 2):
            if self._connection is None:
                self._connection = http.client.HTTPSConnection("127.0.0.1", self.port, context=self._context, timeout=20)
            try:
                self._connection.request(method, path, payload, headers)
                answer = self._connection.getresponse()
                text = answer.read()
                break
            except (http.client.HTTPException, OSError):
                # A kept-alive connection may have been closed meanwhile.
                self._connection.close()
                self._connection = None
                if attempt == 2:
                    raise
        if answer.status >= 400:
            raise EmulatorError(f"{method} {path}: {answer.status} {text.decode(errors='replace')}")
        return text

    def state(self) -> Any:
        """How it stands: clock, settings, person, codes, devices. No secrets."""
        return self.call("GET", "/emulator/state")

    def requests(self, endpoint: str | None = None, *, since: int = 0, **fields: Any) -> list[dict[str, Any]]:
        """Every device request seen after `since`, oldest first; of one endpoint, or with such fields
        (`grant="refresh_token"`), if that is asked for. Secrets are masked."""
        if endpoint is not None:
            fields["endpoint"] = endpoint
        seen = self.call("GET", f"/emulator/requests?since={since}")["requests"]
        return [request for request in seen if all(request[name] == value for name, value in fields.items())]

    def violations(self) -> list[str]:
        """What the client did against the rules of the service, over all requests."""
        return [violation for request in self.requests() for violation in request["violations"]]

    def forget_requests(self) -> None:
        """Empties the log of requests."""
        self.call("DELETE", "/emulator/requests")

    def approve(self, user_code: str | None = None, project: str | None = None) -> None:
        """Approves a code, by default the newest one, and connects the device to a project."""
        self._decide("approve", user_code=user_code, project=project)

    def deny(self, user_code: str | None = None) -> None:
        """Denies a code, by default the newest one."""
        self._decide("deny", user_code=user_code)

    def expire(self, user_code: str | None = None) -> None:
        """Lets a code run out, by default the newest one."""
        self._decide("expire", user_code=user_code)

    def _decide(self, what: str, **fields: Any) -> None:
        self.call("POST", f"/emulator/{what}", {name: value for name, value in fields.items() if value is not None})

    def person(self, decision: str, after_polls: int = 1, project: str | None = None) -> None:
        """A scripted person who decides every code after so many polls: approve, deny or ignore."""
        body: dict[str, Any] = {"decision": decision, "after_polls": after_polls}
        if project is not None:
            body["project"] = project
        self.call("POST", "/emulator/person", body)

    def advance(self, seconds: float) -> None:
        """Moves the emulator's clock."""
        self.call("POST", "/emulator/clock", {"advance_seconds": seconds})

    def settings(self, **fields: Any) -> Any:
        """Changes settings; see the emulator's README for them. Returns all of them."""
        return self.call("POST", "/emulator/settings", fields)

    def fault(self, endpoint: str, kind: str, *, times: int = 1, skip: int = 0, grant: str | None = None,
              asset: str | None = None, part: int | None = None, processed: bool = False, **fields: Any) -> None:
        """Injects a fault into the next calls of an endpoint; see the emulator's README for kinds. `asset`
        is the name of one, `part` the number of a part to be sent to the storage."""
        body: dict[str, Any] = {"endpoint": endpoint, "times": times, "skip": skip, "processed": processed,
                                "fault": {"kind": kind, **fields}}
        narrowed = {"grant": grant, "name": asset, "part": part}
        body.update({name: value for name, value in narrowed.items() if value is not None})
        self.call("POST", "/emulator/faults", body)

    def clear_faults(self) -> None:
        """Takes back every fault that has not struck yet."""
        self.call("DELETE", "/emulator/faults")

    def faults_left(self) -> int:
        """How many ordered faults have not struck yet."""
        return sum(fault["times"] for fault in self.call("GET", "/emulator/faults")["faults"])

    def uploads(self, name: str | None = None, **fields: Any) -> list[dict[str, Any]]:
        """Every upload the service knows, oldest first; those of one name, or with such fields
        (`state="complete"`), if that is asked for."""
        if name is not None:
            fields["name"] = name
        seen = self.call("GET", "/emulator/uploads")["uploads"]
        return [upload for upload in seen if all(upload[key] == value for key, value in fields.items())]

    def upload(self, name: str) -> dict[str, Any]:
        """The only upload of that name."""
        found = self.uploads(name)
        if len(found) != 1:
            raise EmulatorError(f"{len(found)} uploads are called {name}")
        return found[0]

    def parts_received(self, name: str | None = None) -> int:
        """How many parts the storage has taken, those it took twice counted twice."""
        return sum(part["times_received"] for upload in self.uploads(name) for part in upload["parts"])

    def content(self, id: str) -> bytes:
        """The bytes of an assembled file, if `keep_content` was set before its last part came."""
        return self.raw("GET", f"/emulator/uploads/{id}/content")

    def listener(self, certificate: str) -> int:
        """Opens a further port with a flawed certificate and returns its number."""
        return int(self.call("POST", "/emulator/listeners", {"certificate": certificate})["port"])

    def flawed(self, certificate: str) -> str:
        """The base URL of such a port."""
        return f"https://127.0.0.1:{self.listener(certificate)}"

    def device(self, client_id: str, action: str, **fields: Any) -> None:
        """project, pause, resume or revoke, as the user would on the web."""
        self.call("POST", f"/emulator/devices/{client_id}/{action}", fields or None)


if __name__ == "__main__":
    os.execv(find_emulator(), ["fio-emulator", *sys.argv[1:]])

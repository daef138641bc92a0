"""Starts the service emulator for a test and steers it.

    with Emulator(interval=0.05) as service:
        service.person("approve", after_polls=2)
        ...
        assert service.requests()[-1]["endpoint"] == "me"

Only the standard library is used. The emulator ends with the process that started it, however that
ends, because it watches its standard input.
"""

from __future__ import annotations

import http.client
import json
import os
import ssl
import subprocess
from pathlib import Path
from types import TracebackType
from typing import Any

_ROOT = Path(__file__).resolve().parents[2]


def find_emulator() -> str:
    """The binary: from FIO_EMULATOR, or where `make emulator` puts it."""
    return os.environ.get("FIO_EMULATOR") or str(_ROOT / "target" / "release" / "fio-emulator")


class EmulatorError(Exception):
    """The emulator refused a call of its test API."""


class Emulator:
    """One running emulator; a context manager."""

    def __init__(self, *arguments: str, interval: float = 0.05, binary: str | None = None) -> None:
        command = [binary or find_emulator(), "--exit-with-stdin", "--interval", str(interval), *arguments]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
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
        assert self._process.stdin is not None and self._process.stdout is not None
        self._process.stdin.close()
        try:
            self._process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process.stdout.close()

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
        self.call("DELETE", "/emulator/requests")

    def approve(self, user_code: str | None = None, project: str | None = None) -> None:
        self._decide("approve", user_code=user_code, project=project)

    def deny(self, user_code: str | None = None) -> None:
        self._decide("deny", user_code=user_code)

    def expire(self, user_code: str | None = None) -> None:
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
        return self.call("POST", "/emulator/listeners", {"certificate": certificate})["port"]

    def flawed(self, certificate: str) -> str:
        """The base URL of such a port."""
        return f"https://127.0.0.1:{self.listener(certificate)}"

    def device(self, client_id: str, action: str, **fields: Any) -> None:
        """project, pause, resume or revoke, as the user would on the web."""
        self.call("POST", f"/emulator/devices/{client_id}/{action}", fields or None)

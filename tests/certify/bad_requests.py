"""Requests as the bad client sends them: each as it stands, with nothing that a library would make good."""

from __future__ import annotations

import http.client
import json
import ssl
from dataclasses import dataclass
from types import TracebackType
from typing import Any
from urllib.parse import urlsplit

TIMEOUT = 30.0


@dataclass(frozen=True)
class Answer:
    status: int
    body: dict[str, Any]


class Connection:
    def __init__(self, host: str, port: int | None, context: ssl.SSLContext) -> None:
        self._http = http.client.HTTPSConnection(host, port, context=context, timeout=TIMEOUT)

    def __enter__(self) -> "Connection":
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._http.close()

    def call(self, method: str, address: str, headers: dict[str, str], body: bytes = b"") -> Answer:
        """A status of 0 where there was no answer; the next call has a new connection then."""
        parts = urlsplit(address)
        path = f"{parts.path}?{parts.query}" if parts.query else parts.path
        try:
            self._http.request(method, path, body, headers)
            answer = self._http.getresponse()
            text = answer.read()
        except (http.client.HTTPException, OSError):
            self._http.close()
            return Answer(0, {})
        try:
            parsed = json.loads(text)
        except ValueError:
            parsed = {}
        return Answer(answer.status, parsed if isinstance(parsed, dict) else {})

    def call_json(self, method: str, path: str, headers: dict[str, str], fields: dict[str, Any]) -> Answer:
        return self.call(method, path, {"Content-Type": "application/json", **headers}, json.dumps(fields).encode())


def connect(address: str, ca_file: str) -> Connection:
    """To the origin of an address."""
    parts = urlsplit(address)
    assert parts.hostname is not None
    return Connection(parts.hostname, parts.port, ssl.create_default_context(cafile=ca_file))

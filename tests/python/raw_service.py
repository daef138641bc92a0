"""A service and its storage on one port that answers with whatever bytes a test wants, in time as it wants, and ends
connections as it wants: for what no proper HTTP server can be brought to do."""

from __future__ import annotations

import errno
import json
import socket
import ssl
import struct
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Callable, Dict, Iterable, List, Optional, Tuple, Union

import pytest

from support import PATIENCE, RigClient, RigTest, UploadTest

HERE = Path(__file__).resolve().parent


@dataclass
class Request:
    endpoint: str
    path: str
    headers: Dict[str, str]
    body: bytes


@dataclass
class Answer:
    """Bytes, or an iterator that gives them piece by piece, and what becomes of the connection: `keep`, `notify` (closed
    with close_notify), `abrupt` (closed without), `reset`."""

    data: Union[bytes, Iterable[bytes]]
    ending: str = "keep"


def http(status: int, body: Any, *headers: str) -> bytes:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    lines = [f"HTTP/1.1 {status} X", "Content-Type: application/json", f"Content-Length: {len(content)}", *headers, "", ""]
    return "\r\n".join(lines).encode() + content


class RawService:
    """`answers[endpoint]` takes a request and gives an `Answer`. Endpoints: code, token, me, heartbeat, asset, part."""

    def __init__(self) -> None:
        self.ca_file = HERE / "loopback_ca.pem"
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._context.load_cert_chain(HERE / "loopback.pem")
        # The client's order of ciphers counts.
        self._context.options &= ~ssl.OP_CIPHER_SERVER_PREFERENCE
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=100)
        self.port: int = self._listener.getsockname()[1]
        self.url = f"https://127.0.0.1:{self.port}"
        self.answers: Dict[str, Callable[[Request], Answer]] = {}
        self.requests: List[Request] = []
        #: Where the parts of an asset go.
        self.address: Callable[[int], str] = lambda part: f"{self.url}/storage/{part}?signature=x"
        #: Of each connection: the version of TLS, the cipher, and whether it resumed a session.
        self.handshakes: List[Tuple[Optional[str], str, bool]] = []
        self._tokens = 0
        self._open = 0
        self._changed = threading.Condition()
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._accept, daemon=True)
        self._thread.start()

    def only(self, version: ssl.TLSVersion) -> None:
        """The one version it speaks from the next connection on."""
        self._context.minimum_version = self._context.maximum_version = version

    def certificate(self, chain: Path, key: Path) -> None:
        """What it shows from the next connection on."""
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._context.load_cert_chain(chain, key)

    def close(self) -> None:
        self._over.set()
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join(10)

    def seen(self, endpoint: str) -> List[Request]:
        return [request for request in self.requests if request.endpoint == endpoint]

    def proper(self, request: Request) -> bytes:
        """What the service would answer."""
        if request.endpoint == "code":
            return http(200, {"device_code": "device", "user_code": "123456", "expires_in": 120, "interval": 1,
                              "verification_uri": "https://example.invalid/"})
        if request.endpoint == "token":
            self._tokens += 1
            return http(200, {"access_token": f"access{self._tokens}", "refresh_token": f"refresh{self._tokens}",
                              "expires_in": 28800, "token_type": "bearer"})
        if request.endpoint == "me":
            return http(200, {"id": "device", "name": "camera", "status": "online", "channels": [], "project_id": "project",
                              "project": {"id": "project", "name": "Feature A"}})
        if request.endpoint == "asset":
            parts = json.loads(request.body).get("parts") or 1
            return http(200, {"id": f"asset{len(self.requests)}", "upload_urls": [self.address(part) for part in range(parts)],
                              "project_id": "project"})
        if request.endpoint == "part":
            return http(200, b"", 'ETag: "opaque"')
        return http(200, {})

    def drip(self, *pieces: bytes, seconds: float = 0.05) -> Iterable[bytes]:
        """The pieces, the last again and again, one at a time, until the client or the test has had enough."""
        for piece in pieces:
            yield piece
        while not self._over.wait(seconds):
            yield pieces[-1]

    def pause(self, seconds: float) -> bool:
        """Waits between two pieces; says whether the test is over."""
        return self._over.wait(seconds)

    def await_closed(self) -> None:
        """Waits until no connection is open on this side."""
        with self._changed:
            if not self._changed.wait_for(lambda: self._open == 0, PATIENCE):
                raise TimeoutError(f"{self._open} connections are open")

    def _count(self, difference: int) -> None:
        with self._changed:
            self._open += difference
            self._changed.notify_all()

    def _accept(self) -> None:
        while True:
            try:
                raw, _ = self._listener.accept()
            except OSError as error:
                # A test that leaves the client no descriptor leaves none here either, for a moment.
                if error.errno not in (errno.EMFILE, errno.ENFILE) or self._over.wait(0.01):
                    return
                continue
            self._count(1)
            threading.Thread(target=self._talk, args=(raw,), daemon=True).start()

    def _talk(self, raw: socket.socket) -> None:
        connection: socket.socket = raw
        try:
            raw.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            secure = self._context.wrap_socket(raw, server_side=True)
            self.handshakes.append((secure.version(), (secure.cipher() or ("",))[0], bool(secure.session_reused)))
            connection, rest, ending = secure, b"", "keep"
            while ending == "keep":
                request, rest = _read(connection, rest)
                if request is None:
                    break
                self.requests.append(request)
                answer = self.answers.get(request.endpoint, lambda request: Answer(self.proper(request)))(request)
                for piece in [answer.data] if isinstance(answer.data, bytes) else answer.data:
                    connection.sendall(piece)
                ending = answer.ending
            if ending == "notify":
                connection.settimeout(1)
                connection.unwrap()
            if ending == "reset":
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            else:
                connection.shutdown(socket.SHUT_RDWR)
        except (OSError, ValueError):
            pass
        finally:
            connection.close()
            self._count(-1)


def _read(connection: socket.socket, rest: bytes) -> Tuple[Optional[Request], bytes]:
    while b"\r\n\r\n" not in rest:
        more = connection.recv(65536)
        if not more:
            return None, b""
        rest += more
    head, rest = rest.split(b"\r\n\r\n", 1)
    first, *lines = head.decode("latin-1").split("\r\n")
    method, path, _ = first.split(" ", 2)
    headers = {name.lower(): value.strip() for name, value in (line.split(":", 1) for line in lines)}
    length = int(headers.get("content-length", 0))
    while len(rest) < length:
        more = connection.recv(1 << 20)
        if not more:
            return None, b""
        rest += more
    return Request(_endpoint(method, path), path, headers, rest[:length]), rest[length:]


def _endpoint(method: str, path: str) -> str:
    if method == "PUT":
        return "part"
    for word, endpoint in (("auth/token", "token"), ("device/code", "code"), ("heartbeat", "heartbeat"), ("assets", "asset"),
                           ("devices/me", "me")):
        if word in path:
            return endpoint
    return "other"


class RawTest(UploadTest):
    """Tests with a service that answers with any bytes."""

    @pytest.fixture(autouse=True)
    def raw_ready(self, upload_ready: None) -> None:
        self.raw = RawService()
        self.at_end(self.raw.close)

    def paired(self, **settings: Any) -> RigClient:
        usual = {"base_url": self.raw.url, "ca_file": str(self.raw.ca_file)}
        client = RigTest.client(self, **{**usual, **settings})
        client.pair().wait(PATIENCE)
        return client

    def last(self, request: Request) -> Answer:
        """The proper answer, as the connection's last."""
        return Answer(self.raw.proper(request).replace(b"\r\n", b"\r\nConnection: close\r\n", 1), "notify")

    def then(self, endpoint: str, *answers: Callable[[Request], Answer]) -> None:
        """Lets an endpoint answer so once each, and then properly."""
        left: List[Callable[[Request], Answer]] = list(answers)
        self.raw.answers[endpoint] = lambda request: left.pop(0)(request) if left else Answer(self.raw.proper(request))

"""Counts the bytes of connections: a relay between a program and the emulator. A context manager."""

from __future__ import annotations

import selectors
import socket
import threading
from types import TracebackType
from urllib.parse import urlsplit


class Wire:
    """Passes connections on to the address in a URL. `url` is its own, `carried` what it has passed on, both ways."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        assert parts.hostname is not None and parts.port is not None
        self._to = (parts.hostname, parts.port)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"https://{parts.hostname}:{self._listener.getsockname()[1]}"
        self.carried = 0
        self._ends = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> "Wire":
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._ends.set()
        socket.create_connection(self._listener.getsockname()).close()
        self._thread.join()

    def _run(self) -> None:
        with selectors.DefaultSelector() as selector:
            selector.register(self._listener, selectors.EVENT_READ)
            while not self._ends.is_set():
                for key, _ in selector.select():
                    if key.fileobj is self._listener:
                        near, far = self._listener.accept()[0], socket.create_connection(self._to)
                        selector.register(near, selectors.EVENT_READ, far)
                        selector.register(far, selectors.EVENT_READ, near)
                    elif key.fileobj.fileno() >= 0:  # Its other end may have closed it a moment ago.
                        self._pass_on(selector, key)
        self._listener.close()

    def _pass_on(self, selector: selectors.BaseSelector, key: selectors.SelectorKey) -> None:
        one, other = key.fileobj, key.data
        assert isinstance(one, socket.socket)
        try:
            data = one.recv(1 << 16)
            other.sendall(data)
        except OSError:
            data = b""
        self.carried += len(data)
        if not data:
            for end in (one, other):
                selector.unregister(end)
                end.close()

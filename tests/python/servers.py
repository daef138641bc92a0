"""Servers that speak badly, for what the service emulator is too well-behaved to do. Each accepts
connections until it is closed."""

from __future__ import annotations

import socket
import ssl
import struct
import threading
import warnings


class Server:
    """Listens on a loopback port and does to each connection what a subclass says."""

    def __init__(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self.url = f"https://127.0.0.1:{self.port}"
        self.accepted = 0
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def close(self) -> None:
        # Closing alone would not wake a thread that waits in accept.
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join(10)

    def _run(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self.accepted += 1
            with connection:
                try:
                    self.serve(connection)
                except OSError:
                    pass

    def serve(self, connection: socket.socket) -> None:
        raise NotImplementedError


class OldTls(Server):
    """A current OpenSSL that is configured for TLS 1.1 and nothing newer."""

    def __init__(self) -> None:
        # No certificate: the versions are compared before one would be needed.
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)
            self._context.minimum_version = ssl.TLSVersion.TLSv1_1
            self._context.maximum_version = ssl.TLSVersion.TLSv1_1
        self._context.set_ciphers("ALL:@SECLEVEL=0")
        super().__init__()

    def serve(self, connection: socket.socket) -> None:
        self._context.wrap_socket(connection, server_side=True).close()


class AncientTls(Server):
    """A server that has never heard of anything newer than TLS 1.1, and just chooses that."""

    def serve(self, connection: socket.socket) -> None:
        connection.recv(16384)
        version, cipher = b"\x03\x02", b"\xc0\x13"
        hello = version + bytes(range(32)) + b"\x00" + cipher + b"\x00"
        handshake = b"\x02" + struct.pack(">I", len(hello))[1:] + hello
        connection.sendall(b"\x16" + version + struct.pack(">H", len(handshake)) + handshake)
        # Until the client has said what it thinks of it.
        while connection.recv(16384):
            pass


class Refusing(Server):
    """Answers the first bytes with a fatal TLS alert."""

    HANDSHAKE_FAILURE = 40
    INTERNAL_ERROR = 80

    def __init__(self, alert: int) -> None:
        self._alert = alert
        super().__init__()

    def serve(self, connection: socket.socket) -> None:
        connection.recv(16384)
        connection.sendall(b"\x15\x03\x03\x00\x02\x02" + bytes([self._alert]))
        while connection.recv(16384):
            pass


class PlainHttp(Server):
    """Speaks HTTP where TLS is expected, as a captive portal does."""

    def serve(self, connection: socket.socket) -> None:
        connection.recv(16384)
        connection.sendall(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
        while connection.recv(16384):
            pass


class Silent(Server):
    """Accepts, and says nothing."""

    def serve(self, connection: socket.socket) -> None:
        while connection.recv(16384):
            pass


class Resetting(Server):
    """Breaks each connection as soon as the client has spoken."""

    def serve(self, connection: socket.socket) -> None:
        connection.recv(16384)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


class Closing(Server):
    """Closes each connection as soon as the client has spoken."""

    def serve(self, connection: socket.socket) -> None:
        connection.recv(16384)


def refused_port() -> int:
    """A port on which nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]

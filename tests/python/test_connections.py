"""What connections of one client have in common: sessions, authorities, ciphers, and how large a ClientHello is."""

from __future__ import annotations

import re
import socket
import ssl
import threading
from pathlib import Path
from typing import Any, List

import pytest

from raw_service import HERE, RawTest
from support import PATIENCE, TLS, RigClient, fio_c2c

#: Linux tells what a processor can; an ARM that runs a program of the seventh architecture tells it, too.
HAS_AES = re.search(r"^(flags|Features)\s*:.*\baes\b.*", Path("/proc/cpuinfo").read_text(), re.MULTILINE) is not None

VERSIONS = [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3]


def of_bundled(test: Any) -> Any:
    """What only the bundled build does is no test of the other."""
    return test if TLS == "bundled" else None


class Sessions(RawTest):
    def heartbeats(self, count: int, version: ssl.TLSVersion = ssl.TLSVersion.TLSv1_3, **settings: object) -> RigClient:
        """A client that has sent so many, each on a connection of its own."""
        self.raw.only(version)
        for endpoint in ("code", "token", "me", "heartbeat"):
            self.raw.answers[endpoint] = self.last
        client = self.paired(**settings)
        self.raw.await_closed()
        for _ in range(count):
            client.heartbeat().wait(PATIENCE)
            self.raw.await_closed()
        return client

    def resumed(self) -> List[bool]:
        return [resumed for _, _, resumed in self.raw.handshakes]

    @pytest.mark.parametrize("version", VERSIONS)
    def test_each_connection_but_the_first_resumes_a_session(self, version: ssl.TLSVersion) -> None:
        self.heartbeats(3, version)
        # The system's libcurl keeps the sessions of a handle with the handle, of which there is one for each endpoint.
        new = 1 if TLS == "bundled" else len(self.resumed()) - 2
        assert len(self.resumed()) > 4
        assert all(self.resumed()[new:])
        assert not self.resumed()[0]

    def test_clients_do_not_share_sessions(self) -> None:
        self.heartbeats(1)
        first = len(self.resumed())
        self.heartbeats(1)
        assert self.resumed()[first] is False

    # The system's libcurl keeps the sessions of a handle with the handle.
    @of_bundled
    def test_parts_resume_the_sessions_of_requests(self) -> None:
        client = self.heartbeats(0)
        before = len(self.resumed())
        client.upload(path=self.media(size=1000)).wait(PATIENCE)
        assert len(self.resumed()) > before
        assert all(self.resumed()[1:])

    # The system's libcurl keeps what it read of a file.
    @of_bundled
    def test_a_session_ends_with_the_trust_in_who_vouched_for_it(self) -> None:
        ca_file = self.scratch() / "ca.pem"
        ca_file.write_bytes((HERE / "loopback_ca.pem").read_bytes())
        client = self.heartbeats(1, ca_file=str(ca_file))
        other = ca_file.with_name("other.pem")
        other.write_bytes(Path(self.service.ca_file).read_bytes())
        other.replace(ca_file)
        self.fails(fio_c2c.FIO_E_TLS_UNTRUSTED, client.heartbeat)
        other.write_bytes((HERE / "loopback_ca.pem").read_bytes())
        other.replace(ca_file)
        self.raw.await_closed()
        client.heartbeat().wait(PATIENCE)

    # The order of TLS 1.2 is OpenSSL's own where the processor has AES.
    @pytest.mark.parametrize("version", VERSIONS[1:] if TLS != "bundled" and HAS_AES else VERSIONS)
    def test_the_cipher_is_the_one_the_processor_is_quick_at(self, version: ssl.TLSVersion) -> None:
        client = self.heartbeats(1, version)
        client.upload(path=self.media(size=1000)).wait(PATIENCE)
        first = "AES_?128_GCM|AES128-GCM" if HAS_AES else "CHACHA20"
        # The system's libcurl is told for parts only, of which there is one.
        is_first = [re.search(first, cipher) is not None for _, cipher, _ in self.raw.handshakes]
        assert all(is_first) if TLS == "bundled" else is_first.count(True) == 1


class Narrow:
    """Passes connections on to a port, but nothing of one whose first packets are larger than a path lets through."""

    MOST = 1400

    def __init__(self, port: int) -> None:
        self._to = port
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"https://127.0.0.1:{self._listener.getsockname()[1]}"
        #: The bytes of the ClientHello of each connection.
        self.hellos: List[int] = []
        self._thread = threading.Thread(target=self._accept, daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join(10)

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._carry, args=(connection,), daemon=True).start()

    def _carry(self, near: socket.socket) -> None:
        with near:
            # A record of TLS: its kind, version and length, then so much.
            head = near.recv(5, socket.MSG_WAITALL)
            length = int.from_bytes(head[3:5], "big")
            hello = head + near.recv(length, socket.MSG_WAITALL)
            self.hellos.append(len(hello))
            if len(hello) > self.MOST:
                while near.recv(1 << 16):
                    pass
                return
            with socket.create_connection(("127.0.0.1", self._to)) as far:
                far.sendall(hello)
                back = threading.Thread(target=_pump, args=(far, near), daemon=True)
                back.start()
                _pump(near, far)
                back.join()


def _pump(source: socket.socket, target: socket.socket) -> None:
    try:
        while True:
            data = source.recv(1 << 16)
            if not data:
                break
            target.sendall(data)
        target.shutdown(socket.SHUT_WR)
    except OSError:
        pass


class LargeHellos(RawTest):
    #: The system's TLS library may know no post-quantum key exchange.
    __test__ = TLS == "bundled"

    @pytest.fixture(autouse=True)
    def narrow_ready(self, raw_ready: None) -> None:
        self.narrow = Narrow(self.raw.port)
        self.at_end(self.narrow.close)
        self.raw.answers["code"] = self.last

    def asking(self, **settings: object) -> RigClient:
        return self.client(base_url=self.narrow.url, ca_file=str(self.raw.ca_file), timeouts=(400, 5000), **settings)

    def are_large(self) -> List[bool]:
        return [size > Narrow.MOST for size in self.narrow.hellos]

    def test_after_silence_the_next_one_is_small_and_so_are_those_after_it(self) -> None:
        client = self.asking()
        self.fails(fio_c2c.FIO_E_TIMEOUT, client.request_code)
        for _ in range(3):
            client.request_code().wait(PATIENCE)
        assert self.are_large() == [True, False, False, False]

    def test_another_network_is_tried_with_a_large_one(self) -> None:
        client = self.asking()
        self.fails(fio_c2c.FIO_E_TIMEOUT, client.request_code)
        client.request_code().wait(PATIENCE)
        client.network_changed()
        self.fails(fio_c2c.FIO_E_TIMEOUT, client.request_code)
        client.request_code().wait(PATIENCE)
        assert self.are_large() == [True, False, True, False]

    def test_either_can_be_forced(self) -> None:
        self.asking(key_exchange=fio_c2c.FIO_KEY_EXCHANGE_CLASSICAL).request_code().wait(PATIENCE)
        assert self.are_large() == [False]
        client = self.asking(key_exchange=fio_c2c.FIO_KEY_EXCHANGE_HYBRID)
        for _ in range(2):
            self.fails(fio_c2c.FIO_E_TIMEOUT, client.request_code)
        assert self.are_large() == [False, True, True]

    def test_an_unknown_one_is_refused(self) -> None:
        self.fails(fio_c2c.FIO_E_ARGUMENT, lambda: self.asking(key_exchange=3))

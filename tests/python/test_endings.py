"""How answers end: what is whole counts, however the connection ends behind it; what is not is an error, and nothing is
waited for without an end."""

import time
from typing import Callable, Dict, Iterable

import pytest

from raw_service import Answer, RawTest, Request, http
from support import PATIENCE, TLS, fio_c2c

ENDINGS = ("keep", "notify", "abrupt", "reset")


def framed(body: bytes, framing: str, ending: str = "keep") -> bytes:
    """An answer whose body says in one of three ways where it ends, and that says so if it is the connection's last."""
    last = [] if ending == "keep" else ["Connection: close"]
    if framing == "length":
        return http(200, body, *last)
    head = "\r\n".join(["HTTP/1.1 200 X", "Content-Type: application/json", *last, ""]).encode()
    if framing == "chunks":
        return head + b"Transfer-Encoding: chunked\r\n\r\n%x\r\n%s\r\n0\r\n\r\n" % (len(body), body)
    return head + b"\r\n" + body


class Endings(RawTest):
    CUT = {"bundled": [fio_c2c.FIO_E_RESET], "system": [fio_c2c.FIO_E_RESET, fio_c2c.FIO_E_PROTOCOL]}
    BODY = b'{"id":"device","name":"camera","status":"online","channels":[],"project_id":"p","project":{"id":"p","name":"A"}}'

    def test_a_whole_answer_counts_however_the_connection_ends(self) -> None:
        client = self.paired(timeouts=(3000, 6000))
        for framing in ("length", "chunks"):
            for ending in ENDINGS:
                # Smaller than each buffer on the way, larger than each, and exactly as large.
                for size in (len(self.BODY), 4096, 16384, 100_000, 6096 - len(framed(b" " * 2000, framing, ending))):
                    data = framed(self.BODY.ljust(size), framing, ending)
                    self.raw.answers["me"] = lambda request: Answer(data, ending)
                    assert client.device_info().wait(PATIENCE).project_name == "A"

    def test_without_a_length_only_a_close_notify_is_an_end(self) -> None:
        client = self.paired(timeouts=(3000, 6000))
        self.raw.answers["me"] = lambda request: Answer(framed(self.BODY, "none"), "notify")
        assert client.device_info().wait(PATIENCE).project_name == "A"
        for ending in ("abrupt", "reset"):
            # Every size of a buffer on the way, so that the end is found with nothing before it.
            for size in (300, 4096, 8192, 16384, 100_000):
                # With what is behind it, the JSON would be whole.
                data = framed(self.BODY[:-1], "none")
                data += b" " * (size - len(data))
                self.raw.answers["me"] = lambda request: Answer(data, ending)
                # libcurl with OpenSSL has it overlook the end without close_notify, if it was no reset: what counts
                # is then the JSON.
                with pytest.raises(fio_c2c.FioError) as caught:
                    client.device_info().wait(PATIENCE)
                assert caught.value.status in self.CUT[TLS]

    def test_what_is_shorter_than_announced_is_an_error(self) -> None:
        client = self.paired(timeouts=(3000, 6000))
        for ending in ("notify", "abrupt", "reset"):
            for framing, cut in (("length", 1), ("length", len(self.BODY)), ("chunks", 5), ("chunks", 50)):
                # The JSON is whole where only spaces are cut off: it is the length that counts.
                data = framed(self.BODY + b" " * 100, framing, ending)[:-cut]
                self.raw.answers["me"] = lambda request: Answer(data, ending)
                self.fails(fio_c2c.FIO_E_RESET, client.device_info)

    def test_an_upload_is_sent_once_however_its_connections_end(self) -> None:
        for ending in ENDINGS:
            client = self.paired(timeouts=(3000, 6000))
            for endpoint in ("token", "asset", "part", "heartbeat"):
                self.raw.answers[endpoint] = lambda request: Answer(self.raw.proper(request), ending)
            self.raw.requests.clear()
            client.upload(path=self.media(size=30_000)).wait(PATIENCE)
            assert (len(self.raw.seen("asset")), len(self.raw.seen("part"))) == (1, 1)


class Addresses(RawTest):
    def test_an_address_leaves_byte_for_byte(self) -> None:
        client = self.paired()
        for path in ("/storage/./a/../../b?x=/../y", "/..//a%2e%2E/.?X-Amz-Signature=0%3D", "/a/./"):
            self.raw.requests.clear()
            self.raw.address = lambda part: self.raw.url + path
            client.upload(path=self.media(size=3000)).wait(PATIENCE)
            assert [request.path for request in self.raw.seen("part")] == [path]

    def test_an_address_with_a_user_is_refused(self) -> None:
        for user in ("user:password", "user", ":", ""):
            client = self.paired()
            self.raw.address = lambda part: self.raw.url.replace("https://", f"https://{user}@") + "/storage/p"
            upload = client.upload(path=self.media(size=3000))
            client.drive_until_waiting(upload, fio_c2c.FIO_E_URL)
            assert self.raw.seen("part") == []
            client.close()


class Drips(RawTest):
    """Answers that go on and on, a byte at a time."""

    def endless(self) -> Dict[str, Callable[[], Iterable[bytes]]]:
        head = b"HTTP/1.1 200 X\r\nContent-Length: 100000\r\n"
        return {
            "nothing": lambda: self.raw.drip(b""),
            "the first line": lambda: self.raw.drip(b"HTTP/1.1 200 ", b"X"),
            "a header": lambda: self.raw.drip(head + b"A: ", b"a"),
            "headers": lambda: self.raw.drip(head, b"A: b\r\n"),
            "the body": lambda: self.raw.drip(head + b"\r\n", b" "),
            "100 Continue": lambda: self.raw.drip(b"HTTP/1.1 100 Continue\r\n\r\n"),
            "103 Early Hints": lambda: self.raw.drip(b"HTTP/1.1 103 X\r\nLink: a\r\n\r\n"),
        }

    def test_a_request_ends_in_time(self) -> None:
        client = self.paired(timeouts=(3000, 400))
        for name, data in self.endless().items():
            self.raw.answers["me"] = lambda request: Answer(data())
            began = time.monotonic()
            self.fails(fio_c2c.FIO_E_TIMEOUT, client.device_info)
            assert time.monotonic() - began < 3

    def test_a_part_ends_in_time_and_is_sent_again(self) -> None:
        client = self.paired(stall_timeout=1000, clock=self.clock, impatient=self.clock)
        for name, data in self.endless().items():
            self.raw.requests.clear()
            self.then("part", lambda request: Answer(data()))
            began = time.monotonic()
            upload = client.upload(path=self.media(size=3000))
            upload.wait(PATIENCE)
            assert time.monotonic() - began < 8
            # The number of an answer counts without the rest of it.
            assert len(self.raw.seen("part")) == (1 if name == "the body" else 2)

    def test_a_part_without_bytes_is_sent_again(self) -> None:
        client = self.paired(stall_timeout=1000, timeouts=(1000, 3000), clock=self.clock, impatient=self.clock)
        # More addresses than bytes: the last parts are empty.
        addresses = [f"{self.raw.url}/storage/{part}" for part in range(4)]
        asset = http(200, {"id": "asset", "upload_urls": addresses, "project_id": "project"})
        self.raw.answers["asset"] = lambda request: Answer(asset)
        left = [b"", b""]

        def stalls_twice(request: Request) -> Answer:
            if not request.body and left:
                return Answer(self.raw.drip(left.pop()))
            return Answer(self.raw.proper(request))

        self.raw.answers["part"] = stalls_twice
        upload = client.upload(path=self.media(size=2))
        upload.wait(PATIENCE)
        assert left == []
        assert sorted(request.body == b"" for request in self.raw.seen("part")) == [False] * 2 + [True] * 4

    def test_a_slow_answer_to_a_part_is_waited_for(self) -> None:
        client = self.paired(stall_timeout=3000)

        def slow(request: Request) -> Answer:
            proper = self.raw.proper(request)
            return Answer((part for byte in proper for part in [bytes([byte])] if not self.raw.pause(0.01)))

        self.raw.answers["part"] = slow
        upload = client.upload(path=self.media(size=3000))
        upload.wait(PATIENCE)
        assert (client.reasons(upload), len(self.raw.seen("part"))) == ([], 1)

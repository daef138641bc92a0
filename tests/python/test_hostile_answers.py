"""What something hostile answers in place of the service costs memory in proportion to a true answer, and is not asked for
again at once."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Callable, Dict, Tuple

import pytest

from raw_service import Answer, RawTest, http

HERE = Path(__file__).resolve().parent
MOST_KIB = 12 * 1024

#: The largest answers that are read to their end (src/api): for a file of 10 GiB, and in all other cases.
FILE = 10 << 30
ASSET_LIMIT = (512 << 10) + max((FILE // (5 << 20)) * 2048, 10_000 * 600)
OTHER_LIMIT = 256 << 10


#: Of the device, which anybody who answers has been sent.
SECRET = b"the client's secret"


def filled(start: bytes, unit: bytes, end: bytes, size: int) -> bytes:
    """As many units between a start and an end as fit into the size."""
    return start + unit * ((size - len(start) - len(end)) // len(unit)) + end


def listed(name: str, element: bytes, size: int) -> bytes:
    """`{name: [element, …], …}` with what a proper answer has beside it."""
    beside = b'"id":"a1","device_code":"d","user_code":"1","access_token":"t","x":0,"' + name.encode() + b'":['
    return filled(b"{" + beside, element + b",", element + b"]}", size)


def address(length: int) -> bytes:
    return b'"https://127.0.0.1:1/?' + b"x" * (length - 21) + b'"'


SHAPES: Dict[str, Callable[[int], bytes]] = {
    "numbers": lambda size: filled(b"[", b"1,", b"1]", size),
    "numbers in a member nobody knows": lambda size: listed("junk", b"1", size),
    "numbers as addresses": lambda size: listed("upload_urls", b"1", size),
    "numbers as channels": lambda size: listed("channels", b"1", size),
    "empty lists": lambda size: listed("upload_urls", b"[]", size),
    "empty objects as channels": lambda size: listed("channels", b"{}", size),
    "objects in a member nobody knows": lambda size: listed("junk", b'{"a":[{}],"b":{"c":null}}', size),
    "objects with known members": lambda size: listed("channels", b'{"id":"c","name":"n","status":"online"}', size),
    "empty texts": lambda size: listed("upload_urls", b'""', size),
    "nulls": lambda size: listed("upload_urls", b"null", size),
    "short addresses": lambda size: listed("upload_urls", b'"https://a"', size),
    "addresses": lambda size: listed("upload_urls", address(400), size),
    "escaped addresses": lambda size: listed("upload_urls", b'"https:\\/\\/a?' + b"\\u0026" * 80 + b'"', size),
    "ten thousand addresses beside garbage": lambda size: (b'{"id":"a1","upload_urls":[' + b'"https://a",' * 9_999
                                                            + filled(b'"https://a"],"junk":[', b"{},", b"{}]}", max(size - 130_000, 64))),
    "deep lists": lambda size: b"[" * size,
    "deep lists that end": lambda size: b"[" * (size // 2) + b"]" * (size // 2),
    "deep objects": lambda size: filled(b"", b'{"a":', b"1", size),
    "deep lists in a member nobody knows": lambda size: b'{"junk":' + b"[" * ((size - 9) // 2) + b"]" * ((size - 9) // 2) + b"}",
    "deep known objects": lambda size: filled(b"", b'{"project":', b"1", size),
    "one long text": lambda size: filled(b'{"id":"', b"x", b'"}', size),
    "one long escaped text": lambda size: filled(b'{"name":"', b"\\n", b'"}', size),
    "one long text nobody knows": lambda size: filled(b'{"junk":"', b"\\u00e4", b'"}', size),
    "one long name": lambda size: filled(b'{"', b"n", b'":1}', size),
    "one long escaped name": lambda size: filled(b'{"', b"\\u006e", b'":1}', size),
    "many names": lambda size: filled(b"{", b'"n":1,', b'"id":"a1"}', size),
    "many known names": lambda size: filled(b"{", b'"id":1,', b'"id":"a1"}', size),
    "many escaped names": lambda size: filled(b"{", b'"\\u0069d":"\\u0061",', b'"id":"a1"}', size),
    "one huge number": lambda size: filled(b'{"expires_in":', b"9", b"}", size),
    "a huge fraction": lambda size: filled(b'{"expires_in":0.', b"9", b"}", size),
    "huge numbers": lambda size: listed("upload_urls", b"9" * 300, size),
    "exponents": lambda size: listed("junk", b"1e999999999", size),
    "cut in a text": lambda size: filled(b'{"upload_urls":["', b"x", b"", size),
    "cut in a list": lambda size: filled(b'{"upload_urls":[', b'"https://a",', b"", size),
    "cut in an object": lambda size: filled(b'{"channels":[', b'{"id":"c"},', b"", size),
    "cut in an escape": lambda size: filled(b'{"name":"', b"\\u0061", b"\\u00", size),
    "invalid UTF-8": lambda size: filled(b'{"name":"', b"\xff\xfe", b'"}', size),
    "invalid UTF-8 in a list": lambda size: listed("upload_urls", b'"\xc3\x28"', size),
    "half surrogates": lambda size: listed("upload_urls", b'"\\ud800"', size),
    "zero bytes": lambda size: bytes(size),
    "spaces": lambda size: b" " * size,
    "spaces before an object": lambda size: filled(b"", b"\n", b'{"id":"a1"}', size),
    "commas": lambda size: filled(b"[", b",", b"]", size),
    "a page": lambda size: filled(b"<html>", b"<p>log in</p>", b"</html>", size),
    "errors": lambda size: listed("errors", b'{"title":"t","detail":"d"}', size),
    "one long error": lambda size: filled(b'{"errors":[{"detail":"', b"word ", b'"}]}', size),
    "one long escaped error": lambda size: filled(b'{"message":"', b"\\u00e4\\n", b'"}', size),
    "the client secret": lambda size: filled(b'{"message":"', SECRET, b'","id":"a1"}', size),
    "the client secret, escaped": lambda size: filled(b'{"message":"', b"\\u0074" + SECRET[1:], b'"}', size),
    "the client secret in addresses": lambda size: listed("upload_urls", b'"https://a?' + SECRET + b'"', size),
    "what could begin the client secret": lambda size: filled(b'{"message":"', SECRET[:-1], b'"}', size),
    "escapes only": lambda size: filled(b'{"message":"', b"%", b'"}', size),
    "longest names": lambda size: listed("channels", b'{"id":"' + b"n" * 16_000 + b'"}', size),
    "too long names": lambda size: listed("channels", b'{"id":"' + b"n" * 17_000 + b'"}', size),
    "lists in lists": lambda size: filled(b"", b"[[],", b"[" + b"]" * 9, size),
    "objects in known objects": lambda size: listed("authorization", b'{"creator":{"name":"n"}}', size),
    "two bodies": lambda size: filled(b'{"id":"a1"}', b'{"id":"a1"}', b"", size),
    "a body and garbage": lambda size: filled(b'{"id":"a1"}', b"x", b"", size),
    "true and false": lambda size: listed("upload_urls", b"true,false", size),
    "bytes beyond ASCII": lambda size: filled(b'{"name":"', "\u00e9\U0001f3a5".encode(), b'"}', size),
    "XML": lambda size: filled(b"<Error><Code>", b"<Code>a</Code>", b"</Error>", size),
}


class Shapes(RawTest):
    @pytest.fixture(autouse=True)
    def shapes_ready(self, raw_ready: None) -> None:
        media = self.card / "A001.mov"
        with media.open("wb") as file:
            file.truncate(FILE)
        self.device = subprocess.Popen([sys.executable, "-B", str(HERE / "answer_memory.py")], stdin=subprocess.PIPE,
                                       stdout=subprocess.PIPE, text=True)
        self.at_end(self.end)
        self.say(json.dumps({"url": self.raw.url, "ca_file": str(self.raw.ca_file), "media": str(media), "secret": SECRET.decode()}))
        # What is needed once only is there from now on.
        for endpoint in ("me", "heartbeat", "token", "asset"):
            assert self.ask(endpoint)[1] == "FIO_OK"

    def end(self) -> None:
        self.device.communicate()

    def say(self, line: str) -> None:
        assert self.device.stdin
        print(line, file=self.device.stdin, flush=True)

    def ask(self, endpoint: str) -> Tuple[int, str]:
        self.say(endpoint)
        assert self.device.stdout
        grown, outcome = self.device.stdout.readline().split()
        return int(grown), outcome

    def measure(self, endpoint: str, limit: int, status: int = 200) -> None:
        assert len(SHAPES) >= 60
        for name, shape in SHAPES.items():
            body = shape(limit)
            assert len(body) <= limit
            self.raw.answers[endpoint] = lambda request, body=body: Answer(http(status, body))  # type: ignore[misc]
            grown, _ = self.ask(endpoint)
            del self.raw.answers[endpoint]
            assert grown < MOST_KIB

    def test_of_an_asset(self) -> None:
        self.measure("asset", ASSET_LIMIT)

    def test_of_a_refused_asset(self) -> None:
        self.measure("asset", ASSET_LIMIT, 409)

    def test_of_device_information(self) -> None:
        self.measure("me", OTHER_LIMIT)

    def test_of_a_refusal(self) -> None:
        self.measure("token", OTHER_LIMIT, 400)

    def test_what_is_larger_is_not_read_to_its_end(self) -> None:
        for endpoint, limit in (("asset", ASSET_LIMIT), ("me", OTHER_LIMIT), ("token", OTHER_LIMIT), ("heartbeat", OTHER_LIMIT)):
            for name in ("numbers as addresses", "one long text", "addresses", "deep lists"):
                body = SHAPES[name](16 << 20)
                self.raw.answers[endpoint] = lambda request, body=body: Answer(http(200, body))  # type: ignore[misc]
                grown, outcome = self.ask(endpoint)
                del self.raw.answers[endpoint]
                assert outcome == "FIO_E_TOO_LARGE"
                assert grown < MOST_KIB


class Again(RawTest):
    def test_a_huge_answer_is_asked_for_again_slowly(self) -> None:
        """At most once in half a minute, since each answer costs its bytes."""
        client = self.paired(clock=self.clock)
        huge = http(200, SHAPES["numbers"](16 << 20))
        self.raw.answers["asset"] = lambda request: Answer(huge)
        upload = client.upload(path=self.media())
        for count in range(1, 4):
            client.drive_until(lambda: len(self.raw.seen("asset")) == count and upload.info().retry_in_ms, step_ms=5)
            info = upload.info()
            assert (info.reason.name if info.reason else None) == "FIO_E_TOO_LARGE"
            assert info.retry_in_ms > 28_500
            # Not a moment earlier.
            self.clock.advance(28_000)
            client.drive(0)
            assert len(self.raw.seen("asset")) == count
            self.clock.advance(upload.info().retry_in_ms)

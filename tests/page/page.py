"""Tests of the page: an emulator, devices that are this project's library, and a person at a browser."""

from __future__ import annotations

import http.client
import json
import os
import shutil
import ssl
import struct
import sys
import time
import zlib
from pathlib import Path
from typing import Any, Callable, Dict, Iterator, Optional
from urllib.parse import urlencode

import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path += [str(ROOT / "tests" / "python"), str(ROOT / "tests" / "c")]

from case import need  # noqa: E402
from support import SECRET, Emulator, RigClient, RigTest  # noqa: E402

import fio_c2c  # noqa: E402
from fio_c2c.operation import Operation  # noqa: E402

from browser import DESKTOP, PATIENCE, PHONE, PROGRAMS, Browser, browser, home, trust  # noqa: E402
from installation import Unavailable  # noqa: E402

# First again: some tests in those folders are called like tests here.
sys.path.insert(0, str(Path(__file__).resolve().parent))

#: Where pictures of the page go, if they are wanted.
PICTURES = os.environ.get("FIO_PAGE_PICTURES")


def authority() -> Path:
    """A directory with the authority that all emulators of this run have, because the browser is told it once."""
    kept = home() / "authority"
    if not kept.exists():
        Emulator("--state", str(kept)).close()
        trust(kept / "ca.pem")
    return kept


def png(width: int, height: int) -> bytes:
    """A picture: bars of colours."""
    def chunk(kind: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))
    bars = [(235, 235, 235), (235, 235, 16), (16, 235, 235), (16, 235, 16), (235, 16, 235), (235, 16, 16), (16, 16, 235)]
    rows = (b"\0" + b"".join(bytes(bars[x * len(bars) // width]) for x in range(width))) * height
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


class PageTest(RigTest):
    """A test with the page open in a browser. At its end the browser must have had nothing to complain about,
    and must have asked nobody but the emulator."""

    # What the console may say, because the test makes it.
    expected_complaint: Optional[str] = None

    @pytest.fixture(autouse=True)
    def page_ready(self, rig_ready: None) -> Iterator[None]:
        for program, package in PROGRAMS.items():
            need(program, package)
        self.service = self.enter(self.emulator())
        try:
            self.browser: Browser = browser()
        except Unavailable as failure:
            pytest.skip(str(failure))
        self.browser.resize(DESKTOP)
        self.browser.complaints(), self.browser.requested()
        self.browser.open(self.service.url)
        self.card = self.scratch()
        yield
        complaints = [text for text in self.browser.complaints() if not self.expected_complaint or self.expected_complaint not in text]
        strangers = [url for url in self.browser.requested() if not url.startswith((f"{self.service.url}/", "data:", "about:"))]
        self.browser.open("about:blank")
        assert (complaints, strangers) == ([], [])

    def emulator(self) -> Emulator:
        state = self.scratch()
        for name in ("ca.pem", "ca.key"):
            shutil.copy(authority() / name, state / name)
        return Emulator("--state", str(state))

    def paired(self, **settings: Any) -> RigClient:
        """A device that has been paired and heard of: until its first heartbeat it counts as offline."""
        client = super().paired(**settings)
        client.heartbeat().wait(PATIENCE)
        return client

    def until(self, condition: Callable[[], Any], client: Optional[RigClient] = None) -> None:
        """Waits until the page shows something, while a device goes on."""
        if client is not None:
            client.drive_until(condition, step_ms=10)
            return
        deadline = time.monotonic() + PATIENCE
        while not condition():
            if time.monotonic() > deadline:
                raise TimeoutError(f"the page does not show it:\n{self.shown()}")

    def shown(self) -> str:
        """The beginning of what can be read."""
        return self.browser.text("main")[:2000]

    def sees(self, css: str, text: str = "", client: Optional[RigClient] = None) -> None:
        """Waits until there is such a thing on the page, with this written in it."""
        try:
            self.until(self.browser.has(css, text), client)
        except TimeoutError as failure:
            raise TimeoutError(f"no {css} with {text!r}:\n{self.shown()}") from failure

    def ask(self, path: str, fields: Dict[str, str], **headers: str) -> Any:
        """A call of a device that somebody wrote in an afternoon; what came back."""
        context = ssl.create_default_context(cafile=self.service.ca_file)
        connection = http.client.HTTPSConnection("127.0.0.1", self.service.port, context=context, timeout=PATIENCE)
        sent = {"Content-Type": "application/x-www-form-urlencoded", **{name.replace("_", "-"): value for name, value in headers.items()}}
        connection.request("POST", path, urlencode({"client_secret": SECRET, **fields}), sent)
        said = connection.getresponse().read()
        connection.close()
        return json.loads(said)

    def ask_for_code(self, client_id: str, **headers: str) -> Any:
        return self.ask("/v2/auth/device/code", {"client_id": client_id, "scope": "offline asset_create"}, **headers)

    def media(self, name: str, content: bytes) -> Path:
        path = self.card / name
        path.write_bytes(content)
        return path

    def picture(self, name: str) -> None:
        """Takes a picture for the manual, if pictures are wanted."""
        if PICTURES is not None:
            self.browser.picture(Path(PICTURES) / name)


__all__ = ["DESKTOP", "Operation", "PHONE", "PageTest", "RigClient", "SECRET", "fio_c2c", "png"]

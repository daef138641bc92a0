#!/usr/bin/env python3
"""A device that does it all wrong, operated in a certification session like any other: it polls faster than it is
told to and laughs at slow_down, sends one refresh token twice, names no firmware version, gives the storage its
token, tells another age of a clip that was refused because of a pause, and hammers. It shows that the bench finds
each of these out.
"""

from __future__ import annotations

import queue
import sys
import threading
from typing import Any
from urllib.parse import urlencode

from bad_requests import Answer, Connection, connect
from operator_protocol import CannotBeDone, Hello, read_hello, serve

CLIENT_ID = "BAD-CLIENT-1"
# So many seconds between attempts at anything, whatever anybody asks for.
HASTE = 0.2
MOST_ATTEMPTS = 200
VERSION = {"x-client-version": "1.0.0"}
DEVICE_GRANT = "urn:ietf:params:oauth:grant-type:device_code"


class BadDevice:
    def __init__(self, hello: Hello) -> None:
        self._hello = hello
        self._service: Connection = connect(hello.url, hello.ca_file)
        self._tokens: dict[str, Any] = {}
        self._asks = threading.Event()
        self._off = threading.Event()
        self._clips: queue.Queue[tuple[str, int] | None] = queue.Queue()
        self._life = threading.Thread(target=self._live, daemon=True)
        self._life.start()

    def close(self) -> None:
        self._off.set()
        self._asks.set()
        self._clips.put(None)
        self._life.join()

    # What somebody does at the device.

    def operate_switch_on(self) -> None:
        self._asks.set()

    def operate_pair(self) -> None:
        self._asks.set()

    def operate_cancel_pairing(self) -> None:
        """It has a button for it, and polls on."""

    def operate_record(self, name: str = "CLIP.mov", bytes: int = 1_000_000) -> None:
        self._clips.put((name, bytes))

    def operate_cut_power(self) -> None:
        raise CannotBeDone("its battery is soldered in")

    # Its life, one thing after the other.

    def _live(self) -> None:
        self._asks.wait()
        if not self._off.is_set():
            self._pair()
        while (clip := self._clips.get()) is not None:
            self._upload(*clip)

    def _wait(self) -> None:
        self._off.wait(HASTE)

    def _form(self, path: str, headers: dict[str, str], **fields: str) -> Answer:
        body = urlencode({"client_id": CLIENT_ID, "client_secret": self._hello.client_secret, **fields})
        return self._service.call("POST", path, {"Content-Type": "application/x-www-form-urlencoded", **headers},
                                  body.encode())

    def _pair(self) -> None:
        """One code after the other, each asked about five times a second."""
        while not self._off.is_set():
            code = self._form("/v2/auth/device/code", {}, scope="asset_create offline").body["device_code"]
            answer = self._poll(code)
            while not self._off.is_set() and answer.body.get("error") in ("authorization_pending", "slow_down"):
                self._wait()
                answer = self._poll(code)
            if answer.status == 200:
                self._tokens = answer.body
                self._service.call("GET", "/v2/devices/me", self._bearer())
                return

    def _poll(self, code: str) -> Answer:
        return self._form("/v2/auth/token", VERSION, grant_type=DEVICE_GRANT, device_code=code)

    def _refresh(self) -> None:
        """Once, and to be quite sure once more."""
        spent = self._tokens["refresh_token"]
        for _ in range(2):
            answer = self._form("/v2/auth/token", VERSION, grant_type="refresh_token", refresh_token=spent)
            if answer.status == 200:
                self._tokens = answer.body

    def _bearer(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self._tokens['access_token']}"}

    def _upload(self, name: str, size: int) -> None:
        offset = 30
        for _ in range(MOST_ATTEMPTS):
            created = self._create(name, size, offset)
            if created.status == 200:
                return self._send_parts(created.body, size)
            if created.status == 401:
                self._refresh()
            if created.status == 409:
                offset = 0  # "Channel Paused", because of its age: then it is as good as new
            self._wait()
            if self._off.is_set():
                return

    def _create(self, name: str, size: int, offset: int) -> Answer:
        fields = {"name": name, "filetype": "video/quicktime", "filesize": size, "offset": offset}
        return self._service.call_json("POST", "/v2/devices/assets", {**VERSION, **self._bearer()}, fields)

    def _send_parts(self, asset: dict[str, Any], size: int) -> None:
        urls = asset["upload_urls"]
        length = -(-size // len(urls))
        for number, url in enumerate(urls):
            part = bytes(min(length, size - number * length))
            headers = {"Content-Type": "video/quicktime", "x-amz-acl": "private"}
            with connect(url, self._hello.ca_file) as storage:
                # The storage refuses what has two kinds of authorization; then the token is left out.
                if storage.call("PUT", url, {**headers, **self._bearer()}, part).status != 200:
                    storage.call("PUT", url, headers, part)


def main() -> int:
    hello = read_hello()
    if hello is not None:
        serve(BadDevice(hello))
    return 0


if __name__ == "__main__":
    sys.exit(main())

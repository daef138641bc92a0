#!/usr/bin/env python3
"""Operates examples-c/camera in a certification session: switches it on and off, pulls its battery, records clips
onto its card, presses its buttons. What the camera says is the evidence that an operation is done.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from pathlib import Path
from typing import Any

from camera import Camera
from device_clock import DeviceClock
from emulator_calls import move_clock
from operator_protocol import CannotBeDone, Hello, read_hello, serve

CLIENT_ID = "CERTIFIED-CAMERA-1"
# The library sends a heartbeat when it has not called the service for 120 s.
IDLE_SECONDS = 130


class CameraAndCard:
    """The device under test, as somebody holds it in their hands."""

    def __init__(self, program: Path, home: Path, hello: Hello, log: Path | None) -> None:
        self._hello = hello
        self._clock = DeviceClock(home)
        self._card = home / "card"
        self._card.mkdir()
        key = home / "key"
        key.write_bytes(os.urandom(32))
        command = [program, "--base-url", hello.url, "--ca-file", hello.ca_file, "--client-id", CLIENT_ID,
                   "--store", home / "store", "--store-key-file", key, "--card", self._card, "--buttons"]
        self._camera = Camera([str(part) for part in command],
                              {"FIO_CLIENT_SECRET": hello.client_secret, **self._clock.environment}, log)
        self._recorded: list[str] = []

    def close(self) -> None:
        self._camera.kill()
        self._clock.close()

    # What somebody may be asked to do; see operator_protocol.

    def operate_switch_on(self) -> None:
        if not self._camera.is_on():
            self._camera.switch_on()
            self._camera.wait_for(self._camera.says("Ready for buttons."))

    def operate_switch_off(self) -> None:
        self._camera.press("off")
        self._camera.wait_for_end()

    def operate_cut_power(self) -> None:
        self._camera.kill()

    def operate_pair(self) -> None:
        """An unpaired camera shows a code by itself, unless somebody has canceled that."""
        since = self._camera.lines_said()
        if self._camera.last_of("Enter ", "Not paired. ", "Paired with ", "Still paired with ") != "Enter ":
            self._camera.press("pair")
            self._camera.wait_for(self._camera.says("Enter "), since)

    def operate_cancel_pairing(self) -> None:
        since = self._camera.press("back")
        self._camera.wait_for(self._camera.says("Not paired. "), since)

    def operate_record(self, name: str = "CLIP.mov", bytes: int = 1_000_000) -> None:
        """The clip gets a name that no other has; the camera uploads it by itself."""
        free = self._free_name(name)
        since = self._camera.lines_said()
        self._write(free, bytes)
        self._recorded.append(free)
        if self._camera.is_on():
            self._camera.wait_for(self._camera.says(f"{free}: "), since)

    def operate_cancel_upload(self, name: str | None = None) -> None:
        clip = self._known_name(name)
        since = self._camera.press(f"cancel {clip}")
        self._camera.wait_for(self._camera.says(f"{clip}: canceled"), since)

    def operate_cancel_all_uploads(self) -> None:
        since = self._camera.press("cancel all")
        self._camera.wait_for(self._camera.says(": canceled"), since)

    def operate_change_network(self) -> None:
        """Nothing to do at this camera: the system joins the other network, and the connections end."""

    def operate_idle(self, seconds: int = IDLE_SECONDS) -> None:
        """Nobody waits for that long: the camera's clock is moved, and the service's with it."""
        if self._clock.can_be_moved:
            move_clock(self._hello, seconds)
            self._clock.move(seconds)

    def _free_name(self, wanted: str) -> str:
        path = Path(wanted)
        names = [path.name, *(f"{path.stem}_{number}{path.suffix}" for number in range(2, 1000))]
        return next(name for name in names if name not in self._recorded)

    def _known_name(self, wanted: str | None) -> str:
        """Names of clips are hints; the newest that was recorded under it is meant, or the newest of all."""
        stem = Path(wanted).stem if wanted is not None else ""
        found = [name for name in self._recorded if name.startswith(stem)]
        if not found:
            raise CannotBeDone(f"no clip {wanted} was recorded")
        return found[-1]

    def _write(self, name: str, size: int) -> None:
        """It has a name with a dot before it until it is whole."""
        unfinished = self._card / f".{name}"
        with unfinished.open("wb") as clip:
            for start in range(0, size, 1 << 20):
                clip.write(os.urandom(min(1 << 20, size - start)))
        unfinished.rename(self._card / name)


def parse(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--camera", type=Path, required=True, help="the program, examples-c/camera")
    parser.add_argument("--log", type=Path, help="a file for what the camera says")
    return parser.parse_args(arguments)


def main(arguments: list[str]) -> int:
    options = parse(arguments)
    hello = read_hello()
    if hello is None:
        return 0
    with tempfile.TemporaryDirectory(prefix="fio-certify-") as home:
        serve(CameraAndCard(options.camera.resolve(), Path(home), hello, options.log))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

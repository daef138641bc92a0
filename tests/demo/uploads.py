"""The demonstration's second half: clips are sent, the power is cut, and the camera goes on where it was."""

from __future__ import annotations

import hashlib
import os
import signal
from pathlib import Path
from typing import Any

from stage import Camera, Checks, Emulator, heading, say

PART_BYTES = 8 << 20
PARALLEL_PARTS = 5  # the library's default
# A network slow enough to cut the power in the middle.
BYTES_PER_SECOND_AND_PART = 6_000_000
CLIPS = {"A001_C001.wav": 3_000_000, "A001_C002.mov": 26_214_401, "A001_C003.mov": 120_000_000, "A001_C004.jpg": 1}
RECORDING = "A001_C005.mp4"
RECORDING_SECONDS = 6
BIG = "A001_C003.mov"


def make_clips(card: Path) -> None:
    card.mkdir()
    for name, size in CLIPS.items():
        (card / name).write_bytes(os.urandom(size))


def switch_on(binary: Path, service: Emulator, home: Path) -> Camera:
    card = home / "card"
    return Camera(binary, service, home, "--record", card / RECORDING, "--seconds", RECORDING_SECONDS,
                  *(card / name for name in CLIPS))


def uploads(service: Emulator) -> dict[str, list[dict[str, Any]]]:
    """What the service has, by name."""
    found: dict[str, list[dict[str, Any]]] = {}
    for upload in service.call("GET", "/emulator/uploads")["uploads"]:
        found.setdefault(upload["name"], []).append(upload)
    return found


def extra(upload: dict[str, Any]) -> int:
    """How many parts of it arrived once more than needed."""
    return sum(max(0, part["times_received"] - 1) for part in upload["parts"])


def show_table(card: Path, found: dict[str, list[dict[str, Any]]]) -> list[str]:
    """Compares every file with what the service has. Returns the names of those that differ."""
    say("  clip              bytes   parts   sent again   sha256 here    sha256 there")
    wrong = []
    for name in [*CLIPS, RECORDING]:
        content = (card / name).read_bytes()
        here = hashlib.sha256(content).hexdigest()
        there = found[name][0] if name in found else {}
        sha256 = there.get("sha256") or "-"
        say(f"  {name}  {len(content):>11,}  {there.get('part_count', 0):>6}  {extra(there) if there else 0:>11}   "
            f"{here[:12]}   {sha256[:12]}")
        if sha256 != here or there["size"] != len(content) or there["state"] != "complete":
            wrong.append(name)
    return wrong


def send_clips(check: Checks, binary: Path, service: Emulator, home: Path) -> None:
    card = home / "card"
    make_clips(card)
    service.fault("part", "throttle", times=1_000_000, bytes_per_second=BYTES_PER_SECOND_AND_PART)
    heading("7. Clips are on the card, and one is being recorded: the camera sends them")
    first = switch_on(binary, service, home)
    try:
        first.tell_until("A001_C002.mov: done")
        first.tell_until("Left: ")
        heading("8. The power is cut in the middle (SIGKILL)")
        ended = first.end(signal.SIGKILL)
    finally:
        first.close()
    cut = uploads(service)
    big, live = cut[BIG][0], cut[RECORDING][0]
    say(f"  The service has {big['parts_stored']} of {big['part_count']} parts of {BIG}.")
    was_in_the_middle = ended == -signal.SIGKILL and big["state"] == live["state"] == "open"
    before = service.requests()[-1]["seq"]
    heading("9. The camera is switched on again: it goes on, also with the recording")
    second = switch_on(binary, service, home)
    try:
        second.tell_until("Everything is sent.")
        status = second.tell_rest()
    finally:
        second.close()
    heading("10. What the service has")
    found = uploads(service)
    wrong = show_table(card, found)
    after = service.requests(since=before)
    again = sum(extra(upload) for assets in found.values() for upload in assets)
    pairings = [one["endpoint"] for one in after if one["endpoint"] in ("code", "token")]
    check(was_in_the_middle, "The power was cut in the middle of a file and of a recording.", (ended, big["state"], live["state"]))
    check(status == 0 and wrong == [], f"All {len(CLIPS) + 1} clips are there, whole: every checksum is equal.", wrong or status)
    check(all(len(assets) == 1 for assets in found.values()), "Each clip is there once.",
          {name: len(assets) for name, assets in found.items()})
    check(again <= PARALLEL_PARTS, f"Parts that had arrived were not sent again; of those on their way when the power went, {again} were.", again)
    check(pairings == [], "No new pairing, no new tokens.", pairings)
    check(service.violations() == [], "No rule of the service was broken.", service.violations())

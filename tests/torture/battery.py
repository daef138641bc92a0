#!/usr/bin/env python3
"""A camera whose battery is pulled at regular intervals, on a slow link that all parts share: it is killed every LIFE
seconds and started again until everything is there, and has sent little twice.

    make torture RATE=2000000 LIFE=20

The link is the loopback of a network namespace with a token bucket; that needs root and iproute2.
"""

from __future__ import annotations

import argparse
import os
import random
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "python"), str(ROOT / "benches")]

import namespace  # noqa: E402
from camera import Camera  # noqa: E402
from fio_c2c.emulator import Emulator  # noqa: E402
from ledger import Ledger  # noqa: E402
from verdict import Verdict, judge  # noqa: E402

# Bytes: two that take several lives, and what else is on a card.
CLIPS = [120_000_000, 90_000_000, 9_000_000, 30_000_000, 400_000, 6_000_000]
MOST_SENT = 1.5
# Of the seconds that the link needs for everything.
PATIENCE = 3


def enter_namespace() -> None:
    """Runs this program again in a network of its own."""
    if os.environ.pop("FIO_BATTERY_NETWORK", None) is None:
        os.execvpe("unshare", ["unshare", "--net", sys.executable, "-B", *sys.argv], {**os.environ, "FIO_BATTERY_NETWORK": "own"})


def make_clips(card: Path, seed: int) -> list[Path]:
    dice = random.Random(seed)
    card.mkdir()
    clips = []
    for number, size in enumerate(CLIPS, 1):
        clips.append(card / f"A{number:03}.mov")
        clips[-1].write_bytes(dice.randbytes(size))
    return clips


def lives(camera: Camera, clips: list[Path], ledger: Ledger, options: argparse.Namespace) -> list[str]:
    """What went wrong until the camera was ready."""
    deadline = time.monotonic() + PATIENCE * sum(CLIPS) / options.rate
    while True:
        camera.start([str(clip) for clip in clips], options.log)
        status = camera.wait(options.life)
        killed = status is None and camera.kill()
        ledger.life_over(killed)
        if camera.alarms:
            return [f"the camera says: {camera.alarms[:5]}"]
        if not killed:
            return [] if not status else [f"the camera ended by itself with status {status}"]
        if time.monotonic() > deadline:
            return [f"the camera is not ready after {ledger.kills} lives: {sorted(camera.done)} are there"]


def report(verdict: Verdict, ledger: Ledger, seconds: float, options: argparse.Namespace) -> None:
    print(f"  files          {len(CLIPS)}; {verdict.bytes_needed:,} bytes over {options.rate:,} bytes a second")
    print(f"  kills          {ledger.kills}, one every {options.life:g} s")
    print(f"  unfinished     {verdict.orphans} assets")
    print(f"  arrived again  {verdict.received_again} parts")
    print(f"  bytes sent     {verdict.bytes_sent:,}, {verdict.bytes_sent / verdict.bytes_needed:.2f} times what was needed (at most {MOST_SENT})")
    print(f"  seconds        {seconds:.0f}; the link alone takes {sum(CLIPS) / options.rate:.0f}")


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--examples", type=Path, default=ROOT / "build" / "bundled", help="where the programs are")
    parser.add_argument("--rate", type=int, default=2_000_000, help="bytes a second")
    parser.add_argument("--life", type=float, default=20.0, help="seconds from a start to the kill")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--log", action="store_true", help="with the library's log")
    options = parser.parse_args(arguments)
    reason = namespace.why_not()
    if reason is not None:
        print(f"SKIPPED: {reason}")
        return 0
    enter_namespace()
    namespace.begin(options.rate * 8, burst=16_000, latency_ms=200)
    with tempfile.TemporaryDirectory(prefix="fio-battery-") as folder:
        home = Path(folder)
        clips = make_clips(home / "card", options.seed)
        with Emulator("--person", "approve", interval=0.2) as service:
            camera, ledger = Camera(options.examples, home, service), Ledger(service)
            began = time.monotonic()
            wrong = lives(camera, clips, ledger, options)
            seconds = time.monotonic() - began
            verdict = judge(service.uploads(), clips, ledger)
    report(verdict, ledger, seconds, options)
    wrong += verdict.wrong
    if verdict.bytes_sent > MOST_SENT * verdict.bytes_needed:
        wrong.append(f"{verdict.bytes_sent:,} bytes were sent")
    for reason in wrong:
        print(f"  WRONG: {reason}")
    if wrong:
        print("\nThe last lives of the camera:\n" + "\n----\n".join(camera.story[-3:]) + "\nFAILED.")
        return 1
    print("Everything is there, once.")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

#!/usr/bin/env python3
"""The demonstration: a camera is paired, renews its tokens, loses power, and is still paired. Then it sends
clips, loses power in the middle, and goes on where it was.

`make demo` runs it with a scripted person, `make demo PERSON=me` leaves the decision to anybody who looks.
It is a test as well: every claim it prints was checked, and it fails if one does not hold.
"""

from __future__ import annotations

import argparse
import itertools
import secrets
import signal
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from stage import PATIENCE, ROOT, Camera, Checks, DemoFailed, Emulator, EmulatorError, heading, say
from uploads import PART_BYTES, send_clips

PROJECT = "Feature A"
CODE_SECONDS = 120
MAX_CODES = 5
PHONE_PORT = 8443

def emulator_arguments(options: argparse.Namespace) -> list[str]:
    arguments = ["--expires-in", str(CODE_SECONDS), "--part-bytes", str(PART_BYTES)]
    if options.person == "script":
        arguments += ["--person", "approve", "--person-after-polls", "2", "--person-project", PROJECT]
    if options.address is not None:
        arguments += ["--listen", f"0.0.0.0:{PHONE_PORT}", "--host", options.address,
                      "--public-url", f"https://{options.address}:{PHONE_PORT}"]
    return arguments


def introduce_service(service: Emulator, options: argparse.Namespace) -> None:
    heading("1. The service starts: an emulator of Frame.io on this computer")
    say(f"  It listens at {service.url}, by TLS only. The camera trusts its CA, which was made just now.")
    if options.person == "script":
        return
    say("\n  You are the person. When the camera shows its code, open this page and decide:\n")
    say(f"      \033[1m{service.pair_url}\033[0m\n")
    say("  Your browser does not know the CA and will warn: that is right, go on all the same.")
    say(f"  To have no warning, import {service.ca_file} as an authority")
    say("  (and remove it afterwards).")
    if options.address is None:
        say("  To scan the QR code with a phone: make demo PERSON=me ADDRESS=<this computer's>")
    else:
        say("  Until the demo ends, everybody in this network can reach the emulator.")


def pair(camera: Camera, options: argparse.Namespace) -> None:
    heading("2. A camera that was never paired is switched on")
    camera.tell_until("Waiting for your decision")
    if options.person == "script":
        heading(f"3. A person enters the code, chooses the project “{PROJECT}” and approves")
        camera.tell_until("Paired with project")
    else:
        heading("3. Your turn")
        camera.tell_until("Paired with project", MAX_CODES * CODE_SECONDS + PATIENCE)
    camera.tell_until("Running.")


def cut_power(camera: Camera) -> None:
    heading("4. The power is cut (SIGKILL)")
    status = camera.end(signal.SIGKILL)
    if status != -signal.SIGKILL:
        raise DemoFailed(f"the camera had ended before: status {status}")
    say("  The camera had no time to save anything. It did not need it.")


def switch_on_again(camera: Camera) -> int:
    heading("5. The camera is switched on again, and off properly")
    camera.tell_until("Still paired with project")
    camera.tell_until("Running.")
    return camera.end(signal.SIGTERM)


def check_all(check: Checks, before: list[dict[str, Any]], after: list[dict[str, Any]], second: Camera,
              status: int) -> None:
    heading("6. What the service saw")
    polls = [one for one in before if one["grant"] == "device_code"]
    pairing = list(itertools.takewhile(lambda one: one["grant"] != "refresh_token", before))
    connections = {one["connection"] for one in pairing}
    refreshes = [one["status"] for one in before + after if one["grant"] == "refresh_token"]
    violations = [(one["endpoint"], one["violations"]) for one in before + after if one["violations"]]
    check(len(polls) >= 1 and polls[-1]["status"] == 200 and all(poll["status"] == 400 for poll in polls[:-1]),
          f"The camera asked until there was a decision ({len(polls)} polls), and then not once more.",
          [poll["status"] for poll in polls])
    check(len(connections) == 1 and [one["endpoint"] for one in pairing if one["endpoint"] != "token"] == ["code", "me"],
          f"One TLS connection carried the pairing: all {len(pairing)} requests of it.", connections)
    check(refreshes == [200], "The tokens were renewed once.", refreshes)
    check([one["endpoint"] for one in after] == ["me"] and not second.said("Enter "),
          "After the power cut the camera asked for its project only: no new code, no new tokens.",
          [one["endpoint"] for one in after])
    check(violations == [], "No rule was broken: pace of polls, version header, where tokens may go.", violations)
    check(status == 0 and second.said("Switched off."), "The camera ended cleanly when it was asked to.", status)


def check_store(check: Checks, home: Path) -> None:
    files = [path for path in (home / "store").rglob("*") if path.is_file()]
    readable = [path.name for path in files if b"token" in path.read_bytes() or path.stat().st_mode & 0o077]
    check(files != [] and readable == [], "The tokens on disk are sealed, in files of the owner only.", readable)


def tell_story(options: argparse.Namespace, service: Emulator, home: Path) -> Checks:
    check = Checks()
    (home / "key").write_bytes(secrets.token_bytes(32))
    introduce_service(service, options)
    first = Camera(options.examples / "camera", service, home)
    try:
        pair(first, options)
        cut_power(first)
    finally:
        first.close()
    before = service.requests()
    second = Camera(options.examples / "camera", service, home)
    try:
        status = switch_on_again(second)
    finally:
        second.close()
    check_all(check, before, service.requests(since=before[-1]["seq"]), second, status)
    check_store(check, home)
    send_clips(check, options.examples / "upload", service, home)
    return check


def parse(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--examples", type=Path, default=ROOT / "build" / "bundled", help="where the programs are")
    parser.add_argument("--interval", type=float, default=2.0, help="seconds between polls (default 2)")
    parser.add_argument("--person", choices=("script", "me"), default="script", help="who decides")
    parser.add_argument("--address", help="this computer's address in the network, for a phone")
    return parser.parse_args(arguments)


def main(arguments: list[str]) -> int:
    options = parse(arguments)
    started = time.monotonic()
    say("\033[1mfio-c2c: a camera and Frame.io, from the first code to the last clip, with power cuts\033[0m")
    try:
        with (tempfile.TemporaryDirectory(prefix="fio-demo-") as home,
              Emulator(*emulator_arguments(options), interval=options.interval) as service):
            check = tell_story(options, service, Path(home))
    except (DemoFailed, EmulatorError) as failure:
        say(f"\n\033[31mThe demo failed: {failure}.\033[0m")
        return 1
    except KeyboardInterrupt:
        say("\nStopped.")
        return 130
    if check.failed:
        say(f"\n\033[31mThe demo failed: {check.failed} of the claims above did not hold.\033[0m")
        return 1
    say(f"\nEverything worked, in {time.monotonic() - started:.0f} s. The programs are examples-c/camera.c")
    say("and upload.c; the shortest is pair.c. With `make demo PERSON=me` the decision is yours.")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

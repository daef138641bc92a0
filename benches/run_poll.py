#!/usr/bin/env python3
"""Compares a token poll through the library with one written by hand in C (peer_poll.c).

    run_poll.py --peer FILE --ours FILE [--library NAME=FILE ...] [--assert]

Both programs are linked to the system's libcurl and poll the same emulator over TLS. Instructions are
counted by callgrind for a short and a long run; their difference, divided by the polls between them, is
one poll without start-up, handshake and pairing. Memory and connections come from runs without valgrind.
"""

from __future__ import annotations

import argparse
import json
import re
import ssl
import subprocess
import sys
import tempfile
import urllib.parse
import urllib.request
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Callable

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "python"))

from fio_c2c.emulator import Emulator  # noqa: E402

INTERVAL_SECONDS = 0.005
# An answer takes its time, as it does in any network: otherwise chance decides whether it is there when
# libcurl looks for the first time, and with it a good thousand instructions.
ANSWER_MS = 5
SHORT, LONG = 100, 600
POLLS_IN_PEACE = 500
MOST_INSTRUCTIONS, MOST_MEMORY, MOST_CONNECTIONS = 1.05, 1.1, 1
MOST_BYTES = {"system": 450_000}
SECRET = "emulator-secret"


class Contestant:
    """One program: how it is started, and how many polls it has made."""

    def __init__(self, name: str, command: Callable[[Emulator], list[str]]) -> None:
        self.name = name
        self._command = command

    def run(self, polls: int, prefix: list[str] | None = None) -> "Result":
        with Emulator("--client-secret", SECRET, interval=INTERVAL_SECONDS) as service:
            service.settings(expires_in=3600)
            # The library stops when the person decides, the peer after as many polls.
            service.person("approve", after_polls=polls)
            service.fault("token", "delay", times=polls + 1, ms=ANSWER_MS)
            command = [*(prefix or []), *self._command(service)]
            command = [part.replace("{polls}", str(polls)) for part in command]
            done = subprocess.run(command, check=True, capture_output=True, text=True)
            seen = [request for request in service.requests() if request.get("client_id") == self.name]
            waited = [request for request in seen if request["oauth_error"] == "authorization_pending"]
            assert len(waited) == polls, f"{self.name}: {len(waited)} polls instead of {polls}"
            return Result(
                instructions=_instructions(done.stderr),
                peak_kib=json.loads(done.stdout)["peak_kib"],
                connections=len({request["connection"] for request in waited}),
                headers=sorted(name for name, _ in waited[-1]["headers"]),
            )


@dataclass
class Result:
    instructions: float
    peak_kib: int
    connections: int
    headers: list[str]


def _instructions(valgrind_says: str) -> int:
    found = re.search(r"Collected : (\d+)", valgrind_says)
    return int(found.group(1)) if found else 0


def measure(contestant: Contestant) -> Result:
    with tempfile.TemporaryDirectory() as scratch:
        callgrind = ["valgrind", "--tool=callgrind", f"--callgrind-out-file={scratch}/out"]
        short, long = (contestant.run(polls, callgrind).instructions for polls in (SHORT, LONG))
    return replace(contestant.run(POLLS_IN_PEACE), instructions=(long - short) / (LONG - SHORT))


def request_code(service: Emulator, fields: dict[str, str]) -> str:
    request = urllib.request.Request(
        service.url + "/v2/auth/device/code", urllib.parse.urlencode(fields).encode(), {"x-client-version": "1.0.0"}
    )
    context = ssl.create_default_context(cafile=service.ca_file)
    with urllib.request.urlopen(request, context=context, timeout=20) as answer:
        return json.load(answer)["device_code"]


def peer_command(binary: str) -> Callable[[Emulator], list[str]]:
    def command(service: Emulator) -> list[str]:
        fields = {"client_id": "peer", "client_secret": SECRET, "scope": "asset_create offline"}
        code = request_code(service, fields)
        interval_us = str(round(INTERVAL_SECONDS * 1_000_000))
        return [binary, service.url, service.ca_file, "peer", SECRET, code, interval_us, "{polls}"]

    return command


def row(name: str, peer: float, ours: float, target: str, is_met: bool) -> bool:
    ratio = f"{ours / peer:.3f}"
    print(f"{name:<28}{peer:>12,.0f}{ours:>12,.0f}{ratio:>8}   {target:<12}{'met' if is_met else 'MISSED'}")
    return is_met


def compare(peer: Result, ours: Result) -> bool:
    print(f"{'one poll of the token':<28}{'C by hand':>12}{'fio-c2c':>12}{'ratio':>8}   target")
    more_instructions, more_memory = ours.instructions / peer.instructions, ours.peak_kib / peer.peak_kib
    met = [
        row("instructions", peer.instructions, ours.instructions, f"<= {MOST_INSTRUCTIONS}", more_instructions <= MOST_INSTRUCTIONS),
        row("peak memory, KiB", peer.peak_kib, ours.peak_kib, f"<= {MOST_MEMORY}", more_memory <= MOST_MEMORY),
        row(f"connections, {POLLS_IN_PEACE} polls", peer.connections, ours.connections, f"{MOST_CONNECTIONS}", ours.connections == MOST_CONNECTIONS),
    ]
    if peer.headers != ours.headers:
        print(f"the requests differ: {peer.headers} and {ours.headers}")
        met.append(False)
    return all(met)


def show_sizes(libraries: list[str]) -> bool:
    print(f"\n{'stripped shared library':<28}{'bytes':>12}   target")
    met = True
    for library in libraries:
        name, _, path = library.partition("=")
        try:
            size = Path(path).stat().st_size
        except FileNotFoundError:
            print(f"{name + ' libcurl':<28}{'not built':>12}")
            continue
        most = MOST_BYTES.get(name)
        judgement = "" if most is None else f"<= {most:,}   {'met' if size <= most else 'MISSED'}"
        met = met and (most is None or size <= most)
        print(f"{name + ' libcurl':<28}{size:>12,}   {judgement}")
    return met


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--peer", required=True, metavar="FILE")
    parser.add_argument("--ours", required=True, metavar="FILE")
    parser.add_argument("--library", action="append", default=[], metavar="NAME=FILE", help="one whose size to show")
    parser.add_argument("--assert", dest="asserts", action="store_true", help="fail if a target is missed")
    options = parser.parse_args()

    peer = measure(Contestant("peer", peer_command(options.peer)))
    ours = measure(Contestant("ours", lambda service: [options.ours, service.url, service.ca_file, "ours", SECRET]))
    met = [compare(peer, ours), show_sizes(options.library)]
    return 1 if options.asserts and not all(met) else 0


if __name__ == "__main__":
    sys.exit(main())

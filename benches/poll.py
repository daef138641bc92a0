"""A token poll through the library beside one written by hand in C (peer_poll.c).

Both poll the same emulator over TLS. Instructions are counted by callgrind for a short and a long run; their
difference, divided by the polls between them, is one poll without start-up, handshake and pairing. Memory
and connections come from runs without valgrind.
"""

from __future__ import annotations

import tempfile
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Callable

from support import SECRET, Emulator, counting, request_code, run
from table import Programs, Table

INTERVAL_SECONDS = 0.005
# An answer takes its time, as it does in any network: otherwise chance decides whether it is there when
# libcurl looks for the first time, and with it a good thousand instructions.
ANSWER_MS = 5
SHORT, LONG = 100, 600
POLLS_IN_PEACE = 500
MOST_INSTRUCTIONS = {"bundled": 1.03, "system": 1.05}
MOST_MEMORY = {"bundled": 0.4, "system": 1.1}
MOST_CONNECTIONS = {"bundled": 1.0, "system": 1.0}


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
            used = run(command)
            seen = [request for request in service.requests() if request.get("client_id") == self.name]
            waited = [request for request in seen if request["oauth_error"] == "authorization_pending"]
            assert len(waited) == polls, f"{self.name}: {len(waited)} polls instead of {polls}"
            return Result(
                instructions=used.instructions,
                peak_kib=used.peak_kib,
                connections=len({request["connection"] for request in waited}),
                headers=sorted(name for name, _ in waited[-1]["headers"]),
            )


@dataclass
class Result:
    instructions: float
    peak_kib: int
    connections: int
    headers: list[str]


def measure(contestant: Contestant) -> Result:
    with tempfile.TemporaryDirectory() as scratch:
        prefix = counting(Path(scratch))
        short, long = (contestant.run(polls, prefix).instructions for polls in (SHORT, LONG))
    return replace(contestant.run(POLLS_IN_PEACE), instructions=(long - short) / (LONG - SHORT))


def peer_command(binary: str) -> Callable[[Emulator], list[str]]:
    def command(service: Emulator) -> list[str]:
        interval_us = str(round(INTERVAL_SECONDS * 1_000_000))
        return [binary, service.url, service.ca_file, "peer", SECRET, request_code(service, "peer"), interval_us, "{polls}"]

    return command


def show(programs: Programs) -> bool:
    peer = measure(Contestant("peer", peer_command(str(programs.peer("poll")))))
    ours = programs.ours("poll", lambda program: measure(
        Contestant("ours", lambda service: [str(program), service.url, service.ca_file, "ours", SECRET])))
    table = Table("one poll of the token", programs.builds)
    met = [
        table.row("instructions", peer.instructions, {build: result.instructions for build, result in ours.items()}, MOST_INSTRUCTIONS),
        table.row("peak memory, KiB", peer.peak_kib, {build: result.peak_kib for build, result in ours.items()}, MOST_MEMORY),
        table.row(f"connections, {POLLS_IN_PEACE} polls", peer.connections, {build: result.connections for build, result in ours.items()},
                  MOST_CONNECTIONS),
    ]
    for build, result in ours.items():
        if peer.headers != result.headers:
            print(f"the requests differ: {peer.headers} by hand and {result.headers} with {build}")
            met.append(False)
    return all(met)

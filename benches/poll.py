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

from support import SECRET, Emulator, counting, judgement, request_code, run

INTERVAL_SECONDS = 0.005
# An answer takes its time, as it does in any network: otherwise chance decides whether it is there when
# libcurl looks for the first time, and with it a good thousand instructions.
ANSWER_MS = 5
SHORT, LONG = 100, 600
POLLS_IN_PEACE = 500
MOST_INSTRUCTIONS, MOST_MEMORY, MOST_CONNECTIONS = 1.05, 1.1, 1


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


def row(name: str, peer: float, ours: float, target: str, is_met: bool) -> bool:
    ratio = f"{ours / peer:.3f}"
    print(f"{name:<28}{peer:>12,.0f}{ours:>12,.0f}{ratio:>8}   {target:<12}{judgement(is_met)}")
    return is_met


def show(programs: Path) -> bool:
    peer = measure(Contestant("peer", peer_command(str(programs / "peer_poll"))))
    binary = str(programs / "ours_poll")
    ours = measure(Contestant("ours", lambda service: [binary, service.url, service.ca_file, "ours", SECRET]))
    print(f"\n{'one poll of the token':<28}{'C by hand':>12}{'fio-c2c':>12}{'ratio':>8}   target")
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

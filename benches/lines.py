"""Lines that hold: what is lost by beginning with one part and looking, against five at once from the beginning.

The library with nothing set, beside the C program by hand of weak.py (peer_parts.c) with five parts at once, each as
large as the service makes them: over loopback, and over long lines (peer_relay.c, in user space: a rate that all connections
share, and a delay). Both in turn, the fastest of each. The library also pairs and asks for its presigned URLs in that time.
"""

from __future__ import annotations

import socket
import subprocess
import tempfile
import time
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Iterator

from support import SECRET, Emulator, judgement, list_of_parts, scratch_directory, sparse_file

LEAST = 0.98
AT_ONCE = 5


@dataclass(frozen=True)
class Line:
    name: str
    size: int
    # Bits a second; 0 as fast as it goes.
    rate: int
    round_trip_ms: int
    rounds: int


LINES = [
    Line("loopback, 2 GB", 2_000_000_000, 0, 0, 5),
    Line("1 Gbit/s, 50 ms, 2 GB", 2_000_000_000, 1_000_000_000, 50, 3),
    Line("20 Mbit/s, 50 ms, 100 MB", 100_000_000, 20_000_000, 50, 1),
]


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def _service(line: Line, relay: Path) -> Iterator[Emulator]:
    """An emulator whose storage is at the other end of the line."""
    arguments = ["--client-secret", SECRET, "--storage", "discard"]
    if line.round_trip_ms == 0:
        with Emulator(*arguments, interval=0.02) as service:
            yield service
        return
    port = _free_port()
    between = subprocess.Popen([str(relay), str(port), str(line.rate / 8), str(line.round_trip_ms)], stdout=subprocess.PIPE, text=True)
    assert between.stdout is not None
    try:
        near = int(between.stdout.readline())
        arguments += ["--storage-listen", f"127.0.0.1:{port}", "--storage-url", f"https://127.0.0.1:{near}"]
        with Emulator(*arguments, interval=0.02) as service:
            yield service
    finally:
        between.kill()
        between.wait()
        between.stdout.close()


def _seconds(command: list[str], service: Emulator, size: int) -> float:
    began = time.monotonic()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    seconds = time.monotonic() - began
    (upload,) = service.uploads()
    assert (upload["state"], upload["size"] or upload["filesize"]) == ("complete", size), upload
    service.call("DELETE", "/emulator/uploads")
    return seconds


def _peer(service: Emulator, clip: Path, scratch: Path, peer: Path) -> list[str]:
    return [str(peer), service.ca_file, str(AT_ONCE), str(list_of_parts(service, [clip], scratch))]


def measure(line: Line, ours: Path, peer: Path, relay: Path) -> tuple[float, float]:
    """Seconds of the program by hand, and of the library."""
    found: tuple[list[float], list[float]] = ([], [])
    with tempfile.TemporaryDirectory(dir=scratch_directory()) as folder, _service(line, relay) as service:
        scratch = Path(folder)
        service.person("approve", after_polls=0)
        clip = sparse_file(scratch / "clip.mov", line.size)
        for turn in range(line.rounds):
            found[0].append(_seconds(_peer(service, clip, scratch, peer), service, line.size))
            # A store of its own: nothing is known of the line.
            command = [str(ours), service.url, service.ca_file, f"ours-{turn}", SECRET, str(scratch / f"store-{turn}"), str(clip)]
            found[1].append(_seconds(command, service, line.size))
    return min(found[0]), min(found[1])


def show(ours: Path, peer: Path, relay: Path) -> bool:
    print(f"\n{'MB/s on lines that hold':<32}{f'{AT_ONCE} at once':>12}{'fio-c2c':>12}{'ratio':>8}   target", flush=True)
    met = []
    for line in LINES:
        by_hand, library = measure(line, ours, peer, relay)
        ratio = by_hand / library
        met.append(ratio >= LEAST)
        print(f"{line.name:<32}{line.size / 1e6 / by_hand:>12,.1f}{line.size / 1e6 / library:>12,.1f}{ratio:>8.3f}   "
              f"{f'>= {LEAST}':<10}{judgement(met[-1])}", flush=True)
    return all(met)

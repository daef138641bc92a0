#!/usr/bin/env python3
"""Links that break: how long clips take with nothing set, against the best of many fixed settings.

Each cell is a link: a rate, for how long it carries, and for how long it does not; either everything is reset
then ("cut"), or nothing arrives and nobody is told ("silent"). The library goes over it with its defaults. Beside
it, each in a network namespace of its own and at the same time, a C program by hand (peer_parts.c) sends the same
files with fixed settings: so many parts at once, each so large. What is compared is the time until all has arrived,
to that of the fastest of them. One that is not ready when the library is has been slower, and is stopped.

The fixed settings begin with their presigned URLs; the library pairs and asks for its own in the time that counts.
It needs root and iproute2; without them it says so and is skipped.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import threading
import time
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Callable

import namespace
from support import SECRET, Emulator, judgement, list_of_parts, scratch_directory, sparse_file

MOST = 1.25
BURST, LATENCY_MS = 16_000, 300
# Parts at once, and MB of each: as a vendor would set them once for all networks.
FIXED = [(1, 5.5), (1, 16), (2, 5.5), (4, 5.5), (4, 16)]
# A library that does not come to an end in so many times what the link could do has failed.
PATIENCE = 4
SAMPLE = 1.0


@dataclass(frozen=True)
class Cell:
    megabits: float
    up: float
    down: float
    breaks: str
    # MB
    files: tuple[float, ...]

    def __str__(self) -> str:
        files = f"{len(self.files)} x {self.files[0]:g} MB" if len(self.files) > 1 else f"{self.files[0]:g} MB"
        return f"{self.megabits:g} Mbit/s, {self.up:g} s up, {self.down:g} s {self.breaks}, {files}"

    def shortest(self) -> float:
        """Seconds the link needs if nothing is lost."""
        busy = sum(self.files) * 8 / self.megabits
        return busy + self.down * (busy // self.up)


# Those of one row run at the same time: together they are as much as two processors encrypt and decrypt with ease.
CELLS = [
    [Cell(0.5, 60, 5, "cut", (2.5,) * 4), Cell(1, 60, 5, "silent", (20,)), Cell(2, 30, 3, "cut", (40,)), Cell(8, 12, 12, "silent", (50,))],
    [Cell(20, 20, 4, "cut", (250,))],
    [Cell(50, 10, 5, "silent", (400,))],
]


class Link(threading.Thread):
    """Breaks and comes back until it is ended."""

    def __init__(self, cell: Cell, service: Emulator) -> None:
        super().__init__(daemon=True)
        self._cell = cell
        self._service = service
        self._is_over = threading.Event()
        # Seconds of the clock at which it went away, and came back.
        self.outages: list[list[float]] = []

    def run(self) -> None:
        while not self._is_over.wait(self._cell.up):
            self.outages.append([time.monotonic()])
            self._away()
            ended = self._is_over.wait(self._cell.down)
            self._back()
            self.outages[-1].append(time.monotonic())
            if ended:
                return

    def end(self) -> None:
        self._is_over.set()
        self.join()

    def _away(self) -> None:
        if self._cell.breaks == "silent":
            namespace.swallow()
        else:
            self._service.network("down")

    def _back(self) -> None:
        if self._cell.breaks == "silent":
            namespace.carry(_rate(self._cell), BURST, LATENCY_MS)
        else:
            self._service.network("up")


def _rate(cell: Cell) -> int:
    return int(cell.megabits * 1e6)


def play(cell: Cell, program: Path, fixed: list[float] | None, has_picture: bool) -> dict[str, Any]:
    """One run, in this namespace: until it is over, or standard input is closed."""
    namespace.begin(_rate(cell), BURST, LATENCY_MS)
    with tempfile.TemporaryDirectory(dir=scratch_directory()) as folder, \
            Emulator("--client-secret", SECRET, "--storage", "discard", interval=0.5) as service:
        scratch = Path(folder)
        service.person("approve", after_polls=0)
        clips = [sparse_file(scratch / f"clip-{number}.mov", int(size * 1e6)) for number, size in enumerate(cell.files)]
        if fixed is None:
            command = [str(program), service.url, service.ca_file, "ours", SECRET, str(scratch / "store"), *map(str, clips)]
        else:
            command = [str(program), service.ca_file, f"{fixed[0]:.0f}", str(list_of_parts(service, clips, scratch, fixed[1]))]
        link = Link(cell, service)
        began = time.monotonic()
        link.start()
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        stopper = threading.Thread(target=_stop_when_told, args=(process,), daemon=True)
        stopper.start()
        samples = []
        while process.poll() is None and time.monotonic() - began < PATIENCE * cell.shortest():
            if has_picture:
                samples.append([time.monotonic() - began, _arrived(service)])
            with suppress(subprocess.TimeoutExpired):
                process.wait(SAMPLE)
        seconds = time.monotonic() - began
        if has_picture:
            samples.append([seconds, _arrived(service)])
        is_ready = process.poll() == 0
        process.kill()
        process.wait()
        link.end()
        uploads = service.uploads()
        complete = {upload["name"] for upload in uploads if upload["state"] == "complete"}
        return {
            "seconds": seconds if is_ready and len(complete) == len(clips) else None,
            "received": sum(part["bytes_received"] for upload in uploads for part in upload["parts"]) / (sum(cell.files) * 1e6),
            "samples": samples,
            "outages": [[at - began for at in outage] for outage in link.outages],
        }


def _arrived(service: Emulator) -> list[list[int]]:
    """Of each part: its size, how often it arrived, and all bytes that came for it."""
    return [[part["size"], part["times_received"], part["bytes_received"]] for upload in service.uploads() for part in upload["parts"]]


def _stop_when_told(process: "subprocess.Popen[bytes]") -> None:
    sys.stdin.read()
    if process.poll() is None:
        process.kill()


class Run:
    """One in a namespace of its own."""

    def __init__(self, cell: Cell, program: Path, fixed: tuple[float, float] | None, has_picture: bool = False) -> None:
        self.fixed = fixed
        order = json.dumps({"cell": asdict(cell), "program": str(program), "fixed": fixed, "has_picture": has_picture})
        self._process = subprocess.Popen(["unshare", "--net", sys.executable, "-B", __file__, order],
                                         stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def stop(self) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()

    def result(self) -> dict[str, Any]:
        assert self._process.stdout is not None and self._process.stdin is not None
        said = self._process.stdout.read()
        if not self._process.stdin.closed:
            self._process.stdin.close()
        if self._process.wait() != 0:
            raise RuntimeError(f"a run ended with {self._process.returncode}")
        return json.loads(said)


def _race(cell: Cell, ours: Path, peer: Path, has_picture: bool) -> tuple[dict[str, Any], list[tuple[tuple[float, float], dict[str, Any]]]]:
    own = Run(cell, ours, None, has_picture)
    others = [Run(cell, peer, fixed) for fixed in FIXED]
    found = own.result()
    for other in others:
        other.stop()
    return found, [(other.fixed, other.result()) for other in others if other.fixed is not None]


def show(ours: Path, peer: Path, picture: Callable[[str, dict[str, Any]], None] | None = None) -> bool:
    reason = namespace.why_not()
    if reason is not None:
        print(f"\nSKIPPED: {reason}")
        return True
    print(f"\n{'a link that breaks':<52}{'best fixed':>24}{'fio-c2c':>10}{'ratio':>8}{'sent':>7}   target", flush=True)
    met = []
    for row in CELLS:
        results: dict[Cell, Any] = {}

        def race(cell: Cell) -> None:
            results[cell] = _race(cell, ours, peer, picture is not None and cell == PICTURED)

        races = [threading.Thread(target=race, args=(cell,)) for cell in row]
        for one in races:
            one.start()
        for one in races:
            one.join()
        for cell in row:
            met.append(_show(cell, *results[cell]))
            if picture is not None and cell == PICTURED:
                picture(str(cell), results[cell][0])
    print("seconds until everything has arrived; sent: bytes the storage received for each byte of the files; of the fixed settings,\n"
          "parts at once x MB of each: " + ", ".join(f"{at_once} x {size:g}" for at_once, size in FIXED))
    return all(met)


PICTURED = CELLS[0][2]


def _show(cell: Cell, own: dict[str, Any], others: list[tuple[tuple[float, float], dict[str, Any]]]) -> bool:
    ready = [(found["seconds"], fixed) for fixed, found in others if found["seconds"] is not None]
    best = min(ready, default=None)
    seconds = own["seconds"]
    is_met = seconds is not None and (best is None or seconds <= MOST * best[0])
    against = "none before" if best is None else f"{best[0]:.0f} ({best[1][0]} x {best[1][1]:g})"
    ratio = "" if best is None or seconds is None else f"{seconds / best[0]:.2f}"
    took = "NEVER" if seconds is None else f"{seconds:.0f}"
    print(f"{str(cell):<52}{against:>24}{took:>10}{ratio:>8}{own['received']:>7.2f}   {f'<= {MOST}':<10}{judgement(is_met)}", flush=True)
    return is_met


if __name__ == "__main__":
    ordered = json.loads(sys.argv[1])
    ordered["cell"]["files"] = tuple(ordered["cell"]["files"])
    print(json.dumps(play(Cell(**ordered["cell"]), Path(ordered["program"]), ordered["fixed"], ordered["has_picture"])))

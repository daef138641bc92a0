"""What a step costs with few and with very many uploads in the queue, and how long a client takes to start.

Each queue is filled through the library (one small file, queued so many times more than are sent) into a
directory store. Then a client with that store sends 40 uploads one after the other (opened, created, sent,
confirmed, written down, forgotten) while the others wait behind them; and, the queue being paused, is driven
1,000 times with nothing to do. Both are instructions by callgrind, the upload's also those in the library's
own code alone, without libcurl, TLS and the C library, which cost the same however long the queue is.
"""

from __future__ import annotations

import re
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Callable

from support import SECRET, Emulator, judgement, run, scratch_directory

LENGTHS = (10, 1_000, 100_000)
ROUNDS, WARM, UPLOADS = 1_000, 5, 40
STARTS = 3
ANSWER_MS = 5  # see poll.py
MOST_GROWTH, MOST_START_SECONDS = 1.2, 2.0


@dataclass
class Cost:
    """Instructions, and seconds."""

    upload: float
    own: float
    idle: float
    start: float


def _own_instructions(dump: Path) -> int:
    """Those in the library's own code: the lines of the functions of its object, without their calls."""
    own = total = 0
    names: dict[str, str] = {}
    is_own = is_call = False
    for line in dump.read_text().splitlines():
        named = re.match(r"c?ob=(\(\d+\))(?: (.*))?", line)
        if named:
            number, name = named.groups()
            if name:
                names[number] = name
            if line.startswith("ob="):
                is_own = "libfio_c2c" in names[number]
        elif line.startswith("calls="):
            is_call = True
        elif line[:1] in "+-*0123456789" and line:
            cost = int(line.split()[1]) if " " in line else 0
            if not is_call:
                total += cost
                own += cost if is_own else 0
            is_call = False
    assert total == _total(dump), f"{dump}: {total} instructions in its lines, {_total(dump)} in its total"
    return own


def _total(dump: Path) -> int:
    found = re.search(r"^totals: (\d+)$", dump.read_text(), re.MULTILINE)
    assert found is not None, dump
    return int(found.group(1))


def measure(program: Path, length: int) -> Cost:
    with tempfile.TemporaryDirectory(dir=scratch_directory()) as scratch, \
            Emulator("--client-secret", SECRET, "--storage", "discard", interval=0.005) as service:
        service.person("approve", after_polls=0)
        place = Path(scratch)
        (place / "clip.mov").write_bytes(b"x" * 4096)
        arguments = [service.url, service.ca_file, "ours", SECRET, str(place / "store")]
        run([str(program), "fill", *arguments, str(place / "clip.mov"), str(length + WARM + UPLOADS)])
        starts = [run([str(program), "start", *arguments]).answer for _ in range(STARTS)]
        assert all(start["uploads"] == length + WARM + UPLOADS for start in starts), starts
        for endpoint in ("asset", "part"):
            service.fault(endpoint, "delay", times=1_000, ms=ANSWER_MS, processed=True)
        subprocess.run(
            ["valgrind", "--tool=callgrind", "--instr-atstart=no", f"--callgrind-out-file={place / 'out'}",
             str(program), "step", *arguments, str(ROUNDS), str(WARM), str(UPLOADS)],
            check=True, capture_output=True,
        )
        rounds, uploads = place / "out.1", place / "out.2"
        return Cost(
            upload=_total(uploads) / UPLOADS,
            own=_own_instructions(uploads) / UPLOADS,
            idle=_total(rounds) / ROUNDS,
            start=min(start["seconds"] for start in starts),
        )


def show(programs: Path) -> bool:
    costs = [measure(programs / "ours_queue", length) for length in LENGTHS]
    print(f"\n{'uploads waiting':<28}" + "".join(f"{length:>12,}" for length in LENGTHS) + f"{'ratio':>8}   target")

    def row(name: str, figure: Callable[[Cost], float]) -> bool:
        figures = [figure(cost) for cost in costs]
        ratio = max(figures) / min(figures)
        is_met = ratio <= MOST_GROWTH
        print(f"{name:<28}" + "".join(f"{value:>12,.0f}" for value in figures)
              + f"{ratio:>8.3f}   {f'<= {MOST_GROWTH}':<12}{judgement(is_met)}")
        return is_met

    met = [
        row("one upload, instructions", lambda cost: cost.upload),
        row("  in the library itself", lambda cost: cost.own),
        row("fio_drive, nothing to do", lambda cost: cost.idle),
    ]
    starts = [cost.start for cost in costs]
    met.append(starts[-1] <= MOST_START_SECONDS)
    print(f"{'start of a client, seconds':<28}" + "".join(f"{value:>12.4f}" for value in starts)
          + f"{'':>8}   {f'<= {MOST_START_SECONDS:g}':<12}{judgement(met[-1])}")
    print(f"start: least of {STARTS}, records in {scratch_directory() or 'a directory on disk'}")
    return all(met)

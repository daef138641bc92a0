"""A cold start: from the process to the first answer of the service, beside a program by hand (peer_start.c).

Instructions of the whole process by callgrind, the dynamic linker's and the TLS handshake's among them: what a
camera pays between its power switch and the code on its screen. Handshakes differ by chance (the lengths of
signatures), so the medians of several runs are compared. A device may trust one authority, or those of the system.
"""

from __future__ import annotations

import statistics
import tempfile
from pathlib import Path

from connection import authorities
from crowd import SYSTEM_BUNDLE
from support import SECRET, Emulator, Usage, counting, run
from table import Programs, Table

RUNS = 3
ANSWER_MS = 5  # see poll.py
MOST_INSTRUCTIONS = {"bundled": 0.3, "system": 1.1}


def _start(program: Path, service: Emulator, ca_file: str, prefix: list[str]) -> Usage:
    service.fault("code", "delay", times=1, ms=ANSWER_MS)
    used = run([*prefix, str(program), service.url, ca_file, program.name, SECRET])
    assert len(used.answer["user_code"]) == 6, used.answer
    return used


def _median_instructions(program: Path, service: Emulator, ca_file: str) -> float:
    with tempfile.TemporaryDirectory() as scratch:
        prefix = counting(Path(scratch))
        return statistics.median(_start(program, service, ca_file, prefix).instructions for _ in range(RUNS))


def show(programs: Programs) -> bool:
    table = Table("cold start to the first answer", programs.builds)
    met = []
    with Emulator("--client-secret", SECRET) as service:
        for bundle in [False, True] if SYSTEM_BUNDLE.is_file() else [False]:
            with authorities(service, bundle) as ca_file:
                def instructions(program: Path) -> float:
                    return _median_instructions(program, service, ca_file)

                def peak_kib(program: Path) -> int:
                    return _start(program, service, ca_file, []).answer["peak_kib"]

                peer = programs.peer("start")
                of = f", {Path(ca_file).read_text().count('-----BEGIN CERTIFICATE-----')} authorities" if bundle else ""
                met.append(table.row(f"instructions{of}", instructions(peer), programs.ours("start", instructions), MOST_INSTRUCTIONS))
                table.row("  peak memory, KiB", peak_kib(peer), programs.ours("start", peak_kib))
    return all(met)

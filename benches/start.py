"""A cold start: from the process to the first answer of the service, beside a program by hand (peer_start.c).

Instructions of the whole process by callgrind, the dynamic linker's and the TLS handshake's among them: what a
camera pays between its power switch and the code on its screen. Handshakes differ by chance (the lengths of
signatures), so the medians of several runs are compared.
"""

from __future__ import annotations

import statistics
import tempfile
from pathlib import Path

from support import SECRET, Emulator, Usage, counting, judgement, run

RUNS = 3
ANSWER_MS = 5  # see poll.py
MOST_INSTRUCTIONS = 1.1


def _start(program: Path, service: Emulator, prefix: list[str]) -> Usage:
    service.fault("code", "delay", times=1, ms=ANSWER_MS)
    used = run([*prefix, str(program), service.url, service.ca_file, program.name, SECRET])
    assert len(used.answer["user_code"]) == 6, used.answer
    return used


def _median_instructions(program: Path, service: Emulator) -> float:
    with tempfile.TemporaryDirectory() as scratch:
        return statistics.median(_start(program, service, counting(Path(scratch))).instructions for _ in range(RUNS))


def show(programs: Path) -> bool:
    with Emulator("--client-secret", SECRET) as service:
        peer, ours = (_median_instructions(programs / name, service) for name in ("peer_start", "ours_start"))
        peer_kib, ours_kib = (_start(programs / name, service, []).answer["peak_kib"] for name in ("peer_start", "ours_start"))
    print(f"\n{'cold start to the first answer':<30}{'C by hand':>12}{'fio-c2c':>12}{'ratio':>8}   target")
    is_met = ours / peer <= MOST_INSTRUCTIONS
    print(f"{'instructions':<30}{peer:>12,.0f}{ours:>12,.0f}{ours / peer:>8.3f}   <= {MOST_INSTRUCTIONS:<9}{judgement(is_met)}")
    print(f"{'peak memory, KiB':<30}{peer_kib:>12,}{ours_kib:>12,}{ours_kib / peer_kib:>8.3f}")
    return is_met

#!/usr/bin/env python3
"""Runs every test of the project and says what could not be run.

Two steps run side by side where there are two processors (FIO_JOBS says how many); what measures runs alone.
What a step says is printed when it is over. A step that needs a package which is not installed is skipped
and counted, with the package's name. With FIO_NO_SKIPS=1 a skip is a failure. At the end are the steps by the
time they took, one line with the command that installs everything that is missing, if tests were skipped, and
`N passed, N failed, N skipped`.

    check.py [WORD ...]       only the steps whose names contain one of the words, and what they need
    check.py --packages       the packages of Debian that the tests need, a line each
    check.py --rust           the parts of Rust that they need beside the compiler, as rustup calls them
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from dataclasses import dataclass
from typing import Iterable, Optional

import packages
from steps import ROOT, Step, steps

NO_SKIPS = os.environ.get("FIO_NO_SKIPS") == "1"
JOBS = int(os.environ.get("FIO_JOBS") or min(2, os.cpu_count() or 1))


@dataclass
class Outcome:
    # None: the step could not be run.
    code: Optional[int]
    skipped: list[str]
    seconds: float
    output: str


def _run(step: Step) -> Outcome:
    missing = [package for package, is_there in step.needs if not is_there]
    if missing:
        return Outcome(None, [f"needs {', '.join(missing)}"], 0, f"SKIPPED: needs {', '.join(missing)}\n")
    start = time.monotonic()
    with tempfile.TemporaryFile("w+", errors="replace") as said:
        code = subprocess.run(step.command, cwd=ROOT, env={**os.environ, **step.environment}, check=False,
                              stdin=subprocess.DEVNULL, stdout=said, stderr=subprocess.STDOUT).returncode
        said.seek(0)
        output = said.read()
    # A test inside the step that was skipped says why; it counts like a skipped step.
    skipped = [found[2] for found in re.finditer(r"^SKIPPED(?: \[(\d+)\] \S+?)?: (.*)", output, re.M) for _ in range(int(found[1] or 1))]
    return Outcome(code, skipped, time.monotonic() - start, output)


class Schedule:
    """Which step may begin: those it comes after are over, and nothing runs beside one that runs alone."""

    def __init__(self, chosen: Iterable[Step]) -> None:
        self._waiting = list(chosen)
        self._running: list[Step] = []
        self._changed = threading.Condition()
        self.outcomes: dict[str, Outcome] = {}

    def _may_begin(self, step: Step) -> bool:
        unfinished = {other.name for other in [*self._waiting, *self._running]}
        if unfinished.intersection(step.after):
            return False
        return not self._running if step.alone else not any(other.alone for other in self._running)

    def _next(self) -> Optional[Step]:
        """Waits for a step that may begin; None when there is none left. A step that runs alone goes last, so
        that the others are not held up."""
        with self._changed:
            while self._waiting:
                found = next((step for step in self._waiting if self._may_begin(step)), None)
                if found is not None:
                    self._waiting.remove(found)
                    self._running.append(found)
                    print(f"=== {found.name}", flush=True)
                    return found
                self._changed.wait()
            return None

    def work(self) -> None:
        while (step := self._next()) is not None:
            outcome = _run(step)
            with self._changed:
                self._running.remove(step)
                self.outcomes[step.name] = outcome
                result = "skipped" if outcome.code is None else "ok" if outcome.code == 0 else f"FAILED ({outcome.code})"
                print(f"\n>>> {step.name}\n{outcome.output}--- {step.name}: {result}, {outcome.seconds:.0f} s\n", flush=True)
                self._changed.notify_all()


def _chosen(words: list[str]) -> list[Step]:
    """The steps with one of the words in their names, and what those come after."""
    every = steps()
    wanted = {step.name for step in every if not words or any(word in step.name for word in words)}
    for step in reversed(every):
        if step.name in wanted:
            wanted.update(step.after)
    return [step for step in every if step.name in wanted]


def _by_time(outcomes: list[tuple[str, Outcome]]) -> str:
    """The steps that ran, slowest first."""
    ran = sorted(((outcome.seconds, name) for name, outcome in outcomes if outcome.code is not None), reverse=True)
    return "".join(f"{seconds:7.0f} s  {name}\n" for seconds, name in ran)


def main() -> int:
    if sys.argv[1:] in (["--packages"], ["--rust"]):
        print("\n".join(packages.DEBIAN if sys.argv[1] == "--packages" else packages.RUST))
        return 0
    start = time.monotonic()
    chosen = _chosen(sys.argv[1:])
    schedule = Schedule(chosen)
    workers = [threading.Thread(target=schedule.work) for _ in range(max(1, JOBS))]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()

    outcomes = [(step.name, schedule.outcomes[step.name]) for step in chosen]
    skipped = [f"{name}: {reason}" for name, outcome in outcomes for reason in outcome.skipped]
    failures = [name for name, outcome in outcomes if outcome.code not in (None, 0)]
    passed = sum(outcome.code == 0 for _, outcome in outcomes)
    print(f"steps by time:\n{_by_time(outcomes)}", end="")
    for reason, times in Counter(skipped).items():
        print(f"skipped: {reason}" + (f" ({times} tests)" if times > 1 else ""))
    for name in failures:
        print(f"failed: {name}")
    failed = len(failures)
    if skipped and NO_SKIPS:
        print("skips are not allowed in this run")
        failed += len(skipped)
    install = packages.command(skipped) if skipped else ""
    if install:
        print(f"to install what was missing: {install}")
    print(f"{time.monotonic() - start:.0f} s")
    print(f"{passed} passed, {failed} failed, {len(skipped)} skipped")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())

#!/usr/bin/env python3
"""The guard of the binary interface: `make abi-check` and `make abi-baseline`.

    guard.py check      compares the header with what was promised (tests/abi/*.abi, docs/symbols.md), and the
                        library with the header, for each processor; says in words what breaks whom
    guard.py baseline   makes the header as it is now the promise

FIO_ABI_TARGETS names the processors, each with its C compiler: "triple=compiler triple=compiler".
"""

from __future__ import annotations

import sys
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Sequence

from abigail import differences
from changes import Changes, compare_constants, compare_library, compare_shapes
from libraries import HEADER, describe_header, describe_library, header_of, read_header
from shapes import read_shapes
from symbols import TABLE, Symbol, read_table, render, stale, symbols_of, wrong_since
from tools import ROOT, TARGETS, Missing, Target

RENEW = "make abi-baseline"


@dataclass
class Verdict:
    changes: Changes = field(default_factory=Changes)
    # How the library is not what the header says.
    unlike: list[str] = field(default_factory=list)
    # What is not recorded yet, or is recorded wrongly.
    stale: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)

    @property
    def is_good(self) -> bool:
        return not (self.changes.breaks or self.unlike or self.stale or self.wrong)

    def __str__(self) -> str:
        lines = [str(found) + "\n" for found in self.changes.breaks]
        if self.changes.breaks:
            lines.append(f"{len(self.changes.breaks)} of these changes would break programs that are in the field. "
                         f"If that is meant, docs/abi.md says what it takes; `{RENEW}` records it.")
        lines += self.unlike
        if self.unlike:
            lines.append(f"The library is not what {HEADER} says: run `make header`, then this again.")
        lines += [f"Compatible: {what}." for what in self.changes.growth]
        lines += self.wrong
        if self.wrong:
            lines.append("Correct the documentation of the function in the sources, and run `make header`.")
        lines += self.stale
        if (self.stale or self.changes.growth) and not self.changes.breaks:
            lines.append(f"Run `{RENEW}` and commit what it writes.")
        return "\n".join(lines)


def check_header(tree: Path, targets: Sequence[Target] = TARGETS) -> Verdict:
    """The header against what was promised. No Rust is compiled for this."""
    verdict = Verdict()
    for target in targets:
        baseline = tree / target.baseline
        if not baseline.exists():
            verdict.stale.append(f"{target.baseline} is not there")
            continue
        described = describe_header(tree, target)
        compare_shapes(read_shapes(baseline.read_text(), as_declared=True), read_shapes(described, as_declared=True),
                       target.name, verdict.changes)
        with tempfile.TemporaryDirectory() as folder:
            now = Path(folder) / f"{target.name}.abi"
            now.write_text(described)
            report = differences(baseline, now, verdict.changes.grown)
        if report and not verdict.changes.breaks:
            verdict.changes.broke("other", HEADER, target.name, *report.splitlines())
    table, header = _table(tree), header_of(tree)
    promised = {symbol.name: symbol.value for symbol in table.values() if symbol.kind == "constant"}
    compare_constants(promised, header.values, verdict.changes)
    verdict.stale += stale(table, header)
    verdict.wrong += wrong_since(table, header)
    return verdict


def check_library(tree: Path, targets: Sequence[Target] = TARGETS) -> list[str]:
    """The library against the header: as the machine sees them they must be the same."""
    unlike = []
    declared = header_of(tree).values
    for target in targets:
        made = describe_library(tree, target)
        unlike += compare_library(read_shapes(made.description), read_shapes(describe_header(tree, target)), target.name)
        for name, value in read_header(made.header).values.items():
            if declared.get(name) != value:
                words = f"{name} is {value} in the sources and {declared.get(name, 'not there')} in the header"
                unlike += [words] if words not in unlike else []
    return unlike


def write_baseline(tree: Path, targets: Sequence[Target] = TARGETS) -> None:
    for target in targets:
        (tree / target.baseline).write_text(describe_header(tree, target))
    (tree / TABLE).write_text(render(symbols_of(header_of(tree), _table(tree))))


def _table(tree: Path) -> dict[str, Symbol]:
    path = tree / TABLE
    return read_table(path.read_text()) if path.exists() else {}


def main(arguments: list[str]) -> int:
    if arguments not in (["check"], ["baseline"]):
        print(__doc__, file=sys.stderr)
        return 2
    try:
        verdict = check_header(ROOT)
        verdict.unlike = check_library(ROOT)
        if arguments == ["check"]:
            print(str(verdict) or f"The interface is as promised: {', '.join(target.name for target in TARGETS)}.")
            return 0 if verdict.is_good else 1
        if verdict.unlike or verdict.wrong:
            print(verdict)
            return 1
        for accepted in verdict.changes.breaks:
            print(f"Accepted although it breaks programs: {accepted}\n")
        write_baseline(ROOT)
        print(f"Written: {', '.join([*(target.baseline for target in TARGETS), TABLE])}")
        return 0
    except Missing as missing:
        print(missing, file=sys.stderr)
        return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

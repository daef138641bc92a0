"""Tables of the benchmarks: the library in each of its builds beside the program by hand."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Callable, Mapping, TypeVar

from support import judgement

T = TypeVar("T")


@dataclass
class Programs:
    """Where the compiled programs are: those by hand, and those with the library, by its build."""

    by_hand: Path
    builds: Mapping[str, Path]

    def peer(self, name: str) -> Path:
        return self.by_hand / f"peer_{name}"

    def ours(self, name: str, measure: Callable[[Path], T]) -> dict[str, T]:
        """What a program comes to with each build."""
        return {build: measure(folder / f"ours_{name}") for build, folder in self.builds.items()}


class Table:
    """Its head is printed at once. A figure's target is its ratio to the program by hand."""

    def __init__(self, title: str, builds: Mapping[str, Path]) -> None:
        self._builds = list(builds)
        columns = "".join(f"{build:>12}{'ratio':>8}" for build in self._builds)
        print(f"\n{title:<32}{'C by hand':>12}{columns}   target", flush=True)

    def row(self, name: str, peer: float, ours: Mapping[str, float], most: Mapping[str, float] | None = None, form: str = ",.0f") -> bool:
        """Whether every build with a target meets it."""
        columns = "".join(f"{ours[build]:>12{form}}{ours[build] / peer:>8.3f}" for build in self._builds)
        wanted = {build: (most or {})[build] for build in self._builds if build in (most or {})}
        is_met = all(ours[build] <= bound * peer for build, bound in wanted.items())
        target = ", ".join(f"{build} <= {bound}" for build, bound in wanted.items())
        print(f"{name:<32}{peer:>12{form}}{columns}   {f'{target} {judgement(is_met)}' if wanted else ''}".rstrip(), flush=True)
        return is_met

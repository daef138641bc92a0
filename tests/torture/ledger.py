"""The service's log of a whole run, and which requests may have been in vain: those that a fault struck, and
those that were under way when the camera was killed."""

from __future__ import annotations

from collections import Counter
from typing import Any

from fio_c2c.emulator import Emulator

# Entries get their answers later; those of so many lives are read once more.
LIVES_READ_AGAIN = 4
# What a kill is named after, the rarer first, if it was under way.
PHASES = {"token": "in a refresh or a poll", "code": "in a pairing", "me": "asking for the project",
          "asset": "making an asset", "realtime_parts": "announcing parts", "part": "only sending parts"}


def is_faulted(entry: dict[str, Any]) -> bool:
    """Slowness is no fault."""
    return entry["fault"] not in (None, "throttle", "delay")


class Ledger:
    def __init__(self, service: Emulator) -> None:
        self._service = service
        self.entries: dict[int, dict[str, Any]] = {}
        self._ends: list[int] = [0]  # the last entry of each life
        self._life_of: dict[int, int] = {}  # by connection
        self._killed: set[int] = set()
        self.phases: Counter[str] = Counter()
        self.clock_jumps = 0

    @property
    def kills(self) -> int:
        return len(self._killed)

    def life_over(self, was_killed: bool) -> None:
        life = len(self._ends)
        self._read(self._ends[max(0, life - LIVES_READ_AGAIN)])
        new = [entry for seq, entry in self.entries.items() if seq > self._ends[-1]]
        for entry in new:
            self._life_of.setdefault(entry["connection"], life)
        self._ends.append(max(self.entries, default=0))
        if was_killed:
            self._killed.add(life)
            self.phases[self._phase(new)] += 1

    def _read(self, since: int) -> None:
        for entry in self._service.requests(since=since):
            self.entries[entry["seq"]] = entry

    def _phase(self, entries: list[dict[str, Any]]) -> str:
        under_way = {entry["endpoint"] for entry in entries if not entry["status"] and not is_faulted(entry)}
        if not entries:
            return "before the first request"
        return next((name for phase, name in PHASES.items() if phase in under_way), "between requests")

    def was_killed(self, entry: dict[str, Any]) -> bool:
        return self._life_of.get(entry["connection"]) in self._killed

    def faults(self) -> Counter[str]:
        return Counter(entry["endpoint"] for entry in self.entries.values() if is_faulted(entry))

    def by_part(self) -> dict[tuple[str, int], list[dict[str, Any]]]:
        found: dict[tuple[str, int], list[dict[str, Any]]] = {}
        for entry in self.entries.values():
            if entry["endpoint"] == "part" and entry["asset"] is not None:
                found.setdefault((entry["asset"], entry["part"]), []).append(entry)
        return found

    def refused(self) -> dict[tuple[str, int], int]:
        """The parts whose URL had expired, and the last request that was told so."""
        return {(entry["asset"], entry["part"]): seq for seq, entry in sorted(self.entries.items())
                if entry["endpoint"] == "part" and entry["status"] == 403}

    def creations(self) -> dict[str, dict[str, Any]]:
        """The request that made each asset."""
        return {entry["asset"]: entry for entry in self.entries.values() if entry["endpoint"] == "asset" and entry["asset"]}

    def in_vain(self) -> set[int]:
        """Requests whose answer may not have reached the camera, or not have been saved by it: struck by a
        fault, or the last of their connection in a life that ended by a kill."""
        last: dict[int, int] = {}
        for seq, entry in self.entries.items():
            last[entry["connection"]] = max(seq, last.get(entry["connection"], 0))
        cut = {seq for seq in last.values() if self.was_killed(self.entries[seq])}
        return cut | {seq for seq, entry in self.entries.items() if is_faulted(entry)}

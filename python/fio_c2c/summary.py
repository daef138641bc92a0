"""The checklist over several sessions: a row is broken if one of them broke it, and fulfilled if one fulfilled it."""

from __future__ import annotations

import json
from typing import Any, Dict, List, Mapping

from .checklist import Checklist, Row

#: Which status of a row outweighs which.
ORDER = ("broken", "denied", "fulfilled", "confirmed", "not_applicable", "ask_the_engineer", "not_exercised")


class Summary:
    """The checklists of sessions, such as tests, by their names."""

    def __init__(self, sessions: Mapping[str, Checklist]) -> None:
        self._sessions = sessions
        #: Each row as each session has it.
        self.rows: Dict[str, Dict[str, Row]] = {}
        for session, checklist in sessions.items():
            for row in checklist:
                self.rows.setdefault(row.name, {})[session] = row

    def status(self, row: str) -> str:
        """How a row stands over all of them."""
        return min((found.status for found in self.rows[row].values()), key=ORDER.index)

    def names(self, status: str) -> List[str]:
        """The rows that stand so."""
        return [name for name in self.rows if self.status(name) == status]

    def __str__(self) -> str:
        counts = {status: len(self.names(status)) for status in ORDER}
        told = ", ".join(f"{count} {status.replace('_', ' ')}" for status, count in counts.items() if count)
        return f"{told or 'nothing'} in {len(self._sessions)} sessions"

    def text(self) -> str:
        """For people: what is broken with its requests, and for each row the sessions that decide it."""
        lines = [f"Integrator checklist: {self}"]
        for status in ORDER:
            names = self.names(status)
            lines += ["", f"{status.replace('_', ' ').upper()}: {len(names)}"]
            for name in names:
                decisive = {session: row for session, row in self.rows[name].items() if row.status == status}
                lines += ["", f"  {name}", f"    {next(iter(decisive.values())).requirement}"]
                if status in ORDER[:4]:
                    lines += [_indented(session, row) for session, row in decisive.items()]
        return "\n".join([*lines, ""])

    def json(self) -> str:
        """For machines."""
        rows = [{"name": name, "status": self.status(name), "requirement": next(iter(found.values())).requirement,
                 "sessions": {session: _told(row) for session, row in found.items()}} for name, found in self.rows.items()]
        return json.dumps({"sessions": list(self._sessions), "rows": rows}, indent=2, ensure_ascii=False) + "\n"


def _indented(session: str, row: Row) -> str:
    return "\n        ".join("\n".join([f"    in {session}", *map(str, row.breaches)]).split("\n"))


def _told(row: Row) -> Dict[str, Any]:
    breaches = [{"device": breach.device, "why": breach.why, "requests": breach.requests} for breach in row.breaches]
    return {"status": row.status, "kept": row.kept, "broken": row.broken, "breaches": breaches, "answer": row.answer}

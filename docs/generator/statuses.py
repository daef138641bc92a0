"""What the manual says of each status beside the words of `troubleshooting.md`: its number, what the header
says, what `fio_status_advice` answers, and whether a retry is worth it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Mapping

# One row of the table in src/status.rs, from which the library takes its texts.
_ROW = re.compile(r'^    (FIO_OK|FIO_E_\w+) (Never|Later|Slowly|AfterPairing) "([^"]*)" "([^"]*)"$', re.M)
_RETRIES = {
    "Never": "a retry only when something else was changed",
    "Later": "a retry is worth it, later",
    "Slowly": "a retry is worth it, at long intervals; a person may have to act first",
    "AfterPairing": "a retry only after a new pairing",
}
_HEADING = re.compile(r"^### (FIO_OK|FIO_E_\w+)$", re.M)


@dataclass(frozen=True)
class Texts:
    """What the library itself says of a status."""

    retry: str
    summary: str
    advice: str


class Missing(Exception):
    """A status without an explanation, or an explanation without a status."""


def texts(source: Path) -> dict[str, Texts]:
    return {name: Texts(*rest) for name, *rest in _ROW.findall(source.read_text(encoding="utf-8"))}


def explained(page: str, numbers: Mapping[str, int], meanings: Mapping[str, str], library: Mapping[str, Texts]) -> str:
    """The page with what is known of each status below its heading."""
    found = _HEADING.findall(page)
    wrong = set(found) ^ set(numbers) | {name for name in found if found.count(name) > 1} | set(numbers) ^ set(library)
    if wrong:
        raise Missing(f"not exactly once in the header, in src/status.rs and in troubleshooting.md: {', '.join(sorted(wrong))}")

    def with_facts(heading: re.Match[str]) -> str:
        name = heading[1]
        said = library[name]
        advice = re.sub(r"https://[\w:]+", r"`\g<0>`", said.advice)
        return (f"{heading[0]}\n\n> **{numbers[name]}** {meanings[name]}\n>\n"
                f"> In a message: “{said.summary}”. Advice: “{advice}” `fio_error.retry`: {_RETRIES[said.retry]}.")
    return _HEADING.sub(with_facts, page)

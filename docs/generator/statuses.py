"""What the manual says of each status beside the words of `troubleshooting.md`: its number, what the header
says, what `fio_status_advice` answers, and whether a retry is worth it."""

from __future__ import annotations

import re
from typing import Sequence

from interface import Constant

_RETRIES = {
    "Never": "a retry only when something else was changed",
    "Later": "a retry is worth it, later",
    "Slowly": "a retry is worth it, at long intervals; a person may have to act first",
    "AfterPairing": "a retry only after a new pairing",
}
_HEADING = re.compile(r"^### (FIO_OK|FIO_E_\w+)$", re.M)


class Missing(Exception):
    """A status without an explanation, or an explanation without a status."""


def explained(page: str, statuses: Sequence[Constant]) -> str:
    """The page with what is known of each status below its heading."""
    known = {status.name: status for status in statuses}
    found = _HEADING.findall(page)
    wrong = set(found) ^ set(known) | {name for name in found if found.count(name) > 1}
    wrong |= {status.name for status in statuses if not status.advice}
    if wrong:
        raise Missing(f"not exactly once in the header, in core/src/status.rs and in troubleshooting.md: {', '.join(sorted(wrong))}")

    def with_facts(heading: re.Match[str]) -> str:
        status = known[heading[1]]
        meaning = " ".join(status.text.split())
        advice = re.sub(r"https://[\w:]+", r"`\g<0>`", status.advice)
        return (f"{heading[0]}\n\n> **{status.value}** {meaning}\n>\n"
                f"> In a message: “{status.message}”. Advice: “{advice}” `fio_error.retry`: {_RETRIES[status.retry]}.")
    return _HEADING.sub(with_facts, page)

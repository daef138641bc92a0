"""How the devices of an emulator stand to the integrator checklist."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Dict, Iterable, Iterator, List, Optional

#: The answers that fulfil and break a row, beside what was seen.
GOOD = ("fulfilled", "confirmed")
BAD = ("broken", "denied")


class ChecklistBroken(AssertionError):
    """A row of the checklist is broken, or is not fulfilled and should be."""


@dataclass(frozen=True)
class Breach:
    """How a device broke a row."""

    device: str
    why: str
    #: The requests that show it, secrets masked; the last one broke the row.
    requests: List[Dict[str, Any]]

    @property
    def culprit(self) -> Dict[str, Any]:
        """The request that broke it."""
        return self.requests[-1]

    def __str__(self) -> str:
        return "\n".join([f"{self.device}: {self.why}", *(f"  {quoted(request)}" for request in self.requests)])


@dataclass(frozen=True)
class Row:
    """One requirement."""

    name: str
    requirement: str
    reference: str
    #: Whether the emulator can see it at all, or only ask.
    observable: bool
    #: broken, fulfilled, not_exercised or ask_the_engineer; confirmed, denied or not_applicable if he has answered.
    status: str
    #: How often it was seen kept, and broken.
    kept: int
    broken: int
    breaches: List[Breach]
    questions: List[str]
    #: What the engineer said: answer, note and date.
    answer: Optional[Dict[str, Any]]

    @classmethod
    def of(cls, row: Dict[str, Any]) -> "Row":
        """One as the emulator tells it."""
        breaches = [Breach(breach["device"], breach["why"], breach["requests"]) for breach in row["breaches"]]
        return cls(row["name"], row["requirement"], row["reference"], row["observable"], row["status"], row["kept"],
                   row["broken"], breaches, row["questions"], row["answer"])

    def __str__(self) -> str:
        about = [f"{self.name} is {self.status}: {self.requirement}", *(f"? {question}" for question in self.questions)]
        if self.answer is not None:
            about.append(f"= {self.answer['answer']}: {self.answer['note'] or 'no note'}")
        return "\n  ".join("\n".join([*about, *map(str, self.breaches)]).split("\n"))


class Checklist:
    """The checklist at one moment. ``checklist["polling_pace"]`` is a row, iterating gives all of them."""

    def __init__(self, report: Dict[str, Any]) -> None:
        #: As the emulator told it.
        self.report = report
        self.rows = {row["name"]: Row.of(row) for row in report["rows"]}
        #: The status of each row that says something about a device, by device and row.
        self.devices: Dict[str, Dict[str, str]] = report["devices"]

    def __getitem__(self, name: str) -> Row:
        return self.rows[name]

    def __iter__(self) -> Iterator[Row]:
        return iter(self.rows.values())

    def names(self, *status: str) -> List[str]:
        """The names of the rows with one of these statuses."""
        return [row.name for row in self.rows.values() if row.status in status]

    @property
    def broken(self) -> List[Row]:
        """The rows that a device broke, or that the engineer denied."""
        return [row for row in self.rows.values() if row.status in BAD]

    def assert_clean(self, *fulfilled: str, may_break: Iterable[str] = ()) -> None:
        """Raises ChecklistBroken, with the requests that did it, if a row is broken that may not be; and if one of
        those that are named is not fulfilled."""
        allowed = [self.rows[name].name for name in may_break]
        broken = [row for row in self.broken if row.name not in allowed]
        wrong = broken + [self.rows[name] for name in fulfilled if self.rows[name].status not in (*GOOD, *BAD)]
        if wrong:
            short = ", ".join(f"{row.name} is {row.status}" for row in wrong)
            raise ChecklistBroken("\n".join([f"checklist: {short}", *map(str, wrong)]))

    def __str__(self) -> str:
        summary = sorted(self.report["summary"].items(), key=lambda counted: counted[0] not in BAD)
        counts = ", ".join(f"{count} {status.replace('_', ' ')}" for status, count in summary if count)
        return "\n".join([counts, *map(str, self.broken)])


def quoted(request: Dict[str, Any]) -> str:
    """A request of the log, or of a breach, on one line."""
    if "method" not in request:
        return f"request {request['seq']} (not in the log any more)"
    told: List[Any] = ["no answer" if request["status"] is None else request["status"], request["oauth_error"]]
    answer = " ".join(str(word) for word in told if word is not None)
    fault = f", ordered fault: {request['fault']}" if request["fault"] else ""
    violations = "".join(f" [{violation}]" for violation in request.get("violations", ()))
    return (f"request {request['seq']} at {request['time']:.3f} s: {request['method']} {request['path']}: "
            f"{answer}{fault}{violations}")

"""What include/fio_c2c.h says: its functions, their parameters and what their documentation promises."""

from __future__ import annotations
import re
from dataclasses import dataclass, field

from harness import HEADER


@dataclass
class Parameter:
    type: str
    name: str
    text: str

    @property
    def is_pointer(self) -> bool:
        return self.type.endswith("*") or self.type.endswith("_cb")


@dataclass
class Function:
    result: str
    name: str
    parameters: list[Parameter]
    headings: dict[str, str]
    statuses: set[str] = field(default_factory=set)


def _comment(text: str) -> tuple[dict[str, str], dict[str, str]]:
    """The `@param`s and the headings (`Returns:` and so on) of a documentation comment."""
    lines = [re.sub(r"^ \* ?", "", line) for line in text.splitlines()]
    parameters: dict[str, str] = {}
    headings: dict[str, str] = {}
    current: tuple[dict[str, str], str] | None = None
    for line in lines:
        parameter = re.match(r"@param (\w+)\s+(.*)", line)
        heading = re.match(r"(Returns|Ends with|Callbacks|Blocking|Signals|Threads|Secrets|Since):\s+(.*)", line)
        if parameter:
            current = (parameters, parameter.group(1))
            parameters[parameter.group(1)] = parameter.group(2)
        elif heading:
            current = (headings, heading.group(1))
            headings[heading.group(1)] = heading.group(2)
        elif current is not None and line.startswith(" ") and line.strip():
            current[0][current[1]] += " " + line.strip()
        else:
            current = None
    return parameters, headings


def functions() -> list[Function]:
    text = HEADER.read_text()
    found: list[Function] = []
    pattern = r"/\*\*\n(?P<doc>(?: \*.*\n)*?) \*/\nFIO_API\n(?P<result>[\w ]+?[ *]+)(?P<name>fio_\w+)\((?P<list>[^;]*)\);"
    for match in re.finditer(pattern, text):
        described, headings = _comment(match["doc"])
        parameters = []
        for part in match["list"].split(","):
            part = " ".join(part.split())
            if part == "void":
                continue
            split = re.match(r"(.*?[ *])(\w+)$", part)
            assert split is not None, part
            parameters.append(Parameter(split[1].strip(), split[2], described.get(split[2], "")))
        found.append(Function(match["result"].strip(), match["name"], parameters, headings))
    for function in found:
        returns = function.headings["Returns"]
        same = re.match(r"as `(\w+)`", returns)
        if same:
            returns = next(other for other in found if other.name == same[1]).headings["Returns"]
        function.statuses = set(re.findall(r"\bFIO_(?:OK|E_\w+)\b", returns))
    return found


def statuses() -> dict[str, int]:
    found = re.findall(r"^#define (FIO_OK|FIO_E_\w+) \(?(-?\d+)\)?$", HEADER.read_text(), re.M)
    return {name: int(value) for name, value in found}

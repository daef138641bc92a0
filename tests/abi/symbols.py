"""docs/symbols.md: every name of the header, what it is, and the version it came with."""

from __future__ import annotations
import re
from dataclasses import dataclass

from header_text import Header

TABLE = "docs/symbols.md"

INTRODUCTION = """# Symbols

Every name of [`include/fio_c2c.h`](../include/fio_c2c.h) and the version of the library it came with. What is
here stays: see [`abi.md`](abi.md). `make abi-baseline` writes this page, and `make abi-check` compares it with
the header.

A field that came later is there if `struct_size` says so:
`info->struct_size >= offsetof(fio_upload_info, field) + sizeof info->field`.

| symbol | kind | value | since |
| --- | --- | --- | --- |
"""


@dataclass(frozen=True)
class Symbol:
    name: str
    kind: str
    # Of a constant, otherwise empty.
    value: str
    since: str

    def __str__(self) -> str:
        return f"| `{self.name}` | {self.kind} | {self.value} | {self.since} |"


def read_table(text: str) -> dict[str, Symbol]:
    rows = re.findall(r"^\| `([\w.]+)` \| ([\w ]+) \| (.*?) ?\| (\S+) \|$", text, re.M)
    return {row[0]: Symbol(*row) for row in rows}


def symbols_of(header: Header, known: dict[str, Symbol]) -> dict[str, Symbol]:
    """A function says itself since when it is there. The others came with the version that first listed them."""
    found: dict[str, Symbol] = {}

    def add(kind: str, names: list[str]) -> None:
        for name in names:
            since = known[name].since if name in known else header.version
            found[name] = Symbol(name, kind, header.constants.get(name, ""), header.since.get(name, since))

    add("function", list(header.functions))
    add("callback", header.callbacks)
    add("handle", header.handles)
    for struct, fields in header.structs.items():
        add("struct", [struct])
        add("field", [f"{struct}.{name}" for name in fields])
    add("type", header.types)
    add("constant", list(header.constants))
    add("macro", header.macros)
    return found


def render(symbols: dict[str, Symbol]) -> str:
    return INTRODUCTION + "".join(f"{symbol}\n" for symbol in symbols.values())


def stale(table: dict[str, Symbol], header: Header) -> list[str]:
    """What the table says otherwise than the header. Constants that vanished or changed are no such case."""
    current = symbols_of(header, table)
    found = [f"{TABLE} does not list {name}" for name in current if name not in table]
    found += [f"{TABLE} lists {name}, which the header does not declare" for name in table
              if name not in current and table[name].kind != "constant"]
    for name, symbol in current.items():
        listed = table.get(name, symbol)
        if listed.kind != symbol.kind:
            found.append(f"{TABLE} calls {name} a {listed.kind}, and it is a {symbol.kind}")
    return found


def wrong_since(table: dict[str, Symbol], header: Header) -> list[str]:
    """History is not rewritten, and what is new came with this version."""
    found = []
    for name, since in header.since.items():
        right = table[name].since if name in table else header.version
        if since != right:
            found.append(f"{name} says `Since: {since}`, but it came with {right}")
    return found

"""docs/symbols.md: every name of the header, what it is, and the version it came with."""

from __future__ import annotations
import re
from dataclasses import dataclass

from interface import Interface

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


def symbols_of(interface: Interface, known: dict[str, Symbol]) -> dict[str, Symbol]:
    """A function says itself since when it is there. The others came with the version that first listed them."""
    found: dict[str, Symbol] = {}
    values = interface.values
    says = {function.name: function.since for function in interface.functions if function.since}

    def add(kind: str, names: list[str]) -> None:
        for name in names:
            since = known[name].since if name in known else interface.version
            found[name] = Symbol(name, kind, values.get(name, ""), says.get(name, since))

    add("function", interface.exports)
    add("callback", [callback.name for callback in interface.callbacks])
    add("handle", [handle.name for handle in interface.handles])
    for struct in interface.structs:
        add("struct", [struct.name])
        add("field", [f"{struct.name}.{field.name}" for field in struct.fields])
    add("type", [type_.name for type_ in interface.types])
    add("constant", list(values))
    add("macro", [macro.name for macro in interface.macros])
    return found


def render(symbols: dict[str, Symbol]) -> str:
    return INTRODUCTION + "".join(f"{symbol}\n" for symbol in symbols.values())


def stale(table: dict[str, Symbol], interface: Interface) -> list[str]:
    """What the table says otherwise than the header. Constants that vanished or changed are no such case."""
    current = symbols_of(interface, table)
    found = [f"{TABLE} does not list {name}" for name in current if name not in table]
    found += [f"{TABLE} lists {name}, which the header does not declare" for name in table
              if name not in current and table[name].kind != "constant"]
    for name, symbol in current.items():
        listed = table.get(name, symbol)
        if listed.kind != symbol.kind:
            found.append(f"{TABLE} calls {name} a {listed.kind}, and it is a {symbol.kind}")
    return found


def wrong_since(table: dict[str, Symbol], interface: Interface) -> list[str]:
    """History is not rewritten, and what is new came with this version."""
    found = []
    for function in interface.functions:
        right = table[function.name].since if function.name in table else interface.version
        if function.since and function.since != right:
            found.append(f"{function.name} says `Since: {function.since}`, but it came with {right}")
    return found

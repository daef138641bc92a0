"""The interface as input for Doxygen: every symbol with its group, and with the names in its text as links.

The comments of the header follow a template of their own (`Returns:`, `Callbacks:`, `Blocking:` and so on as headings). Here
they become Doxygen's commands.
"""

from __future__ import annotations

import re
from typing import Iterator

import groups
from interface import Constant, Function, Interface, Parameter, Struct, Symbol
from links import Links


class Undocumented(Exception):
    """The header has something that the manual could not show."""


def links_of(interface: Interface) -> Links:
    return Links([symbol.name for symbol in _symbols(interface)],
                 {struct.name: [field.name for field in struct.fields] for struct in interface.structs})


def for_doxygen(interface: Interface, links: Links) -> str:
    """A header of the same declarations, with comments that Doxygen understands."""
    symbols = list(_symbols(interface))
    bare = [symbol.name for symbol in symbols if not symbol.text]
    bare += [f"{struct.name}.{field.name}" for struct in interface.structs for field in struct.fields if not field.text]
    if bare:
        raise Undocumented(f"no comment above {', '.join(bare)}")
    return "\n".join([f"/** @file fio_c2c.h\n@brief The library in C. */\n{groups.definitions()}\n",
                      *(f"{_comment(symbol, links)}\n{_declaration(symbol, links)}\n" for symbol in symbols)])


def introduction(interface: Interface) -> str:
    """What the header says before everything else, as Markdown: from the picture in short on."""
    body = interface.introduction.split("The picture in short:", 1)[1].strip("\n")
    body = re.sub(r"\b(fio_\w+(?:\(\))?|FIO_[A-Z_]+\b)", r"`\1`", body)
    return body.replace("Rules that hold everywhere:", "## Rules that hold everywhere")


def _symbols(interface: Interface) -> Iterator[Symbol]:
    """What has a comment of its own."""
    for macro in interface.macros:
        if macro.name.startswith("FIO_VERSION"):
            # The comment of FIO_VERSION is that of its numbers, too.
            yield Constant(macro.name, macro.value, macro.text or "One number of `FIO_VERSION`.")
    for kind in (interface.constants, interface.handles, interface.types, interface.structs, interface.callbacks, interface.functions):
        yield from kind


def _comment(symbol: Symbol, links: Links) -> str:
    group = groups.group_of(symbol.name)
    if group is None:
        raise Undocumented(f"{symbol.name} has no place in the manual: add it to docs/generator/groups.py")
    lines = [symbol.text]
    if isinstance(symbol, Function):
        lines += ["", *(_parameter(parameter) for parameter in symbol.parameters if parameter.text)]
        lines += ["", *(f"@return {text}" if heading == "Returns" else f"@par {heading}\n{text}" for heading, text in symbol.headings.items())]
    return f"/**\n@ingroup {group}\n{links.in_text(chr(10).join(lines))}\n*/"


def _parameter(parameter: Parameter) -> str:
    direction = "" if parameter.direction == "in" else f"[{parameter.direction}]"
    return f"@param{direction} {parameter.name} {parameter.text}"


def _declaration(symbol: Symbol, links: Links) -> str:
    if not isinstance(symbol, Struct):
        return symbol.declaration
    fields = [f"    /** {links.in_text(field.text)} */\n    {field.declaration};\n" for field in symbol.fields]
    return f"typedef struct {symbol.name} {{\n{''.join(fields)}}} {symbol.name};"

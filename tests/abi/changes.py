"""What changed in the interface, in words: what exactly, why that breaks a vendor, and what to do instead."""

from __future__ import annotations

import textwrap
from dataclasses import dataclass, field
from typing import Optional

from shapes import Shapes, Struct

# For each kind of change: what happened, why it breaks somebody, what to do instead.
EXPLANATIONS = {
    "function removed": (
        "is gone",
        "A program that was linked with it does not start any more, because the dynamic linker does not find it, "
        "and its sources do not compile any more.",
        "Keep it, even if all it does is to call its successor or to answer FIO_E_UNSUPPORTED, and let its "
        "documentation say what to call instead."),
    "function changed": (
        "has other arguments or another result",
        "A compiled program goes on passing the arguments of the earlier header: the library would take them from "
        "other registers or another place on the stack. Nothing notices before it goes wrong.",
        "Leave it as it is and add a function with a new name; the old one can call the new one."),
    "callback changed": (
        "has other arguments or another result",
        "The functions of compiled programs expect the arguments of the earlier header: the library would call them "
        "with others.",
        "Leave it as it is. Append a field to the struct that the callback is given, or add a new callback type and "
        "a new function that takes it."),
    "type changed": (
        "stands for something else",
        "Compiled programs pass it with its earlier width and sign, alone and inside structs.",
        "Leave it as it is and add a type with a new name, and functions that use it."),
    "struct changed": (
        "has another layout",
        "Compiled programs read each field at the place where the earlier header had it: they would read something "
        "else and not know it. Under another name or type, their sources do not compile any more.",
        "Leave every field where it is, with its name and type; one that is not needed any more stays and is "
        "documented as such. New fields go to the very end (not into the padding there: struct_size must grow)."),
    "struct without struct_size grew": (
        "has grown, but does not begin with struct_size",
        "A program compiled with the new header cannot tell whether the library it meets is older and has no such "
        "field: it would read behind the end.",
        "Put the field at the end of a struct that begins with struct_size, or give it by a new function."),
    "constant removed": (
        "is gone",
        "Sources that name it do not compile any more, and compiled programs still use its number.",
        "Keep it, also if the library does not use it any more: a number is never free again."),
    "constant changed": (
        "has another value",
        "The old number is inside compiled programs, in their logs and in what they have stored: they would take "
        "one thing for another.",
        "Keep the number, and give the new meaning a new constant with a number that was never used."),
    "other": (
        "changed in a way that only abidiff describes",
        "Compiled programs, or sources, may depend on what was there before.",
        "Take the change back; docs/abi.md says what may change. Another soname is another promise: "
        "then record it with `make abi-baseline`."),
}


@dataclass
class Break:
    kind: str
    name: str
    # What exactly changed, for each processor on which it did.
    details: dict[str, list[str]] = field(default_factory=dict)

    def __str__(self) -> str:
        happened, why, instead = EXPLANATIONS[self.kind]
        lines = [f"{self.name} {happened}."]
        places: dict[str, list[str]] = {}
        for place, details in self.details.items():
            places.setdefault("\n".join(details), []).append(place)
        for details_text, names in places.items():
            lines += [f"    {', '.join(names)}: {line}" for line in details_text.splitlines()]
        for heading, text in (("Why it breaks a vendor", why), ("Instead", instead)):
            lines.append(textwrap.fill(f"{heading}: {text}", 110, initial_indent="  ", subsequent_indent="    "))
        return "\n".join(lines)


@dataclass
class Changes:
    breaks: list[Break] = field(default_factory=list)
    # What is new and hurts nobody, in words.
    growth: list[str] = field(default_factory=list)
    # Structs with fields that were added properly.
    grown: list[str] = field(default_factory=list)

    def broke(self, kind: str, name: str, place: str, *details: str) -> None:
        found = next((other for other in self.breaks if (other.kind, other.name) == (kind, name)), None)
        if found is None:
            found = Break(kind, name)
            self.breaks.append(found)
        found.details.setdefault(place, []).extend(details)

    def grew(self, what: str) -> None:
        if what not in self.growth:
            self.growth.append(what)


def compare_shapes(before: Shapes, now: Shapes, place: str, changes: Changes) -> None:
    """Everything that the header declared before must still be there as it was; both are as declared."""
    for name, signature in before.functions.items():
        if name not in now.functions:
            changes.broke("function removed", name, place, f"it was {signature}")
        elif now.functions[name] != signature:
            changes.broke("function changed", name, place, f"it was {signature}, it is {now.functions[name]}")
    for name, meaning in before.types.items():
        is_now = now.types.get(name, "gone")
        if is_now != meaning:
            kind = "callback changed" if meaning.startswith("callback") else "type changed"
            changes.broke(kind, name, place, f"it was {meaning}, it is {is_now}")
    for name, struct in before.structs.items():
        _compare_structs(name, struct, now.structs.get(name), place, changes)
    for what, names, known in (("function", now.functions, before.functions), ("struct", now.structs, before.structs),
                               ("type", now.types, before.types)):
        for name in names:
            if name not in known:
                changes.grew(f"the {what} {name} is new")


def _compare_structs(name: str, before: Struct, now: Optional[Struct], place: str, changes: Changes) -> None:
    if now is None:
        changes.broke("struct changed", name, place, "it is gone")
        return
    if before == now:
        return
    are_now = {part.name: part for part in now.fields}
    details = []
    for part in before.fields:
        is_now = are_now.pop(part.name, None)
        if is_now != part:
            details.append(f"it had {part}, " + (f"it has {is_now}" if is_now else f"{part.name} is gone"))
    added = list(are_now.values())
    details += [f"{part} is new, and not behind the {before.size} bytes there were" for part in added if part.offset < before.size]
    if not details and not added:
        details.append(f"it had {before.size} bytes, it has {now.size}")
    if details:
        changes.broke("struct changed", name, place, *details)
    elif before.fields[0].name != "struct_size":
        changes.broke("struct without struct_size grew", name, place, *(f"{part} is new" for part in added))
    else:
        changes.grown.append(name)
        for part in added:
            changes.grew(f"the field {name}.{part.name} is new, at the end")


def compare_constants(before: dict[str, str], now: dict[str, str], changes: Changes) -> None:
    for name, value in before.items():
        if name not in now:
            changes.broke("constant removed", name, "header", f"it was {value}")
        elif now[name] != value:
            changes.broke("constant changed", name, "header", f"it was {value}, it is {now[name]}")
    for name in now:
        if name not in before:
            changes.grew(f"the constant {name} is new")


def compare_library(library: Shapes, header: Shapes, place: str) -> list[str]:
    """How the library differs from what the header says, one sentence each; both as the machine sees them."""
    found = []
    for name in sorted(library.functions.keys() | header.functions.keys()):
        really, said = library.functions.get(name), header.functions.get(name)
        if said is None:
            found.append(f"{place}: the library exports {name}, which the header does not declare")
        elif really is None:
            found.append(f"{place}: the header declares {name}, which the library does not export")
        elif really != said:
            found.append(f"{place}: {name} is {really} in the library and {said} in the header")
    for name, said_struct in header.structs.items():
        real_struct = library.structs.get(name)
        if real_struct is None:
            found.append(f"{place}: the library knows no struct {name}")
        elif real_struct != said_struct:
            wrong = [f"{part} in the header, and not in the library" for part in said_struct.fields if part not in real_struct.fields]
            wrong += [f"{part} in the library, and not in the header" for part in real_struct.fields if part not in said_struct.fields]
            wrong = wrong or [f"{real_struct.size} bytes in the library, {said_struct.size} in the header"]
            found += [f"{place}: {name} has {words}" for words in wrong]
    return found

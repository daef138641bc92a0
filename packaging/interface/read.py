"""Reads a C header of the library, and is all that does: into the description of interface.py.

Doxygen parses the declarations and finds the comment of each. The comments follow a template of their own (`@param`,
then `Returns:`, `Callbacks:`, `Blocking:` and so on as headings), so it is given them as text to be left alone.
"""

from __future__ import annotations

import functools
import re
import subprocess
import tempfile
import xml.etree.ElementTree as ElementTree
from pathlib import Path
from typing import Dict, Iterable, Iterator, List, Mapping, Tuple

from interface import Callback, Constant, Function, Interface, Parameter, Struct, Type

HEADINGS = ("Returns", "Ends with", "Callbacks", "Blocking", "Signals", "Threads", "Secrets", "Since", "Deprecated")
# What a library may be built without (UPLOADS=no), and the functions that are then not in it.
FEATURES = {"uploads": re.compile(r"fio_(upload|queue)_\w+|fio_comment")}

_HEADING = re.compile(rf"({'|'.join(HEADINGS)}):\s+(.*)")
_PARAMETER = re.compile(r"@param (\w+)\s+(?:\[(in|out|in,out)\] )?(.*)")
_MACRO = re.compile(r"FIO_VERSION(_\w+)?|FIO_API")
_STATUS = re.compile(r"\bFIO_(?:OK|E_\w+)\b")
# In the introduction: `Every function that takes a client or config may also return FIO_E_BUSY or FIO_E_FORKED, except
# fio_cancel() and fio_wakeup()`.
_SHARED = re.compile(
    r"Every function(?: that takes an? (?P<handles>\w+(?:, \w+)*(?: or \w+)?))? may (?:also )?return "
    r"(?P<statuses>(?:(?:, | or | and )?`?FIO_E_\w+`?)+)(?:, except (?P<but>(?:(?:, | and )?fio_\w+\(\))+))?")
# A comment that speaks of the fields below it as well.
_OF_SEVERAL = re.compile(r"Lengths of |How many uploads are in each ")
_SETTINGS = """
INPUT = fio_c2c.h
QUIET = YES
WARNINGS = NO
GENERATE_HTML = NO
GENERATE_LATEX = NO
GENERATE_XML = YES
XML_PROGRAMLISTING = NO
OPTIMIZE_OUTPUT_FOR_C = YES
EXTRACT_ALL = YES
MACRO_EXPANSION = YES
EXPAND_ONLY_PREDEF = YES
PREDEFINED = FIO_API=
"""

Element = ElementTree.Element


class Unreadable(Exception):
    """The header has something that is not understood, or that cannot be right."""


def read(text: str, known: Iterable[Constant] = ()) -> Interface:
    """What the header declares. What the library says of a status is not in a header: it comes from `known`."""
    found, structs = _parsed(text)
    kinds: Dict[str, List[Element]] = {}
    for member in found:
        kinds.setdefault(_kind(member, structs), []).append(member)
    said = {constant.name: constant for constant in known}
    constants = [_constant(member, said) for member in kinds.get("constant", [])]
    macros = [_constant(member, {}) for member in kinds.get("macro", [])]
    return Interface(
        version="".join(macro.value.strip('"') for macro in macros if macro.name == "FIO_VERSION"),
        introduction=_introduction(text),
        constants=constants,
        macros=macros,
        handles=[_type(member) for member in kinds.get("handle", [])],
        types=[_type(member) for member in kinds.get("type", [])],
        structs=[Struct(name, _fields(struct), _text(struct)) for name, struct in structs.items()],
        callbacks=[_callback(member) for member in kinds.get("callback", [])],
        functions=_with_statuses([_function(member) for member in kinds.get("function", [])], _introduction(text)),
    )


@functools.lru_cache(maxsize=None)
def _parsed(text: str) -> Tuple[List[Element], Dict[str, Element]]:
    """The members of the header, and its structs, in its order."""
    text = re.sub(r"/\*\*(.*?)\*/", r"/** @verbatim\n\1\n@endverbatim */", text, flags=re.S)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "fio_c2c.h").write_text(text, encoding="utf-8")
        try:
            subprocess.run(["doxygen", "-"], cwd=folder, input=_SETTINGS, text=True, check=True)
        except FileNotFoundError:
            raise Unreadable("doxygen is not there: install the Debian package doxygen") from None
        compounds = [compound for path in (folder / "xml").glob("*.xml") for compound in ElementTree.parse(path).iter("compounddef")]
    [header] = [compound for compound in compounds if compound.get("kind") == "file"]
    structs = [compound for compound in compounds if compound.get("kind") == "struct"]
    return (sorted(_members(header), key=_line),
            {str(struct.findtext("compoundname")): struct for struct in sorted(structs, key=_line)})


def _members(compound: Element) -> List[Element]:
    return list(compound.iter("memberdef"))


def _line(element: Element) -> int:
    location = element.find("location")
    assert location is not None
    return int(location.get("line", "0"))


def _kind(member: Element, structs: Mapping[str, Element]) -> str:
    name, kind = _name(member), str(member.get("kind"))
    if kind == "define":
        return "guard" if name == "FIO_C2C_H" else "macro" if _MACRO.fullmatch(name) else "constant"
    if kind != "typedef":
        return kind
    if name in structs:
        return "struct"
    if _type_of(member) == f"struct {name}":
        return "handle"
    return "callback" if member.findtext("argsstring") else "type"


def _name(element: Element) -> str:
    return str(element.findtext("name"))


def _tidy(type_: str) -> str:
    """As the header writes it: `const char *const *`."""
    return re.sub(r"(?<=\w)\*", " *", re.sub(r"\s*\*\s*", "*", " ".join(type_.split())))


def _type_of(element: Element) -> str:
    type_ = element.find("type")
    return "" if type_ is None else _tidy("".join(type_.itertext()))


def _text(element: Element) -> str:
    """The comment before it."""
    verbatim = element.find("detaileddescription/para/verbatim")
    lines = [] if verbatim is None else str(verbatim.text).strip("\n").split("\n")
    return "\n".join(re.sub(r"^ *\* ?", "", line).rstrip() for line in lines).strip()


def _introduction(text: str) -> str:
    """The comment at the very beginning."""
    lines = text[:text.index("*/")].split("\n")[1:]
    return "\n".join(re.sub(r"^ \* ?", "", line) for line in lines).strip()


def _constant(member: Element, said: Mapping[str, Constant]) -> Constant:
    name, value = _name(member), str(member.findtext("initializer") or "")
    known = said.get(name, Constant(name))
    return Constant(name, re.sub(r"^\((.*)\)$", r"\1", value), _text(member), known.retry, known.message, known.advice)


def _type(member: Element) -> Type:
    return Type(_name(member), _type_of(member), _text(member))


def _fields(struct: Element) -> List[Parameter]:
    """A comment may speak of several: it is that of those that follow, too, as far as it names them."""
    fields: List[Parameter] = []
    comment = ""
    for part in _members(struct):
        name, own = _name(part), _text(part)
        comment = own or comment
        is_meant = own or _OF_SEVERAL.match(comment) or f"`{name}`" in comment
        fields.append(Parameter(name, _type_of(part), text=comment if is_meant else ""))
    return fields


def _callback(member: Element) -> Callback:
    # Doxygen leaves what a pointer to a function takes in one piece: `)(void *user, size_t length)`.
    inside = str(member.findtext("argsstring"))[len(")("):-len(")")]
    if "(" in inside:
        raise Unreadable(f"{_name(member)} takes something that has parentheses")
    parts = [re.fullmatch(r"(.*?)(\w+)", part.strip()) for part in inside.split(",") if part.strip() != "void"]
    parameters = [Parameter(part[2], _tidy(part[1])) for part in parts if part]
    return Callback(_name(member), _type_of(member).rstrip("(* "), parameters, _text(member))


def _function(member: Element) -> Function:
    name = _name(member)
    parameters = [Parameter(part.findtext("declname", ""), _type_of(part)) for part in member.iter("param")]
    by_name = {parameter.name: parameter for parameter in parameters if parameter.type != "void"}
    headings: Dict[str, str] = {}
    introduction: List[str] = []
    for part, words in _sections(_text(member)):
        if isinstance(part, str):
            headings[part] = words
        elif part is None:
            introduction.append(words)
        elif part[0] in by_name:
            _describe(by_name[part[0]], part[1] or "in", words)
        else:
            raise Unreadable(f"{name} has no parameter {part[0]}")
    feature = next((feature for feature, names in FEATURES.items() if names.fullmatch(name)), None)
    return Function(name, _type_of(member), list(by_name.values()), "\n".join(introduction).strip(), headings,
                    since=headings.get("Since", ""), feature=feature)


def _describe(parameter: Parameter, direction: str, text: str) -> None:
    parameter.direction, parameter.text = direction, text
    parameter.freed_by = "".join(re.findall(r"free it with `(\w+)`", text))


def _sections(text: str) -> Iterator[Tuple["None | str | Tuple[str, str]", str]]:
    """What is under a heading or belongs to a parameter, in one line; other lines as they are, with None."""
    current: "None | str | Tuple[str, str]" = None
    words: List[str] = []
    for line in [*text.split("\n"), ""]:
        if current is not None and line.startswith(" "):
            words.append(line.strip())
            continue
        if current is not None:
            yield current, " ".join(words)
        current = None
        parameter, heading = _PARAMETER.match(line), _HEADING.match(line)
        if parameter:
            current, words = (parameter[1], parameter[2] or ""), [parameter[3]]
        elif heading:
            current, words = heading[1], [heading[2]]
        else:
            yield None, line


def _with_statuses(functions: List[Function], introduction: str) -> List[Function]:
    """What a function returns is said at the function, or at the one that it refers to, or for all in the introduction."""
    shared = list(_SHARED.finditer(" ".join(introduction.split())))
    said = {function.name: function.headings.get("Returns", "") for function in functions}
    for function in functions:
        same = re.match(r"as `(\w+)`", said[function.name])
        statuses = set(_STATUS.findall(said.get(same[1], "") if same else said[function.name]))
        if function.result in ("fio_status", "int32_t"):
            statuses.update(status for found in shared if _is_meant(function, found["handles"], found["but"])
                            for status in _STATUS.findall(found["statuses"]))
        function.statuses = sorted(statuses)
    return functions


def _is_meant(function: Function, handles: str | None, but: str | None) -> bool:
    if function.name in re.findall(r"\w+", but or ""):
        return False
    wanted = {f"fio_{handle} *" for handle in re.findall(r"\w+", handles or "") if handle != "or"}
    return not wanted or any(parameter.type.endswith(tuple(wanted)) for parameter in function.parameters)

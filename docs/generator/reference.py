"""Reads include/fio_c2c.h: its names, and its text as input for Doxygen.

The comments of the header follow a template of their own (`Returns:`, `Callbacks:`, `Blocking:` and so on
as headings). Here they become Doxygen's commands, names become links, and every symbol gets its group.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

import groups
from links import Links

HEADINGS = ("Returns", "Ends with", "Callbacks", "Blocking", "Signals", "Threads", "Secrets", "Since", "Deprecated")
_HEADING = re.compile(rf"({'|'.join(HEADINGS)}):\s+(.*)")
_PARAMETER = re.compile(r"@param (\w+)\s+(?:\[(in|out|in,out)\] )?(.*)")
_COMMENT = re.compile(r"^( *)/\*\*(.*?)\*/\n", re.S | re.M)
_NAMES = (
    re.compile(r"#define (\w+)"),
    re.compile(r"typedef struct (\w+)"),
    re.compile(r"typedef [^;{]*?\(\*(\w+)\)"),
    re.compile(r"typedef [^;{(]*?(\w+);"),
    re.compile(r"FIO_API\n[^;{(]*?(fio_\w+)\("),
)
_STRUCT = re.compile(r"^typedef struct (\w+) \{\n(.*?)^\} \1;", re.S | re.M)
_MEMBER = re.compile(r"^    (?!\*| |/)[^;]*?\b(\w+);$", re.M)
# A comment that speaks of the members below it as well.
_OF_SEVERAL = re.compile(r"Lengths of |How many uploads are in each ")
_EXPORT = re.compile(r"\n#if defined\(_WIN32\)\n#define FIO_API .*?\n#endif\n", re.S)
_GUARDS = ("FIO_C2C_H", "FIO_API")
# Their comment is that of FIO_VERSION.
_WITH_VERSION = ("FIO_VERSION_MAJOR", "FIO_VERSION_MINOR", "FIO_VERSION_PATCH")


class Undocumented(Exception):
    """The header has something that the manual could not show."""


@dataclass(frozen=True)
class Names:
    """What the header declares."""

    functions: list[str]
    # #defines and types.
    others: list[str]
    members: dict[str, list[str]]
    # Each status and its number.
    statuses: dict[str, int]


def names(text: str) -> Names:
    functions = re.findall(r"^FIO_API\n[^;{(]*?\b(fio_\w+)\(", text, re.M)
    defines = [name for name in re.findall(r"^#define (\w+)", text, re.M) if name not in _GUARDS]
    types = re.findall(r"^typedef struct (\w+)", text, re.M)
    types += re.findall(r"^typedef (?!struct \w+ \{)[^;{]*?\(\*(\w+)\)", text, re.M)
    types += re.findall(r"^typedef (?!struct)[^;{(]*?(\w+);", text, re.M)
    members = {name: _MEMBER.findall(body) for name, body in _STRUCT.findall(text)}
    numbers = re.findall(r"^#define (FIO_OK|FIO_E_\w+) \(?(-?\d+)\)?$", text, re.M)
    return Names(functions, defines + types, members, {name: int(number) for name, number in numbers})


def meanings(text: str) -> dict[str, str]:
    """What the header says of each status, as one line of Markdown."""
    found = re.findall(r"/\*\*\n((?: \* .*\n)+) \*/\n#define (FIO_OK|FIO_E_\w+) ", text)
    return {name: " ".join(line[3:] for line in comment.splitlines()) for comment, name in found}


def _check_all_have_comments(text: str) -> None:
    after = (text[comment.end():comment.end() + 500] for comment in _COMMENT.finditer(text))
    documented = {match[1] for rest in after for pattern in _NAMES if (match := pattern.match(rest))}
    found = names(text)
    bare = [name for name in found.functions + found.others if name not in documented and name not in _WITH_VERSION]
    if bare:
        raise Undocumented(f"no comment above {', '.join(bare)}")


def for_doxygen(text: str, links: Links) -> str:
    """The header with comments that Doxygen understands."""
    _check_all_have_comments(text)
    text = _EXPORT.sub("\n", text)
    text = _STRUCT.sub(lambda struct: _share_comments(struct[0]), text)
    text = re.sub(rf"^#define ({'|'.join(_WITH_VERSION)}) ", r"/** One number of `FIO_VERSION`. */\n\g<0>", text, flags=re.M)
    text = _COMMENT.sub(lambda found: _comment(found, text[found.end():], links), text)
    text = re.sub(r"^FIO_API\n", "", text, flags=re.M)
    _, rest = text.split("*/\n", 1)
    return f"/** @file fio_c2c.h\n@brief The library in C. */\n{groups.definitions()}\n{rest}"


def introduction(text: str) -> str:
    """What the header says before everything else, as Markdown: from the picture in short on."""
    comment = text[:text.index("*/")]
    lines = [line[3:] for line in comment.splitlines()]
    body = "\n".join(lines[lines.index("The picture in short:") + 1:]).strip("\n")
    body = re.sub(r"\b(fio_\w+(?:\(\))?|FIO_[A-Z_]+\b)", r"`\1`", body)
    return body.replace("Rules that hold everywhere:", "## Rules that hold everywhere")


def _share_comments(struct: str) -> str:
    """Repeats a comment for the members that it speaks of besides its own; others stay without one, and
    Doxygen complains."""
    made: list[str] = []
    comment = ""
    own = False
    for line in struct.splitlines(keepends=True):
        member = _MEMBER.match(line.rstrip("\n"))
        if "/**" in line:
            comment, own = "", True
        if own and member is None:
            comment += line
        if member is not None:
            is_meant = _OF_SEVERAL.search(comment) or f"`{member[1]}`" in comment
            if not own and is_meant:
                made.append(comment)
            own = False
        made.append(line)
    return "".join(made)


def _comment(found: re.Match[str], after: str, links: Links) -> str:
    indent, lines = found[1], [re.sub(r"^ *\* ?", "", line) for line in found[2].strip().splitlines()]
    body = links.in_text("\n".join(_commands(lines)))
    if indent:
        return f"{indent}/** {body} */\n"
    name = next((match[1] for pattern in _NAMES if (match := pattern.match(after))), None)
    if name is None:
        raise Undocumented(f"a comment is not followed by a declaration: {lines[0]}")
    group = groups.group_of(name)
    if group is None:
        raise Undocumented(f"{name} has no place in the manual: add it to docs/generator/groups.py")
    return f"/**\n@ingroup {group}\n{body}\n*/\n"


def _commands(lines: list[str]) -> list[str]:
    """Parameters and headings as Doxygen's commands; what goes on below them loses its indentation."""
    made: list[str] = []
    goes_on = False
    for line in lines:
        if parameter := _PARAMETER.match(line):
            direction = f"[{parameter[2]}]" if parameter[2] else ""
            made.append(f"@param{direction} {parameter[1]} {parameter[3]}")
            goes_on = True
        elif heading := _HEADING.match(line):
            command = "@return" if heading[1] == "Returns" else f"@par {heading[1]}\n"
            made.append(f"{command} {heading[2]}".replace("\n ", "\n"))
            goes_on = True
        elif goes_on and line.startswith("  "):
            made.append(line.strip())
        else:
            goes_on = False
            made.append(line)
    return made

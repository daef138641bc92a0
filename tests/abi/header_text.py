"""What the text of the header declares, in the order of the text."""

from __future__ import annotations
import re
from dataclasses import dataclass, field

# These say which header it is, and how it is compiled: their values change, and nobody may mind.
WITHOUT_VALUE = re.compile(r"FIO_VERSION(_\w+)?|FIO_API")


@dataclass
class Header:
    version: str = ""
    # The prototype of each function, and the version it says it came with.
    functions: dict[str, str] = field(default_factory=dict)
    since: dict[str, str] = field(default_factory=dict)
    constants: dict[str, str] = field(default_factory=dict)
    macros: list[str] = field(default_factory=list)
    handles: list[str] = field(default_factory=list)
    # The fields of each struct.
    structs: dict[str, list[str]] = field(default_factory=dict)
    callbacks: list[str] = field(default_factory=list)
    types: list[str] = field(default_factory=list)


def read_header(text: str) -> Header:
    header = Header()
    for comment, name in re.findall(r"/\*\*((?:(?!\*/).)*)\*/\s*FIO_API\s[^;]*?\b(fio_\w+)\(", text, re.S):
        came = re.search(r"^ \* Since: +(\S+)$", comment, re.M)
        if came:
            header.since[name] = came[1]
    code = re.sub(r"/\*.*?\*/", "", text, flags=re.S)
    for prototype, name in re.findall(r"^FIO_API\s+([^;(]*?\b(fio_\w+)\([^;]*);", code, re.M):
        header.functions[name] = " ".join(prototype.split())
    for name, value in re.findall(r"^#define (FIO_\w+)[ \t]+(\S.*?)[ \t]*$", code, re.M):
        if not WITHOUT_VALUE.fullmatch(name):
            header.constants[name] = re.sub(r"^\((.*)\)$", r"\1", value)
        elif name not in header.macros:
            header.macros.append(name)
    header.handles = re.findall(r"^typedef struct (fio_\w+) \1;", code, re.M)
    for name, body in re.findall(r"^typedef struct (fio_\w+) \{(.*?)^\} \1;", code, re.M | re.S):
        header.structs[name] = re.findall(r"(\w+)(?:\[\w+\])?;", body)
    header.callbacks = re.findall(r"^typedef [\w \*]+\(\*(fio_\w+)\)\(", code, re.M)
    header.types = re.findall(r"^typedef (?!struct )[\w \*]*\b(fio_\w+);", code, re.M)
    header.version = "".join(re.findall(r'^#define FIO_VERSION "(.*)"$', code, re.M))
    return header

"""What readelf tells about a library: how much of which kind of memory it takes, and which glibc it asks for."""

from __future__ import annotations

import os
import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

Version = tuple[int, ...]


def readelf(*arguments: object) -> str:
    command = [os.environ.get("READELF", "readelf"), *map(str, arguments)]
    # The words it is parsed by are English ones.
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
                          env={**os.environ, "LC_ALL": "C"}).stdout


@dataclass
class Sizes:
    """Bytes in memory: what is executable, what is constant, what is written to, what begins as zeroes."""

    text: int = 0
    rodata: int = 0
    data: int = 0
    bss: int = 0

    @property
    def total(self) -> int:
        return self.text + self.rodata + self.data + self.bss

    def columns(self) -> list[int]:
        return [self.text, self.rodata, self.data, self.bss, self.total]


COLUMNS = [".text", ".rodata", ".data", ".bss", "total"]
_SECTION = re.compile(r"^ *\[ *\d+\] (?:\S+ +)?([A-Z_0-9]+) +[0-9a-f]+ [0-9a-f]+ ([0-9a-f]+) [0-9a-f]+ +([A-Zop]*) ", re.M)


def sizes_of(library: Path) -> Sizes:
    """Of a shared library, or of all objects of a static one."""
    sizes = Sizes()
    for kind, length, flags in _SECTION.findall(readelf("--sections", "--wide", library)):
        size = int(length, 16)
        if "A" not in flags:
            continue  # not in memory
        if kind == "NOBITS":
            sizes.bss += size
        elif "X" in flags:
            sizes.text += size
        elif "W" in flags:
            sizes.data += size
        else:
            sizes.rodata += size
    return sizes


def glibc_needs(library: Path) -> dict[Version, list[str]]:
    """The versions of glibc whose symbols a shared library asks for, each with those symbols."""
    needs: dict[Version, list[str]] = {}
    for symbol, version in re.findall(r" UND (\S+)@GLIBC_([0-9.]+)", readelf("--dyn-syms", "--wide", library)):
        needs.setdefault(tuple(map(int, version.split("."))), []).append(symbol)
    return needs


def dotted(version: Version) -> str:
    return ".".join(map(str, version))

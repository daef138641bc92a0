#!/usr/bin/env python3
"""Prints what the library takes in memory in each of the archives, and which glibc it needs."""

from __future__ import annotations

import re
import sys
import tarfile
import tempfile
from pathlib import Path

from elf import COLUMNS, dotted, glibc_needs, sizes_of
from table import Cell, table

_ARCHIVE = re.compile(r"fio-c2c-(?P<version>[^-]+)-(?P<target>.+)-(?P<tls>bundled|system)\.tar\.gz")


def row(archive: Path) -> list[Cell]:
    name = _ARCHIVE.fullmatch(archive.name)
    if name is None:
        raise SystemExit(f"{archive} is not an archive of `make dist`")
    with tempfile.TemporaryDirectory() as folder, tarfile.open(archive) as tar:
        library = Path(folder) / "libfio_c2c.so"
        stored = tar.extractfile(f"{archive.name[:-len('.tar.gz')]}/lib/libfio_c2c.so.{name['version']}")
        assert stored is not None
        library.write_bytes(stored.read())
        needs = dotted(max(glibc_needs(library)))
        sizes = [*sizes_of(library).columns(), library.stat().st_size]
        return [name["target"], name["tls"], *sizes, needs, archive.stat().st_size]


def main() -> None:
    archives = [Path(argument) for argument in sys.argv[1:]]
    if not archives:
        raise SystemExit("there are no archives yet: make dist")
    head = ["libfio_c2c.so", "libcurl", *COLUMNS, "file", "glibc", "archive"]
    print(table(head, [row(archive) for archive in archives]), end="")


if __name__ == "__main__":
    main()

"""Says which library, header and emulator this package uses, and whether they fit each other.

    python3 -m fio_c2c [HEADER]

Ends with 1 if something does not fit. HEADER is compared instead of the one that belongs to the package.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import List

from . import LibraryError, __version__, emulator, version
from ._header import differences
from ._library import HEADER, find_library


def main(arguments: List[str]) -> int:
    """The exit status."""
    header = Path(arguments[0]) if arguments else HEADER
    print(f"fio_c2c {__version__} for Python")
    try:
        print(f"library  {version()} from {find_library()}")
    except LibraryError as failure:
        print(f"library  {failure}")
        return 1
    try:
        print(f"emulator {emulator.find_emulator()}")
    except emulator.EmulatorError as failure:
        print(f"emulator {failure}")
    try:
        found = differences(header.read_text())
    except OSError as failure:
        print(f"header   {failure}")
        return 1
    print(f"header   {header}: " + (f"{len(found)} differences" if found else "declares the same as this package"))
    for difference in found:
        print(f"  {difference}")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

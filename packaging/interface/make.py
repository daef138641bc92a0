#!/usr/bin/env python3
"""Makes what is made of the interface.

    make.py description STATUSES     include/fio_c2c.json of the header, and what is committed of that: modules of the
                                     Python package. STATUSES is what build.rs wrote beside the header.
    make.py symbols [FEATURE ...]    prints what a library exports that is built without those features
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import List

import interface
import python_modules
import read


def statuses(table: Path) -> List[interface.Constant]:
    rows = [line.split("\t") for line in table.read_text(encoding="utf-8").splitlines()]
    return [interface.Constant(name, retry=retry, message=message, advice=advice) for name, retry, message, advice in rows]


def description(table: Path) -> None:
    made = read.read(interface.HEADER.read_text(encoding="utf-8"), statuses(table))
    interface.DESCRIPTION.write_text(made.as_json(), encoding="utf-8")
    for name, text in python_modules.written(made).items():
        (python_modules.FOLDER / name).write_text(text, encoding="utf-8")


def main(arguments: List[str]) -> int:
    if arguments[:1] == ["symbols"]:
        described = interface.load()
        left_out = {name for feature in arguments[1:] for name in described.features()[feature]}
        print("\n".join(sorted(set(described.exports) - left_out)))
        return 0
    if arguments[:1] == ["description"] and len(arguments) == 2:
        try:
            description(Path(arguments[1]))
        except read.Unreadable as failure:
            print(f"{interface.HEADER}: {failure}", file=sys.stderr)
            return 1
        return 0
    print(__doc__, file=sys.stderr)
    return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

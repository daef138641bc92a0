#!/usr/bin/env python3
"""Measures what the library costs in each of its builds, beside programs written by hand in C with the system's
libcurl: see poll.py, connection.py, start.py, size.py, upload.py, queue_length.py, network.py, crowd.py, lines.py and weak.py. The
length of the queue and what is made of a network are measured with one build only: they do not depend on it. lines and
weak take many minutes and run when they are named.

    run.py --by-hand DIR --build NAME=DIR ... [--library NAME=FILE ...] [--without-20-gb] [--assert] [--pictures DIR] [NAME ...]
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path
from typing import Any

import connection
import crowd
import lines
import network
import picture
import poll
import queue_length
import size
import start as cold_start
import upload
import weak
from table import Programs


def main() -> int:
    parser = argparse.ArgumentParser(description="Measures what the library costs.")
    parser.add_argument("--by-hand", required=True, type=Path, metavar="DIR", help="where the compiled programs without the library are")
    parser.add_argument("--build", action="append", required=True, metavar="NAME=DIR", help="where those with a build of the library are")
    parser.add_argument("--library", action="append", default=[], metavar="NAME=FILE", help="one whose size to show")
    parser.add_argument("--without-20-gb", action="store_true", help="leave the upload of 20 GB out")
    parser.add_argument("--assert", dest="asserts", action="store_true", help="fail if a target is missed")
    parser.add_argument("only", nargs="*", metavar="NAME", help="poll, connection, start, size, upload, queue, network or crowd, which are the default; lines or weak")
    parser.add_argument("--pictures", type=Path, metavar="DIR", help="where to draw a weak link")
    options = parser.parse_args()

    def named(pairs: list[str]) -> dict[str, Path]:
        return {name: Path(path) for name, _, path in (pair.partition("=") for pair in pairs)}

    programs = Programs(options.by_hand, named(options.build))
    first, last = list(programs.builds.values())[0], list(programs.builds.values())[-1]
    peer = programs.peer("parts")

    def draw(title: str, run: dict[str, Any]) -> None:
        if options.pictures is not None:
            (options.pictures / "weak_link.svg").write_text(picture.draw(title, run))

    benches = {
        "poll": lambda: poll.show(programs),
        "connection": lambda: connection.show(programs),
        "start": lambda: cold_start.show(programs),
        "size": lambda: size.show(named(options.library)),
        "upload": lambda: upload.show(programs, with_large=not options.without_20_gb),
        "queue": lambda: queue_length.show(last),
        "network": lambda: network.show(last),
        "crowd": lambda: crowd.show(programs),
    }
    usual = list(benches)
    benches["lines"] = lambda: lines.show(first / "ours_parts", peer, options.by_hand / "peer_relay")
    benches["weak"] = lambda: weak.show(first / "ours_parts", peer, draw)
    if unknown := set(options.only) - set(benches):
        parser.error(f"no such benchmark: {', '.join(sorted(unknown))}")
    missed = []
    for name in options.only or usual:
        start = time.monotonic()
        if not benches[name]():
            missed.append(name)
        print(f"({name}: {time.monotonic() - start:.0f} s)", flush=True)
    if missed:
        print(f"\ntargets missed: {', '.join(missed)}")
    return 1 if options.asserts and missed else 0


if __name__ == "__main__":
    sys.exit(main())

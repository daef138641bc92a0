#!/usr/bin/env python3
"""Measures what the library costs, beside programs written by hand in C: see poll.py, start.py, size.py,
upload.py, queue_length.py, network.py and crowd.py. All of them use the system's libcurl.

    run.py --programs DIR [--library NAME=FILE ...] [--without-20-gb] [--assert] [NAME ...]
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

import crowd
import network
import poll
import queue_length
import size
import start as cold_start
import upload


def main() -> int:
    parser = argparse.ArgumentParser(description="Measures what the library costs.")
    parser.add_argument("--programs", required=True, type=Path, metavar="DIR", help="where the compiled programs are")
    parser.add_argument("--library", action="append", default=[], metavar="NAME=FILE", help="one whose size to show")
    parser.add_argument("--without-20-gb", action="store_true", help="leave the upload of 20 GB out")
    parser.add_argument("--assert", dest="asserts", action="store_true", help="fail if a target is missed")
    parser.add_argument("only", nargs="*", metavar="NAME", help="poll, start, size, upload, queue, network or crowd; all by default")
    options = parser.parse_args()

    libraries = {name: Path(file) for name, _, file in (library.partition("=") for library in options.library)}
    benches = {
        "poll": lambda: poll.show(options.programs),
        "start": lambda: cold_start.show(options.programs),
        "size": lambda: size.show(libraries),
        "upload": lambda: upload.show(options.programs, with_large=not options.without_20_gb),
        "queue": lambda: queue_length.show(options.programs),
        "network": lambda: network.show(options.programs),
        "crowd": lambda: crowd.show(options.programs),
    }
    if unknown := set(options.only) - set(benches):
        parser.error(f"no such benchmark: {', '.join(sorted(unknown))}")
    missed = []
    for name in options.only or benches:
        start = time.monotonic()
        if not benches[name]():
            missed.append(name)
        print(f"({name}: {time.monotonic() - start:.0f} s)", flush=True)
    if missed:
        print(f"\ntargets missed: {', '.join(missed)}")
    return 1 if options.asserts and missed else 0


if __name__ == "__main__":
    sys.exit(main())

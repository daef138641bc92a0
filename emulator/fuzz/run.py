#!/usr/bin/env python3
"""Builds the fuzz targets and runs them side by side. With --within, the build takes its time from theirs.

    run.py [--seconds N] [--within N]

What is found worth keeping stays in target/fuzz-corpus; an input that fails, where cargo-fuzz would have it.
"""

from __future__ import annotations

import argparse
import os
import shlex
import subprocess
import sys
import threading
import time
from pathlib import Path

FOLDER = Path(__file__).resolve().parent
TARGET_DIR = FOLDER.parents[1] / "target"
CORPUS = TARGET_DIR / "fuzz-corpus"
# With limits near the longest input that leads anywhere.
TARGETS = {"connection": ["-dict=http.dict", "-max_len=3000"], "requests": ["-max_len=2500"]}
# However long the build took.
LEAST_SECONDS = 5
# Between the inputs the end of the time is seen, so one input has a limit too. None takes a second.
SECONDS_FOR_AN_INPUT = 30


def share(wanted: int, within: int | None, build: float) -> int:
    """For how many seconds each target runs."""
    if within is None:
        return wanted
    return max(LEAST_SECONDS, min(wanted, int(within - build)))


def _build() -> dict[str, Path]:
    """The programs."""
    cargo = shlex.split(os.environ.get("CARGO") or "cargo")
    bins = [part for target in TARGETS for part in ("--bin", target)]
    subprocess.run([*cargo, "build", "--quiet", "--locked", *bins], cwd=FOLDER, check=True)
    host = subprocess.run([os.environ.get("RUSTC", "rustc"), "--print", "host-tuple"], check=True, stdout=subprocess.PIPE,
                          text=True).stdout.strip()
    return {target: TARGET_DIR / "fuzz" / host / "debug" / target for target in TARGETS}


def _fuzz(target: str, program: Path, seconds: int, quiet: bool, failed: list[str]) -> None:
    kept = CORPUS / target
    kept.mkdir(parents=True, exist_ok=True)
    command = [str(program), str(kept), f"corpus/{target}", *TARGETS[target], f"-max_total_time={seconds}",
               f"-timeout={SECONDS_FOR_AN_INPUT}", "-print_final_stats=1", *(["-verbosity=0"] if quiet else [])]
    with subprocess.Popen(command, cwd=FOLDER, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          text=True, errors="replace") as process:
        assert process.stdout is not None
        for line in process.stdout:
            # The words for a dictionary, which nobody reads in the output of many tests.
            if quiet and line.startswith(('"', "######")):
                continue
            print(f"{target}: {line}", end="", flush=True)
    if process.returncode != 0:
        failed.append(f"{target} ended with {process.returncode}")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=int, default=60, help="how long each target runs")
    parser.add_argument("--within", type=int, help=f"how long all of it may take: the targets run shorter after a long "
                                                   f"build, but for {LEAST_SECONDS} s each")
    options = parser.parse_args()
    start = time.monotonic()
    programs = _build()
    built = time.monotonic() - start
    seconds = share(options.seconds, options.within, built)
    print(f"built in {built:.0f} s; each target runs for {seconds} s of {options.seconds} s", flush=True)
    failed: list[str] = []
    threads = [threading.Thread(target=_fuzz, args=(target, program, seconds, options.within is not None, failed))
               for target, program in programs.items()]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    print(f"built in {built:.0f} s, fuzzed for {seconds} s, {time.monotonic() - start:.0f} s in all"
          + (f" of {options.within} s" if options.within else ""))
    for failure in failed:
        print(failure)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())

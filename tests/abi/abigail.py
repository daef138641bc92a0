"""Describes libraries with abidw and compares descriptions with abidiff (libabigail)."""

from __future__ import annotations

import subprocess
from pathlib import Path

from tools import TIME_LIMIT, need, run

# Nothing of the machine, the folder or the compiler that was used; ids that do not move when something is added.
DESCRIBE = ["--no-show-locs", "--no-corpus-path", "--no-comp-dir-path", "--no-elf-needed", "--no-parameter-names",
            "--no-write-default-sizes", "--type-id-style", "hash"]
# What is harmless to a linker need not be harmless to a compiler: the name of a field, a `const`.
COMPARE = ["--harmless", "--no-show-locs", "--show-bytes", "--show-dec", "--no-added-syms"]
# abidiff's exit status is a set of bits; these two say that it could not compare.
FAILED = 1 | 2


def describe(library: Path) -> str:
    return run(["abidw", *DESCRIBE, str(library)])


def differences(before: Path, now: Path, grown: list[str]) -> str:
    """abidiff's report, empty if nothing changed. New functions are left out, and so are structs that have
    `grown`: which these are is decided elsewhere, since abidiff 2.2, told to overlook a field that was added
    at the end of a struct, also overlooks what changed before it."""
    need("abidiff")
    suppressions = now.with_suffix(".suppr")
    suppressions.write_text("".join(f"[suppress_type]\n  type_kind = struct\n  name = {name}\n\n" for name in grown))
    command = ["abidiff", *COMPARE, "--suppressions", str(suppressions), str(before), str(now)]
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=TIME_LIMIT, check=False)
    if done.returncode & FAILED:
        raise RuntimeError(f"{' '.join(command)}\n{done.stdout}")
    return done.stdout.strip() if done.returncode else ""

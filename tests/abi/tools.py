"""Runs the tools of the guard, and says which package has one that is missing."""

from __future__ import annotations

import os
import platform
import shlex
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Optional

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "packaging" / "interface"))
# What cargo compiles for the guard is kept here: libraries with debug information, which nobody ships.
COMPILED = Path(os.environ.get("FIO_ABI_DIR") or ROOT / "target" / "abi")
CARGO = shlex.split(os.environ.get("CARGO") or "cargo")
# Runs a command with what another processor needs, and fetches that if it is missing.
CROSS = ROOT / "packaging" / "cross.sh"
TIME_LIMIT = 900

PACKAGES = {"abidw": "abigail-tools", "abidiff": "abigail-tools", "doxygen": "doxygen", "gcc": "gcc",
            "arm-linux-gnueabihf-gcc": "gcc-arm-linux-gnueabihf"}


class Missing(Exception):
    """Something has to be installed first; the message says what."""


@dataclass(frozen=True)
class Target:
    """A processor the promise is checked for."""

    triple: str
    compiler: str

    @property
    def name(self) -> str:
        return self.triple.partition("-")[0]

    @property
    def baseline(self) -> str:
        return f"tests/abi/{self.name}.abi"


def _targets() -> tuple[Target, ...]:
    # One with 64 bits and one with 32: pointers, sizes and with them most layouts differ.
    chosen = os.environ.get("FIO_ABI_TARGETS") or \
        "x86_64-unknown-linux-gnu=gcc armv7-unknown-linux-gnueabihf=arm-linux-gnueabihf-gcc"
    return tuple(Target(*part.split("=", 1)) for part in chosen.split())


TARGETS = _targets()


def need(program: str) -> None:
    if shutil.which(program) is None:
        package = PACKAGES.get(program)
        raise Missing(f"{program} is not there" + (f": install the Debian package {package}" if package else ""))


def with_toolchain(target: Target, command: list[str]) -> list[str]:
    need(target.compiler)
    if platform.machine().startswith(target.name) or not CROSS.exists():
        return command
    # No libcurl is linked, so none has to be fetched.
    return ["env", "TLS=bundled", str(CROSS), target.triple, *command]


def run(command: list[str], *, folder: Optional[Path] = None) -> str:
    """What it printed; raises with everything it said if it fails."""
    need(command[0])
    done = subprocess.run(command, cwd=folder, timeout=TIME_LIMIT, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, text=True, check=False)
    if done.returncode != 0:
        raise RuntimeError(f"{shlex.join(command)}\n{done.stdout}{done.stderr}")
    return done.stdout

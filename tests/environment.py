#!/usr/bin/env python3
"""Virtual environments with what requirements.lock has. The one in which the tests run is made once, in target/, and
again when the lock file or the Python is another; run as a program, this prints its Python.

    "$(python3 tests/environment.py)" -B -m pytest tests/python -k hostile
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import re
import shutil
import signal
import subprocess
import sys
import venv
from pathlib import Path
from typing import Dict, List

ROOT = Path(__file__).resolve().parents[1]

# All that tests take from a package index: each of one version, with the hashes of its files. requirements.in says how
# it is changed.
LOCK = ROOT / "tests" / "requirements.lock"

#: Seconds after which a program has failed. Nothing takes nearly so long.
PATIENCE = 120

# The index cannot be asked, or has nothing.
_OFFLINE = re.compile(r"NewConnectionError|ConnectTimeout|ReadTimeout|name resolution|Network is unreachable"
                      r"|No matching distribution found")


class Unavailable(Exception):
    """What a test needs cannot be had here."""


def finished(command: List[str], cwd: Path, environment: Dict[str, str]) -> "subprocess.CompletedProcess[str]":
    """Runs a program to its end. One that takes too long is ended with everything that it started."""
    process = subprocess.Popen(command, cwd=cwd, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                               stderr=subprocess.STDOUT, universal_newlines=True, start_new_session=True)
    with process:
        try:
            said, _ = process.communicate(timeout=PATIENCE)
        except BaseException:
            os.killpg(process.pid, signal.SIGKILL)
            raise
    return subprocess.CompletedProcess(command, process.returncode, said)


def run_pip(*arguments: str, **variables: str) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-m", "pip", "--disable-pip-version-check", *arguments]
    own = {name: value for name, value in os.environ.items() if not name.startswith("FIO_")}
    done = finished(command, ROOT, {**own, **variables})
    if done.returncode != 0 and "No module named pip" in done.stdout:
        raise Unavailable("pip is not there: install the Debian package python3-pip")
    return done


def succeeded(done: "subprocess.CompletedProcess[str]") -> None:
    if done.returncode != 0:
        raise AssertionError(f"{' '.join(done.args)}\n{done.stdout}")


def create(folder: Path, *, system: bool = False) -> Path:
    """The Python of a new virtual environment, with nothing installed but, if wanted, what the system has."""
    venv.EnvBuilder(with_pip=False, symlinks=True, system_site_packages=system).create(folder)
    return folder / "bin" / "python"


def install_locked(python: Path, lock: Path = LOCK, **variables: str) -> None:
    """Installs what the lock file has, and nothing else. Raises Unavailable if the package index cannot be reached."""
    # Wheels only: what a source distribution is built with would be in no lock file. The person's own settings of pip
    # hold: a mirror, or a proxy.
    done = run_pip("--python", str(python), "--retries", "1", "--timeout", "15", "install", "--quiet", "--require-hashes",
                   "--only-binary", ":all:", "--requirement", str(lock), **variables)
    if done.returncode != 0 and _OFFLINE.search(done.stdout):
        raise Unavailable(f"the package index cannot be reached: {done.stdout.strip().splitlines()[-1]}")
    succeeded(done)


def tests_python() -> Path:
    """The Python that runs the tests. It sees the system's packages as well: tests install with the system's pip."""
    made_of = hashlib.sha256(LOCK.read_bytes() + f"{sys.base_prefix} {sys.version}".encode()).hexdigest()[:16]
    folder = ROOT / "target" / "tests-python"
    folder.parent.mkdir(exist_ok=True)
    with open(f"{folder}.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        made = folder / "made-of"
        if not made.exists() or made.read_text() != made_of:
            shutil.rmtree(folder, ignore_errors=True)
            install_locked(create(folder, system=True))
            made.write_text(made_of)
    return folder / "bin" / "python"


if __name__ == "__main__":
    try:
        print(tests_python())
    except Unavailable as failure:
        sys.exit(str(failure))

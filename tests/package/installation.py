"""A wheel made from the tree and environments to install it in, made once in a run; and tests that use them."""

from __future__ import annotations

import atexit
import functools
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Callable, List, Optional, TypeVar

import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "python"), str(ROOT / "tests" / "c"), str(ROOT / "tests")]

from case import Case  # noqa: E402
from environment import Unavailable, create, finished, install_locked, run_pip, succeeded  # noqa: E402,F401
from harness import TLS  # noqa: E402

PACKAGE = ROOT / "python"
LIBRARY = ROOT / "build" / TLS / "libfio_c2c.so"
EMULATOR = ROOT / "target" / "release" / "fio-emulator"

T = TypeVar("T")


def run(command: List[str], cwd: Path, **variables: str) -> "subprocess.CompletedProcess[str]":
    """Runs a program in an environment that has nothing of this one, and returns what it said."""
    clean = {"PATH": os.defpath, "HOME": str(cwd), "LC_ALL": "C.UTF-8", "PYTHONDONTWRITEBYTECODE": "1", **variables}
    return finished(command, cwd, clean)


def pip(python: Path, command: str, *arguments: str, **variables: str) -> None:
    """Runs a command of pip for the Python of an environment. It asks no index, and takes no folder of the person's for
    one: what is not in the lock file cannot be installed."""
    succeeded(run_pip("--isolated", "--python", str(python), command, "--quiet", "--no-index", *arguments, **variables))


@functools.lru_cache(maxsize=None)
def scratch() -> Path:
    """A folder for everything that is made here, removed at the end."""
    folder = tempfile.mkdtemp(prefix="fio-c2c-package-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return Path(folder)


def environment(name: str) -> Path:
    """The Python of a new virtual environment, with nothing installed."""
    return create(scratch() / name)


@functools.lru_cache(maxsize=None)
def tools() -> Path:
    """A Python with the tools; the wheel is installed beside them."""
    python = environment("tools")
    install_locked(python)
    install(python, build(python, scratch() / "wheel"))
    return python


def build(python: Path, target: Path) -> Path:
    """Makes a wheel with the setuptools of that environment."""
    pip(python, "wheel", "--no-deps", "--no-build-isolation", "--wheel-dir", str(target), str(PACKAGE), FIO_TLS=TLS)
    [wheel] = target.glob("*.whl")
    return wheel


def install(python: Path, wheel: Path) -> None:
    """Installs a wheel, and nothing else."""
    pip(python, "install", "--no-deps", str(wheel))


def wheel() -> Path:
    """The wheel of this run."""
    tools()
    [made] = (scratch() / "wheel").glob("*.whl")
    return made


@functools.lru_cache(maxsize=None)
def bare() -> Path:
    """A Python with the wheel and nothing else."""
    python = environment("bare")
    install(python, wheel())
    return python


class PackageTest(Case):
    """A test with an empty folder, in which programs run that know nothing of the tree."""

    @pytest.fixture(autouse=True)
    def package_ready(self, ending: None, tmp_path: Path) -> None:
        self.folder = tmp_path

    def have(self, make: Callable[[], T]) -> T:
        """What a function makes; the test is skipped, with a reason, if it cannot be had here."""
        try:
            return make()
        except Unavailable as failure:
            pytest.skip(str(failure))
            raise

    def python(self, *arguments: str, python: Optional[Path] = None, **variables: str) -> str:
        """What a Python program says that has the package; it must end well."""
        done = run([str(python or self.have(bare)), *arguments], self.folder, **variables)
        assert done.returncode == 0, done.stdout
        return done.stdout

    def fails(self, *arguments: str, python: Optional[Path] = None, **variables: str) -> str:
        """What a Python program says that must not end well."""
        done = run([str(python or self.have(bare)), *arguments], self.folder, **variables)
        assert done.returncode != 0, done.stdout
        return done.stdout

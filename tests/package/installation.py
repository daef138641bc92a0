"""A wheel made from the tree and environments to install it in, made once in a run; and tests that use them."""

from __future__ import annotations

import atexit
import functools
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import venv
from pathlib import Path
from typing import Callable, Dict, List, Optional, TypeVar

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "python"), str(ROOT / "tests" / "c")]

from harness import TLS, SkippingTest  # noqa: E402

PACKAGE = ROOT / "python"
LIBRARY = ROOT / "build" / TLS / "libfio_c2c.so"
EMULATOR = ROOT / "target" / "release" / "fio-emulator"

#: Seconds after which a program has failed. Nothing takes nearly so long.
PATIENCE = 120

# All that tests take from a package index: each of one version, with the hashes of its files. requirements.in says how
# it is changed.
LOCK = ROOT / "tests" / "requirements.lock"

# The index cannot be asked, or has nothing.
_OFFLINE = re.compile(r"NewConnectionError|ConnectTimeout|ReadTimeout|name resolution|Network is unreachable"
                      r"|No matching distribution found")

T = TypeVar("T")


class Unavailable(Exception):
    """What a test needs cannot be had here."""


def _finished(command: List[str], cwd: Path, environment: Dict[str, str]) -> "subprocess.CompletedProcess[str]":
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


def run(command: List[str], cwd: Path, **variables: str) -> "subprocess.CompletedProcess[str]":
    """Runs a program in an environment that has nothing of this one, and returns what it said."""
    clean = {"PATH": os.defpath, "HOME": str(cwd), "LC_ALL": "C.UTF-8", "PYTHONDONTWRITEBYTECODE": "1", **variables}
    return _finished(command, cwd, clean)


def _pip(*arguments: str, **variables: str) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-m", "pip", "--disable-pip-version-check", *arguments]
    own = {name: value for name, value in os.environ.items() if not name.startswith("FIO_")}
    done = _finished(command, ROOT, {**own, **variables})
    if done.returncode != 0 and "No module named pip" in done.stdout:
        raise Unavailable("pip is not there: install the Debian package python3-pip")
    return done


def _succeeded(done: "subprocess.CompletedProcess[str]") -> None:
    if done.returncode != 0:
        raise AssertionError(f"{' '.join(done.args)}\n{done.stdout}")


def pip(python: Path, command: str, *arguments: str, **variables: str) -> None:
    """Runs a command of pip for the Python of an environment. It asks no index, and takes no folder of the person's for
    one: what is not in the lock file cannot be installed."""
    _succeeded(_pip("--isolated", "--python", str(python), command, "--quiet", "--no-index", *arguments, **variables))


def install_locked(python: Path, lock: Path = LOCK, **variables: str) -> None:
    """Installs what the lock file has, and nothing else. Raises Unavailable if the package index cannot be reached."""
    # Wheels only: what a source distribution is built with would be in no lock file. The person's own settings of pip
    # hold: a mirror, or a proxy.
    done = _pip("--python", str(python), "--retries", "1", "--timeout", "15", "install", "--quiet", "--require-hashes",
                "--only-binary", ":all:", "--requirement", str(lock), **variables)
    if done.returncode != 0 and _OFFLINE.search(done.stdout):
        raise Unavailable(f"the package index cannot be reached: {done.stdout.strip().splitlines()[-1]}")
    _succeeded(done)


@functools.lru_cache(maxsize=None)
def scratch() -> Path:
    """A folder for everything that is made here, removed at the end."""
    folder = tempfile.mkdtemp(prefix="fio-c2c-package-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return Path(folder)


def environment(name: str) -> Path:
    """The Python of a new virtual environment, with nothing installed."""
    folder = scratch() / name
    venv.EnvBuilder(with_pip=False, symlinks=True).create(folder)
    return folder / "bin" / "python"


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


class PackageTest(SkippingTest):
    """A test with an empty folder, in which programs run that know nothing of the tree."""

    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory(prefix="fio-c2c-test-")
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)

    def have(self, make: Callable[[], T]) -> T:
        """What a function makes; the test is skipped aloud if it cannot be had here."""
        try:
            return make()
        except Unavailable as failure:
            self.skip(str(failure))
            raise

    def python(self, *arguments: str, python: Optional[Path] = None, **variables: str) -> str:
        """What a Python program says that has the package; it must end well."""
        done = run([str(python or self.have(bare)), *arguments], self.folder, **variables)
        self.assertEqual(done.returncode, 0, done.stdout)
        return done.stdout

    def fails(self, *arguments: str, python: Optional[Path] = None, **variables: str) -> str:
        """What a Python program says that must not end well."""
        done = run([str(python or self.have(bare)), *arguments], self.folder, **variables)
        self.assertNotEqual(done.returncode, 0, done.stdout)
        return done.stdout

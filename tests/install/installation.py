"""An installation of the library in a folder of its own, and programs that are built from nothing else."""

from __future__ import annotations

import functools
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Iterator

import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "c"))

from case import Case, need  # noqa: E402
from harness import CC, TLS, Emulator  # noqa: E402

VERSION = re.findall(r'^version = "(.*)"', (ROOT / "Cargo.toml").read_text(), re.M)[0]
TIME_LIMIT = 120
# Where rustup keeps its compilers, for an environment with another home.
RUST = {"RUSTUP_HOME": os.environ.get("RUSTUP_HOME") or str(Path.home() / ".rustup")}
SOURCE = ROOT / "examples-c" / "pair.c"


def run(command: list[str], folder: Path, **variables: str) -> str:
    """Runs a command with an environment that knows nothing of this tree; returns what it said."""
    environment = {"PATH": os.environ["PATH"], "HOME": str(folder), "LC_ALL": "C", **variables}
    done = subprocess.run(command, cwd=folder, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, timeout=TIME_LIMIT, check=False)
    if done.returncode != 0:
        raise AssertionError(f"{' '.join(command)} ended with {done.returncode}\n{done.stdout}")
    return done.stdout


def make(*arguments: str, record: Path, umask: int = 0o022) -> str:
    """`make` as the person who installs has it: without cargo and Python, as everything is built, and from any
    folder. `record` is where it notes the directories it makes."""
    command = ["make", "--no-print-directory", "-C", str(ROOT), f"TLS={TLS}", f"MADE={record}", "CARGO=false", "PYTHON=false", *arguments]
    before = os.umask(umask)
    try:
        return run(command, record.parent)
    except AssertionError as error:
        raise AssertionError(f"{error}\n(If it wanted to build something: run `make TLS={TLS} lib` first.)") from None
    finally:
        os.umask(before)


@functools.lru_cache(maxsize=None)
def _kept(*arguments: str) -> tuple[Path, tempfile.TemporaryDirectory[str]]:
    folder = tempfile.TemporaryDirectory()
    prefix = Path(folder.name) / "prefix"
    make("install", f"PREFIX={prefix}", *arguments, record=Path(folder.name) / "record")
    return prefix, folder


def installation(*arguments: str) -> Path:
    """The prefix of an installation that is there until the tests end. Nobody changes it."""
    return _kept(*arguments)[0]


class ConsumerTest(Case):
    """Programs in an empty folder, with one emulator that lets every device in."""

    @pytest.fixture(autouse=True, scope="class")
    def class_ready(self, request: pytest.FixtureRequest) -> Iterator[None]:
        request.cls.prefix = self.installed()
        with Emulator("--person", "approve", interval=0.05) as request.cls.service:
            yield

    def installed(self) -> Path:
        return installation()

    @pytest.fixture(autouse=True)
    def consumer_ready(self, ending: None, tmp_path: Path) -> None:
        self.folder = tmp_path
        shutil.copy(SOURCE, self.folder)

    def pkg_config(self, *arguments: str, **variables: str) -> list[str]:
        need("pkg-config", "pkg-config")
        found = variables or {"PKG_CONFIG_PATH": str(self.prefix / "lib" / "pkgconfig")}
        return run(["pkg-config", *arguments, "fio-c2c"], self.folder, **found).split()

    def compile(self, *arguments: str, program: str = "pair", compiler: str = CC) -> None:
        run([compiler, *arguments, "-o", program], self.folder)

    def check_pairs(self, program: str = "pair", *, shared: bool, libraries: Path | None = None) -> None:
        """It runs, pairs, and has the library inside or outside as it should."""
        path = self.folder / program
        needed = re.findall(r"NEEDED.*\[(.*)\]", run(["readelf", "-dW", str(path)], self.folder))
        assert ("libfio_c2c.so.0" in needed) == shared, needed
        found = {"LD_LIBRARY_PATH": str(libraries or self.prefix / "lib")} if shared else {}
        said = run([str(path), self.service.url, self.service.ca_file, "emulator-secret"], self.folder, **found)
        assert "Paired with project" in said

"""The archives of `make dist` for ARM, unpacked, and programs made from nothing but them, run by qemu.

They are made by `make dist`; a test of an archive that is not there is skipped, and that is said.
"""

from __future__ import annotations

import functools
import os
import re
import subprocess
import sys
import tarfile
import tempfile
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "tests" / "c"), str(ROOT / "packaging" / "dist")]

from case import Case, need  # noqa: E402
from harness import Emulator  # noqa: E402

__all__ = ["ARCHIVES", "ROOT", "SECRET", "Archive", "ArchiveTest", "Emulator", "run"]

DIST = ROOT / "dist"
SECRET = "emulator-secret"
# qemu takes ten times as long as the processor would, and another test may be running beside it.
LIMIT = 180.0
_UNPACKED = tempfile.TemporaryDirectory(prefix="fio-archives-")


@dataclass(frozen=True)
class Processor:
    target: str
    debian: str  # the prefix of its tools, and of its folders
    qemu: str
    machine: str  # as readelf names it


PROCESSORS = [
    Processor("aarch64-unknown-linux-gnu", "aarch64-linux-gnu", "qemu-aarch64-static", "AArch64"),
    Processor("armv7-unknown-linux-gnueabihf", "arm-linux-gnueabihf", "qemu-arm-static", "ARM"),
]


@dataclass(frozen=True)
class Archive:
    processor: Processor
    tls: str

    @property
    def version(self) -> str:
        found = re.search(r'^version = "(.*)"', (ROOT / "Cargo.toml").read_text(), re.M)
        assert found is not None
        return found.group(1)

    @property
    def name(self) -> str:
        return f"fio-c2c-{self.version}-{self.processor.target}-{self.tls}"

    @property
    def path(self) -> Path:
        return DIST / f"{self.name}.tar.gz"

    @property
    def shared_library(self) -> Path:
        return self.unpacked() / "lib" / f"libfio_c2c.so.{self.version}"

    @property
    def static_library(self) -> Path:
        return self.unpacked() / "lib" / "libfio_c2c.a"

    @functools.lru_cache(maxsize=None)
    def unpacked(self) -> Path:
        with tarfile.open(self.path) as tar:
            tar.extractall(_UNPACKED.name)
        return Path(_UNPACKED.name) / self.name

    def tool(self, name: str) -> str:
        return f"{self.processor.debian}-{name}"

    def with_tools(self) -> list[str]:
        """What a command for this processor begins with. Only the system's libcurl has to be brought by somebody."""
        return [str(ROOT / "packaging" / "cross.sh"), self.processor.target] if self.tls == "system" else []

    def run(self, program: Path, *arguments: object) -> str:
        """Runs a program of this processor against the archive's library; its output, if it succeeds."""
        # Debian's libraries for that processor: those of the compiler, or those that libcurl came with.
        system = Path("/usr") / self.processor.debian
        if self.tls == "system":
            system = ROOT / "target" / "cross" / self.processor.target / "sysroot"
        return run(self.processor.qemu, "-L", system, "-E", f"LD_LIBRARY_PATH={self.unpacked() / 'lib'}", program, *arguments)


ARCHIVES = [Archive(processor, tls) for processor in PROCESSORS for tls in ("bundled", "system")]


def run(*command: object, **environment: str) -> str:
    done = subprocess.run([str(part) for part in command], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, encoding="utf-8", errors="replace", timeout=LIMIT, check=False,
                          env={**os.environ, "FIO_CLIENT_SECRET": SECRET, "LC_ALL": "C", **environment})
    if done.returncode != 0:
        raise AssertionError(f"{' '.join(map(str, command))} ended with {done.returncode}\n{done.stdout}")
    return done.stdout


class ArchiveTest(Case):
    @pytest.fixture(params=ARCHIVES, ids=lambda archive: archive.name)
    def archive(self, request: pytest.FixtureRequest) -> Archive:
        """Each of the archives."""
        archive: Archive = request.param
        if not archive.path.exists():
            pytest.skip(f"dist/{archive.path.name} is not there: make dist")
        return archive

    def need_devices(self, archive: Archive) -> None:
        need(archive.processor.qemu, "qemu-user-static")
        need(archive.tool("gcc"), f"gcc-{archive.processor.debian}")

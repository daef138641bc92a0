"""packaging/cross.sh: where it takes tools from, and what it says when there are none."""

from __future__ import annotations

import os
import re
import shutil
import stat
import subprocess
from pathlib import Path

import pytest

from archives import ROOT, ArchiveTest

TARGET = "aarch64-unknown-linux-gnu"


class ToolchainTest(ArchiveTest):
    """A copy of the script in an empty project, on a machine that is made of stand-ins."""

    @pytest.fixture(autouse=True)
    def toolchain_ready(self, ending: None, tmp_path: Path) -> None:
        self.home = tmp_path
        self.programs = self.home / "programs"
        self.programs.mkdir()
        self.script = self.home / "project" / "packaging" / "cross.sh"
        self.script.parent.mkdir(parents=True)
        for part in (ROOT / "packaging").glob("cross*.sh"):
            shutil.copy(part, self.script.parent)

    def stand_in(self, name: str, script: str) -> None:
        """A program that writes down that it was called, and then does this."""
        program = self.programs / name
        program.write_text(f'#!/bin/sh\necho "{name} $*" >> {self.home}/called\n{script}\n')
        program.chmod(program.stat().st_mode | stat.S_IXUSR)

    def a_compiler(self) -> None:
        self.stand_in("aarch64-linux-gnu-gcc", "echo /usr/aarch64-linux-gnu/lib/crt1.o")

    def a_rust(self, *targets: str) -> None:
        for target in targets:
            library = self.home / "rust" / "lib" / "rustlib" / target / "lib" / "libstd-1.rlib"
            library.parent.mkdir(parents=True)
            library.touch()
        self.stand_in("rustc", f"echo {self.home}/rust")

    def called(self) -> str:
        calls = self.home / "called"
        return calls.read_text() if calls.exists() else ""

    def cross(self, *command: str, target: str = TARGET, with_system: bool = True,
              **environment: str) -> subprocess.CompletedProcess[str]:
        path = f"{self.programs}:{os.defpath}" if with_system else str(self.programs)
        return subprocess.run([shutil.which("bash") or "bash", str(self.script), target, *command], stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=60, check=False,
                              env={"PATH": path, "TLS": "bundled", **environment})

    def test_a_processor_it_does_not_know(self) -> None:
        done = self.cross("true", target="riscv64gc-unknown-linux-gnu")
        assert done.returncode == 1
        assert "no tools are known for riscv64gc-unknown-linux-gnu: aarch64-unknown-linux-gnu and" in done.stdout

    def test_says_which_compiler_to_install(self) -> None:
        done = self.cross("true", with_system=False)
        assert done.returncode == 1
        assert "apt-get install gcc-aarch64-linux-gnu libc6-dev-arm64-cross" in done.stdout
        # A compiler without the C library is no help; it gives the bare name back.
        self.stand_in("aarch64-linux-gnu-gcc", "echo crt1.o")
        assert "libc6-dev-arm64-cross" in self.cross("true", with_system=False).stdout

    def test_what_is_there_is_used_and_nothing_is_fetched(self) -> None:
        self.a_compiler()
        self.a_rust(TARGET)
        for name in ("rustup", "apt-get"):
            self.stand_in(name, "exit 1")
        show = "echo $CARGO_TARGET_AARCH64_UNKNOWN_LINUX_GNU_LINKER $CC_aarch64_unknown_linux_gnu; exit 3"
        done = self.cross("sh", "-c", show)
        assert (done.returncode, done.stdout) == (3, "aarch64-linux-gnu-gcc aarch64-linux-gnu-gcc\n")
        assert "rustup" not in self.called()
        assert "apt-get" not in self.called()

    def test_rustup_is_asked_first_and_then_debian(self) -> None:
        self.a_compiler()
        self.a_rust("x86_64-unknown-linux-gnu")
        self.stand_in("rustup", "exit 1")
        self.stand_in("dpkg", "echo amd64")
        self.stand_in("apt-get", "echo 'E: There is no network' >&2; exit 100")
        self.stand_in("apt-cache", "")
        done = self.cross("true")
        assert done.returncode == 1, done.stdout
        assert f"rustup target add {TARGET}\n" in self.called()
        assert re.search("rustup did not add .* so Rust is taken from Debian's packages\n", done.stdout)
        assert "E: There is no network" in done.stdout
        # What was forced is not replaced by something else.
        done = self.cross("true", FIO_CROSS="rustup")
        assert done.returncode == 1
        assert "Debian" not in done.stdout
        done = self.cross("true", FIO_CROSS="elsewhere")
        assert "FIO_CROSS is rustup, debian, or not set, but not elsewhere" in done.stdout

    def test_a_target_that_rustup_adds(self) -> None:
        self.a_compiler()
        self.a_rust("x86_64-unknown-linux-gnu")
        library = self.home / "rust" / "lib" / "rustlib" / TARGET / "lib"
        self.stand_in("rustup", f"mkdir -p {library} && touch {library}/libstd-1.rlib")
        done = self.cross("sh", "-c", "echo ${RUSTC:-rustc}")
        assert (done.returncode, done.stdout) == (0, "rustc\n")

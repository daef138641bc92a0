"""The files that `make install` leaves, and that `make uninstall` takes away."""

from __future__ import annotations

import os
import re
import stat
from pathlib import Path

import pytest

from case import Case
from installation import ROOT, VERSION, installation, make

LIBRARY = f"libfio_c2c.so.{VERSION}"
FILES = {
    "include/fio_c2c.h": 0o644,
    "include/fio_c2c.hpp": 0o644,
    "lib/libfio_c2c.a": 0o644,
    f"lib/{LIBRARY}": 0o755,
    "lib/pkgconfig/fio-c2c.pc": 0o644,
    "lib/cmake/fio_c2c/fio_c2cConfig.cmake": 0o644,
    "lib/cmake/fio_c2c/fio_c2cConfigVersion.cmake": 0o644,
    "share/licenses/fio-c2c/LICENSES.txt": 0o644,
}
LINKS = {"lib/libfio_c2c.so.0": LIBRARY, "lib/libfio_c2c.so": "libfio_c2c.so.0"}


def files_of(folder: Path) -> dict[str, int]:
    return {str(path.relative_to(folder)): stat.S_IMODE(path.lstat().st_mode)
            for path in folder.rglob("*") if path.is_file() and not path.is_symlink()}


def links_of(folder: Path) -> dict[str, str]:
    return {str(path.relative_to(folder)): os.readlink(path) for path in folder.rglob("*") if path.is_symlink()}


class TreeTest(Case):
    @pytest.fixture(autouse=True)
    def tree_ready(self, ending: None, tmp_path: Path) -> None:
        self.folder = tmp_path
        self.prefix = self.folder / "prefix"

    def make(self, *arguments: str, **options: int) -> str:
        return make(*arguments, record=self.folder / "record", **options)

    def install(self, *arguments: str, **options: int) -> None:
        self.make("install", f"PREFIX={self.prefix}", *arguments, **options)

    def uninstall(self, *arguments: str) -> None:
        self.make("uninstall", f"PREFIX={self.prefix}", *arguments)


class Install(TreeTest):
    def test_the_files(self) -> None:
        assert files_of(installation()) == FILES
        assert links_of(installation()) == LINKS

    @pytest.mark.parametrize("umask", (0o077, 0o000))
    def test_the_modes_whatever_the_umask(self, umask) -> None:
        self.install(f"DESTDIR={self.folder}/{umask}", umask=umask)
        tree = self.folder / str(umask)
        assert files_of(tree) == {str(self.prefix)[1:] + "/" + name: mode for name, mode in FILES.items()}
        assert {stat.S_IMODE(path.stat().st_mode) for path in tree.rglob("*") if path.is_dir()} == {0o755}

    def test_twice_is_as_once(self) -> None:
        self.install()
        before = {name: (self.prefix / name).read_bytes() for name in FILES}
        self.install()
        assert files_of(self.prefix) == FILES
        assert {name: (self.prefix / name).read_bytes() for name in FILES} == before

    def test_over_an_older_version(self) -> None:
        libraries = self.prefix / "lib"
        libraries.mkdir(parents=True)
        (libraries / "libfio_c2c.so.0.0.9").write_text("the old one")
        (libraries / "libfio_c2c.so.0").symlink_to("libfio_c2c.so.0.0.9")
        (libraries / "libfio_c2c.so").symlink_to("libfio_c2c.so.0")
        (libraries / "libfio_c2c.a").write_text("the old one")
        self.install()
        assert links_of(self.prefix) == LINKS
        assert (libraries / "libfio_c2c.so.0.0.9").read_text() == "the old one"
        assert (libraries / "libfio_c2c.a").stat().st_size > 100_000

    def test_a_program_that_runs_keeps_its_library(self) -> None:
        self.install()
        with (self.prefix / "lib" / LIBRARY).open("rb") as mapped:
            self.install()
            assert mapped.read(4) == b"\x7fELF"
            assert os.path.basename(os.readlink(f"/proc/self/fd/{mapped.fileno()}")) == f"{LIBRARY} (deleted)"

    def test_the_directories_of_a_distribution(self) -> None:
        stage = self.folder / "stage"
        self.make("install", f"DESTDIR={stage}", "PREFIX=/usr", "LIBDIR=/usr/lib/x86_64-linux-gnu", "INCLUDEDIR=/opt/headers",
                  "LICENSEDIR=/usr/share/doc/fio-c2c")
        libraries = stage / "usr" / "lib" / "x86_64-linux-gnu"
        assert (libraries / LIBRARY).exists()
        assert (stage / "opt" / "headers" / "fio_c2c.h").exists()
        assert (stage / "usr" / "share" / "doc" / "fio-c2c" / "LICENSES.txt").exists()
        found = (libraries / "pkgconfig" / "fio-c2c.pc").read_text()
        assert "prefix=/usr\nlibdir=${prefix}/lib/x86_64-linux-gnu\nincludedir=/opt/headers\n" in found
        # It is where it was said to be once DESTDIR is the root: three above lib is /usr, then the headers.
        config = (libraries / "cmake" / "fio_c2c" / "fio_c2cConfig.cmake").read_text()
        assert "/../../../../../opt/headers" in config

    def test_nothing_is_left_open_and_nothing_of_this_machine_is_told(self) -> None:
        prefix = installation()
        for name in FILES:
            content = (prefix / name).read_bytes()
            assert not (name.endswith((".pc", ".cmake")) and re.search(rb"@[A-Z_]+@", content))
            for told in (ROOT, Path.home() / ".cargo", Path.home() / ".rustup"):
                assert str(told).encode() not in content

    def test_paths_that_make_cannot_have(self) -> None:
        for wrong in ("PREFIX=relative", "PREFIX=/with space", "LIBDIR=lib", "DESTDIR=/with space"):
            with pytest.raises(AssertionError, match="must (be one absolute path|have no spaces)"):
                self.make("install", wrong)


class Uninstall(TreeTest):
    def test_nothing_is_left(self) -> None:
        self.install()
        self.install()
        self.uninstall()
        assert not self.prefix.exists()

    def test_what_was_there_before_stays(self) -> None:
        (self.prefix / "include").mkdir(parents=True)
        (self.prefix / "lib" / "pkgconfig").mkdir(parents=True)
        (self.prefix / "lib" / "libother.so").write_text("another's")
        before = sorted(self.prefix.rglob("*"))
        self.install()
        self.uninstall()
        assert sorted(self.prefix.rglob("*")) == before

    def test_what_came_afterwards_stays(self) -> None:
        self.install()
        (self.prefix / "lib" / "cmake" / "Other.cmake").write_text("another's")
        self.uninstall()
        assert files_of(self.prefix).keys() == {"lib/cmake/Other.cmake"}
        # What it made itself, it takes away later, when it is empty at last.
        (self.prefix / "lib" / "cmake" / "Other.cmake").unlink()
        self.uninstall()
        assert not self.prefix.exists()

    def test_in_a_tree_for_a_package(self) -> None:
        stage = self.folder / "stage"
        stage.mkdir()
        self.install(f"DESTDIR={stage}")
        assert files_of(stage)
        self.uninstall(f"DESTDIR={stage}")
        assert list(stage.iterdir()) == []

    def test_without_an_installation(self) -> None:
        self.uninstall()
        assert not self.prefix.exists()

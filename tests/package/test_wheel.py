"""The wheel: what it carries, what it is called, and what is said when it cannot be made."""

import re
import shutil
import zipfile
from pathlib import Path
from typing import Dict, List, Tuple

from installation import (EMULATOR, LIBRARY, PACKAGE, ROOT, TLS, PackageTest, bare, build, environment, install, run, tools,
                          wheel)

NATIVE = "fio_c2c/_native/"
EVERYTHING = ["LICENSES.txt", "fio-emulator", "fio-emulator.LICENSES.txt", "fio_c2c.h", "libfio_c2c.so.0"]


def tree(folder: Path, cargo: str) -> Path:
    """Makes a tree of what the build looks at, where nothing is built; returns its python folder."""
    (folder / "include").mkdir()
    shutil.copy(ROOT / "include" / "fio_c2c.h", folder / "include")
    (folder / "Cargo.toml").write_text(cargo)
    shutil.copytree(PACKAGE, folder / "python", ignore=shutil.ignore_patterns("*cache*"))
    return folder / "python"


def native(made: Path) -> List[str]:
    with zipfile.ZipFile(made) as archive:
        return sorted(name[len(NATIVE):] for name in archive.namelist() if name.startswith(NATIVE))


class Content(PackageTest):
    def test_it_carries_the_library_the_header_and_the_emulator(self) -> None:
        made = self.have(wheel)
        assert native(made) == EVERYTHING
        with zipfile.ZipFile(made) as archive:
            assert archive.read(NATIVE + "fio_c2c.h") == (ROOT / "include" / "fio_c2c.h").read_bytes()
            for program in ("fio-emulator", "libfio_c2c.so.0"):
                assert b".symtab" not in archive.read(NATIVE + program)
            for licences, inside in (("LICENSES.txt", b"\nserde_json "), ("fio-emulator.LICENSES.txt", b"\nhyper ")):
                assert inside in archive.read(NATIVE + licences)
            names = archive.namelist()
            assert "fio_c2c/py.typed" in names
            assert [name for name in names if name.endswith("/LICENSE")]
            [metadata] = [archive.read(name).decode() for name in names if name.endswith("/METADATA")]
        assert "Requires-Dist" not in metadata
        assert "Requires-Python: >=3.8\n" in metadata
        assert (PACKAGE / "README.md").read_text() in metadata
        version = re.search(r'^version = "(.*)"', (ROOT / "Cargo.toml").read_text(), re.M)
        assert version is not None
        assert f"\nVersion: {version.group(1)}\n" in metadata

    def test_every_module_of_the_tree_is_in_it(self) -> None:
        with zipfile.ZipFile(self.have(wheel)) as archive:
            carried = {name for name in archive.namelist() if name.endswith(".py")}
        assert carried == ({str(path.relative_to(PACKAGE)) for path in PACKAGE.glob("fio_c2c/*.py")}
                 | {"pytest_fio_c2c.py"})

    def test_auditwheel_says_what_its_name_says(self) -> None:
        python = self.have(tools)
        said = run([str(python), "-m", "auditwheel", "show", str(wheel())], self.folder).stdout
        found = re.search(r'"((?:many)?linux_\w+)"', said)
        assert found is not None, said
        assert wheel().stem.split("-", 2)[2] == f"py3-none-{found.group(1)}"
        if TLS == "bundled":
            assert "manylinux" in found.group(1)

    def test_making_it_leaves_nothing_in_the_tree(self) -> None:
        def files() -> Dict[Path, Tuple[int, int]]:
            return {path: (path.stat().st_size, path.stat().st_mtime_ns) for path in PACKAGE.rglob("*")
                    if path.is_file() and "cache" not in str(path)}

        before = files()
        build(self.have(tools), self.folder)
        assert files() == before


class Choices(PackageTest):
    def built(self, package: Path = PACKAGE, **variables: str) -> Path:
        """A wheel made without pip, which is faster."""
        target = self.folder / "wheel"
        done = run([str(self.have(tools)), "setup.py", "--quiet", "bdist_wheel", "--dist-dir", str(target)], package,
                   **{"HOME": str(self.folder), "FIO_TLS": TLS, **variables})
        assert done.returncode == 0, done.stdout
        [made] = target.glob("*.whl")
        return made

    def test_a_library_that_is_left_to_the_loader(self) -> None:
        made = self.built(FIO_LIBRARY="libfio_c2c.so.0")
        assert re.search(r"-py3-none-any\.whl$", made.name)
        assert native(made) == ["fio_c2c.h"]
        alone = environment("alone")
        install(alone, made)
        said = self.python("-m", "fio_c2c", python=alone, LD_LIBRARY_PATH=str(LIBRARY.parent),
                           FIO_EMULATOR=str(EMULATOR))
        assert "from libfio_c2c.so.0" in said
        said = self.fails("-m", "fio_c2c", python=alone)
        assert "Install libfio_c2c, or let FIO_LIBRARY name the library" in said
        assert "Traceback" not in said

    def test_a_library_for_another_processor(self) -> None:
        foreign = self.folder / "libfio_c2c.so"
        content = bytearray(LIBRARY.read_bytes())
        content[18:20] = (183).to_bytes(2, "little")
        foreign.write_bytes(content)
        made = self.built(FIO_LIBRARY=str(foreign), FIO_EMULATOR=str(EMULATOR))
        assert re.search(r"-py3-none-(many)?linux_(\d+_\d+_)?aarch64\.whl$", made.name)
        assert native(made) == ["fio_c2c.h", "libfio_c2c.so.0"]


    def test_what_is_not_built_is_made(self) -> None:
        package = tree(self.folder, (ROOT / "Cargo.toml").read_text())
        (self.folder / "Makefile").write_text(f"""
lib:
\tmkdir -p build/$(TLS)
\tcp {LIBRARY} {LIBRARY.parent}/LICENSES.txt build/$(TLS)
emulator:
\tmkdir -p target/release
\tcp {EMULATOR} {EMULATOR}.LICENSES.txt target/release
""")
        made = self.built(package, FIO_TLS="system", MAKEFLAGS="--no-such-flag")
        assert native(made) == EVERYTHING
        assert (self.folder / "build" / "system" / "libfio_c2c.so").exists()


class Refusals(PackageTest):
    def refused(self, *command: str, package: Path = PACKAGE, **variables: str) -> str:
        done = run([str(self.have(tools)), "setup.py", "--quiet", *command], package, HOME=str(self.folder), **variables)
        assert done.returncode != 0, done.stdout
        assert "Traceback" not in done.stdout
        return done.stdout

    def test_a_source_distribution(self) -> None:
        assert "Build a wheel in a checkout" in self.refused("sdist")

    def test_a_library_that_is_not_there(self) -> None:
        said = self.refused("bdist_wheel", FIO_LIBRARY="/nowhere/libfio_c2c.so")
        assert "FIO_LIBRARY names /nowhere/libfio_c2c.so, which is no file" in said

    def test_something_that_is_no_library(self) -> None:
        said = self.refused("bdist_wheel", FIO_LIBRARY=str(Path(__file__)), FIO_EMULATOR=str(EMULATOR))
        assert "is no ELF file" in said

    def test_nothing_is_built_and_nothing_can_be(self) -> None:
        package = tree(self.folder, (ROOT / "Cargo.toml").read_text())
        assert "let FIO_LIBRARY and FIO_EMULATOR name what is built already" in self.refused("bdist_wheel", package=package)

    def test_a_tree_of_another_version(self) -> None:
        package = tree(self.folder, '[package]\nversion = "9.8.7"\n')
        assert "has version 9.8.7, fio_c2c/_version.py has" in self.refused("bdist_wheel", package=package)

    def test_a_folder_outside_the_tree(self) -> None:
        package = tree(self.folder, "")
        assert "take a checkout of it" in self.refused("bdist_wheel", package=package)


class Checkout(PackageTest):
    def test_a_checkout_uses_its_own_library_and_not_an_installed_one(self) -> None:
        found = "from fio_c2c import _library, emulator; print(_library.find_library(), emulator.find_emulator())"
        assert self.python("-c", found, PYTHONPATH=str(PACKAGE), FIO_TLS=TLS).split() == [str(LIBRARY), str(EMULATOR)]
        installed = str(bare().parents[1])
        for place in self.python("-c", found).split():
            assert place.startswith(installed), place

    def test_an_installed_package_is_no_checkout_although_a_header_is_near(self) -> None:
        [package] = self.have(bare).parents[1].glob("lib/python*/site-packages/fio_c2c")
        shutil.copytree(package, self.folder / "vendor" / "fio_c2c")
        (self.folder / "include").mkdir()
        shutil.copy(ROOT / "include" / "fio_c2c.h", self.folder / "include")
        found = self.python("-c", "from fio_c2c import _library; print(_library.find_library())", PYTHONPATH="vendor")
        assert found.strip() == str(self.folder / "vendor" / "fio_c2c" / "_native" / "libfio_c2c.so.0")

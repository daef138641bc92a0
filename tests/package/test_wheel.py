"""The wheel: what it carries, what it is called, and what is said when it cannot be made."""

import re
import shutil
import unittest
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
        self.assertEqual(native(made), EVERYTHING)
        with zipfile.ZipFile(made) as archive:
            self.assertEqual(archive.read(NATIVE + "fio_c2c.h"), (ROOT / "include" / "fio_c2c.h").read_bytes())
            for program in ("fio-emulator", "libfio_c2c.so.0"):
                self.assertNotIn(b".symtab", archive.read(NATIVE + program))
            for licences, inside in (("LICENSES.txt", b"\nserde_json "), ("fio-emulator.LICENSES.txt", b"\nhyper ")):
                self.assertIn(inside, archive.read(NATIVE + licences))
            names = archive.namelist()
            self.assertIn("fio_c2c/py.typed", names)
            self.assertTrue([name for name in names if name.endswith("/LICENSE")])
            [metadata] = [archive.read(name).decode() for name in names if name.endswith("/METADATA")]
        self.assertNotIn("Requires-Dist", metadata)
        self.assertIn("Requires-Python: >=3.8\n", metadata)
        self.assertIn((PACKAGE / "README.md").read_text(), metadata)
        version = re.search(r'^version = "(.*)"', (ROOT / "Cargo.toml").read_text(), re.M)
        assert version is not None
        self.assertIn(f"\nVersion: {version.group(1)}\n", metadata)

    def test_every_module_of_the_tree_is_in_it(self) -> None:
        with zipfile.ZipFile(self.have(wheel)) as archive:
            carried = {name for name in archive.namelist() if name.endswith(".py")}
        self.assertEqual(carried, {str(path.relative_to(PACKAGE)) for path in PACKAGE.glob("fio_c2c/*.py")}
                         | {"pytest_fio_c2c.py"})

    def test_auditwheel_says_what_its_name_says(self) -> None:
        python = self.have(tools)
        said = run([str(python), "-m", "auditwheel", "show", str(wheel())], self.folder).stdout
        found = re.search(r'"((?:many)?linux_\w+)"', said)
        assert found is not None, said
        self.assertEqual(wheel().stem.split("-", 2)[2], f"py3-none-{found.group(1)}")
        if TLS == "bundled":
            self.assertIn("manylinux", found.group(1))

    def test_making_it_leaves_nothing_in_the_tree(self) -> None:
        def files() -> Dict[Path, Tuple[int, int]]:
            return {path: (path.stat().st_size, path.stat().st_mtime_ns) for path in PACKAGE.rglob("*")
                    if path.is_file() and "cache" not in str(path)}

        before = files()
        build(self.have(tools), self.folder)
        self.assertEqual(files(), before)


class Choices(PackageTest):
    def built(self, package: Path = PACKAGE, **variables: str) -> Path:
        """A wheel made without pip, which is faster."""
        target = self.folder / "wheel"
        done = run([str(self.have(tools)), "setup.py", "--quiet", "bdist_wheel", "--dist-dir", str(target)], package,
                   **{"HOME": str(self.folder), "FIO_TLS": TLS, **variables})
        self.assertEqual(done.returncode, 0, done.stdout)
        [made] = target.glob("*.whl")
        return made

    def test_a_library_that_is_left_to_the_loader(self) -> None:
        made = self.built(FIO_LIBRARY="libfio_c2c.so.0")
        self.assertRegex(made.name, r"-py3-none-any\.whl$")
        self.assertEqual(native(made), ["fio_c2c.h"])
        alone = environment("alone")
        install(alone, made)
        said = self.python("-m", "fio_c2c", python=alone, LD_LIBRARY_PATH=str(LIBRARY.parent),
                           FIO_EMULATOR=str(EMULATOR))
        self.assertIn("from libfio_c2c.so.0", said)
        said = self.fails("-m", "fio_c2c", python=alone)
        self.assertIn("Install libfio_c2c, or let FIO_LIBRARY name the library", said)
        self.assertNotIn("Traceback", said)

    def test_a_library_for_another_processor(self) -> None:
        foreign = self.folder / "libfio_c2c.so"
        content = bytearray(LIBRARY.read_bytes())
        content[18:20] = (183).to_bytes(2, "little")
        foreign.write_bytes(content)
        made = self.built(FIO_LIBRARY=str(foreign), FIO_EMULATOR=str(EMULATOR))
        self.assertRegex(made.name, r"-py3-none-(many)?linux_(\d+_\d+_)?aarch64\.whl$")
        self.assertEqual(native(made), ["fio_c2c.h", "libfio_c2c.so.0"])


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
        self.assertEqual(native(made), EVERYTHING)
        self.assertTrue((self.folder / "build" / "system" / "libfio_c2c.so").exists())


class Refusals(PackageTest):
    def refused(self, *command: str, package: Path = PACKAGE, **variables: str) -> str:
        done = run([str(self.have(tools)), "setup.py", "--quiet", *command], package, HOME=str(self.folder), **variables)
        self.assertNotEqual(done.returncode, 0, done.stdout)
        self.assertNotIn("Traceback", done.stdout)
        return done.stdout

    def test_a_source_distribution(self) -> None:
        self.assertIn("Build a wheel in a checkout", self.refused("sdist"))

    def test_a_library_that_is_not_there(self) -> None:
        said = self.refused("bdist_wheel", FIO_LIBRARY="/nowhere/libfio_c2c.so")
        self.assertIn("FIO_LIBRARY names /nowhere/libfio_c2c.so, which is no file", said)

    def test_something_that_is_no_library(self) -> None:
        said = self.refused("bdist_wheel", FIO_LIBRARY=str(Path(__file__)), FIO_EMULATOR=str(EMULATOR))
        self.assertIn("is no ELF file", said)

    def test_nothing_is_built_and_nothing_can_be(self) -> None:
        package = tree(self.folder, (ROOT / "Cargo.toml").read_text())
        self.assertIn("let FIO_LIBRARY and FIO_EMULATOR name what is built already",
                      self.refused("bdist_wheel", package=package))

    def test_a_tree_of_another_version(self) -> None:
        package = tree(self.folder, '[package]\nversion = "9.8.7"\n')
        self.assertIn("has version 9.8.7, fio_c2c/_version.py has", self.refused("bdist_wheel", package=package))

    def test_a_folder_outside_the_tree(self) -> None:
        package = tree(self.folder, "")
        self.assertIn("take a checkout of it", self.refused("bdist_wheel", package=package))


class Checkout(PackageTest):
    def test_a_checkout_uses_its_own_library_and_not_an_installed_one(self) -> None:
        found = "from fio_c2c import _library, emulator; print(_library.find_library(), emulator.find_emulator())"
        self.assertEqual(self.python("-c", found, PYTHONPATH=str(PACKAGE), FIO_TLS=TLS).split(),
                         [str(LIBRARY), str(EMULATOR)])
        installed = str(bare().parents[1])
        for place in self.python("-c", found).split():
            self.assertTrue(place.startswith(installed), place)

    def test_an_installed_package_is_no_checkout_although_a_header_is_near(self) -> None:
        [package] = self.have(bare).parents[1].glob("lib/python*/site-packages/fio_c2c")
        shutil.copytree(package, self.folder / "vendor" / "fio_c2c")
        (self.folder / "include").mkdir()
        shutil.copy(ROOT / "include" / "fio_c2c.h", self.folder / "include")
        found = self.python("-c", "from fio_c2c import _library; print(_library.find_library())", PYTHONPATH="vendor")
        self.assertEqual(found.strip(), str(self.folder / "vendor" / "fio_c2c" / "_native" / "libfio_c2c.so.0"))


if __name__ == "__main__":
    unittest.main()

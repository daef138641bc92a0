"""The header as a product: it compiles everywhere, says what the libraries export, and documents it."""

from __future__ import annotations

import re
import subprocess
import tempfile
import unittest
from pathlib import Path

import header
from harness import INCLUDE, LIBRARIES, SkippingTest

WARNINGS = ["-Wall", "-Wextra", "-Wpedantic", "-Wundef", "-Werror"]
C_WARNINGS = ["-Wstrict-prototypes", "-Wc++-compat"]
C_STANDARDS = ["c99", "c11", "c17"]
CXX_STANDARDS = ["c++11", "c++17"]
ONCE = "#include <fio_c2c.h>\n"
USES = "int {name}(void); int {name}(void) {{ return fio_version_number() == FIO_VERSION_NUMBER; }}\n"


def _try(command: list[str]) -> str:
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    return "" if done.returncode == 0 else f"{' '.join(command)}\n{done.stdout}"


class Compiles(SkippingTest):
    """Alone, twice, and in two units of one program, in every language it is for."""

    def compile_with(self, compiler: str, standards: list[str], suffix: str, flags: list[str]) -> None:
        with tempfile.TemporaryDirectory() as folder:
            units = {"alone": ONCE, "twice": ONCE + ONCE, "one": ONCE + USES.format(name="one"), "two": ONCE + USES.format(name="two")}
            for name, text in units.items():
                (Path(folder) / (name + suffix)).write_text(text)
            for standard in standards:
                objects = []
                for name in units:
                    objects.append(f"{folder}/{name}.o")
                    self.assertEqual("", _try([compiler, f"-std={standard}", *flags, *WARNINGS, f"-I{INCLUDE}", "-c",
                                               f"{folder}/{name}{suffix}", "-o", objects[-1]]))
                # Both units in one object: nothing in the header is defined twice.
                self.assertEqual("", _try([compiler, *flags, "-r", "-nostdlib", *objects, "-o", f"{folder}/both.o"]))

    def compiler(self, name: str, package: str) -> str:
        for candidate in (name, f"{name}-14", f"{name}-16", f"{name}-19"):
            try:
                subprocess.run([candidate, "--version"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=True)
                return candidate
            except FileNotFoundError:
                continue
        return self.need(name, package)

    def test_gcc_c(self) -> None:
        self.compile_with(self.compiler("gcc", "gcc"), C_STANDARDS, ".c", C_WARNINGS)

    def test_gcc_cxx(self) -> None:
        self.compile_with(self.compiler("g++", "g++"), CXX_STANDARDS, ".cpp", [])

    def test_clang_c(self) -> None:
        self.compile_with(self.compiler("clang", "clang"), C_STANDARDS, ".c", C_WARNINGS)

    def test_clang_cxx(self) -> None:
        # The driver for C compiles C++ as well; linking is not tried.
        self.compile_with(self.compiler("clang", "clang"), CXX_STANDARDS, ".cpp", [])

    def test_gcc_32_bit(self) -> None:
        with tempfile.TemporaryDirectory() as folder:
            probe = Path(folder) / "probe.c"
            probe.write_text("#include <stdint.h>\n#include <stddef.h>\n")
            if _try(["gcc", "-m32", "-c", str(probe), "-o", f"{folder}/probe.o"]):
                self.skip("no C library for 32 bit: install the Debian package gcc-multilib")
        self.compile_with("gcc", C_STANDARDS, ".c", ["-m32", *C_WARNINGS])


class Exports(SkippingTest):
    """The libraries export what the header declares, and nothing else."""

    def setUp(self) -> None:
        self.declared = {function.name for function in header.functions()}

    def exported(self, *arguments: str) -> set[str]:
        self.need("nm", "binutils")
        out = subprocess.run(["nm", "--defined-only", *arguments], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, check=True)
        # Without the version (`name@@FIO_0`), and without the symbol that stands for the version itself.
        found = (line.split() for line in out.stdout.splitlines())
        return {words[2].partition("@")[0] for words in found if len(words) == 3 and words[1] != "A"}

    def test_nothing_was_overlooked_in_the_header(self) -> None:
        text = re.sub(r"/\*.*?\*/", "", header.HEADER.read_text(), flags=re.S)
        self.assertEqual(set(re.findall(r"\b(fio_\w+)\(", text)), self.declared)

    def test_shared_library(self) -> None:
        self.assertEqual(self.exported("-D", str(LIBRARIES / "libfio_c2c.so")), self.declared)

    def test_static_library(self) -> None:
        names = self.exported("-g", str(LIBRARIES / "libfio_c2c.a"))
        self.assertEqual(self.declared - names, set())


class Documentation(unittest.TestCase):
    def test_every_function_says_the_same_things(self) -> None:
        known = set(header.statuses())
        for function in header.functions():
            with self.subTest(function.name):
                for heading in ("Returns", "Callbacks", "Blocking", "Since"):
                    self.assertIn(heading, function.headings)
                for parameter in function.parameters:
                    self.assertNotEqual(parameter.text, "", parameter.name)
                named = set(re.findall(r"\bFIO_E_\w+\b", " ".join(function.headings.values())))
                # The name for what has no name is no status.
                self.assertEqual(named - known - {"FIO_E_UNKNOWN"}, set())


if __name__ == "__main__":
    unittest.main()

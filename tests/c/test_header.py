"""The header as a product: it compiles everywhere, says what the libraries export, and documents it."""

from __future__ import annotations
import re
import subprocess
import sys

from case import Case, need
import header

import pytest
from compilers import Compiler
from harness import HERE, LIBRARIES, ROOT

sys.path.insert(0, str(ROOT / "tests" / "abi"))
from header_text import read_header  # noqa: E402


class Compiles(Case):
    """Alone, twice, and in two units of one program, without a warning, in every language it is for; and every
    field of its structs is where it belongs."""

    def compile_with(self, name: str, package: str, *flags: str, is_cxx: bool = False) -> None:
        compiler = Compiler.find(name, *flags, is_cxx=is_cxx)
        if compiler is None or not compiler.works():
            pytest.skip(f"{' '.join([name, *flags])} does not compile: install the Debian package {package}")
        assert compiler is not None
        assert compiler.complaints() == ""

    def test_gcc_c(self) -> None:
        self.compile_with("gcc", "gcc")

    def test_gcc_cxx(self) -> None:
        self.compile_with("g++", "g++", is_cxx=True)

    def test_clang_c(self) -> None:
        self.compile_with("clang", "clang-14")

    def test_clang_cxx(self) -> None:
        # The driver for C compiles C++ as well.
        self.compile_with("clang", "clang-14", is_cxx=True)

    # The package gcc-multilib brings the same, and excludes the compilers for ARM.
    def test_gcc_32_bit_c(self) -> None:
        self.compile_with("gcc", "gcc-12-multilib", "-m32")

    def test_gcc_32_bit_cxx(self) -> None:
        self.compile_with("g++", "g++-12-multilib", "-m32", is_cxx=True)

    def test_clang_32_bit_c(self) -> None:
        self.compile_with("clang", "gcc-12-multilib", "-m32")

    def test_clang_32_bit_cxx(self) -> None:
        self.compile_with("clang", "gcc-12-multilib", "-m32", is_cxx=True)

    def test_arm_c(self) -> None:
        self.compile_with("arm-linux-gnueabihf-gcc", "gcc-arm-linux-gnueabihf")

    def test_every_field_has_its_place_in_the_layout(self) -> None:
        placed = re.findall(r"^(?:AT\((\w+), (\w+),|ENDS\((\w+),)", (HERE / "layout.c").read_text(), re.M)
        structs = read_header(header.HEADER.read_text()).structs
        assert ([place for place in placed if place[0]]
                == [(struct, field, "") for struct, fields in structs.items() for field in fields])
        assert [place[2] for place in placed if place[2]] == list(structs)


class Exports(Case):
    """The libraries export what the header declares, and nothing else."""

    @pytest.fixture(autouse=True)
    def exports_ready(self, ending: None) -> None:
        self.declared = {function.name for function in header.functions()}

    def exported(self, *arguments: str) -> set[str]:
        need("nm", "binutils")
        out = subprocess.run(["nm", "--defined-only", *arguments], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, check=True)
        # Without the version (`name@@FIO_0`), and without the symbol that stands for the version itself.
        found = (line.split() for line in out.stdout.splitlines())
        return {words[2].partition("@")[0] for words in found if len(words) == 3 and words[1] != "A"}

    def test_nothing_was_overlooked_in_the_header(self) -> None:
        text = re.sub(r"/\*.*?\*/", "", header.HEADER.read_text(), flags=re.S)
        assert set(re.findall(r"\b(fio_\w+)\(", text)) == self.declared

    def test_shared_library(self) -> None:
        assert self.exported("-D", str(LIBRARIES / "libfio_c2c.so")) == self.declared

    def test_static_library(self) -> None:
        names = self.exported("-g", str(LIBRARIES / "libfio_c2c.a"))
        assert self.declared - names == set()


class Documentation(Case):
    def test_every_function_says_the_same_things(self) -> None:
        known = set(header.statuses())
        for function in header.functions():
            for heading in ("Returns", "Callbacks", "Blocking", "Since"):
                assert heading in function.headings
            for parameter in function.parameters:
                assert parameter.text != "", parameter.name
            named = set(re.findall(r"\bFIO_E_\w+\b", " ".join(function.headings.values())))
            # The name for what has no name is no status.
            assert named - known - {"FIO_E_UNKNOWN"} == set()

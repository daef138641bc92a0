"""The header as a product: it compiles everywhere, says what the libraries export, and documents it; and its description
says the same."""

from __future__ import annotations
import re
import subprocess

from case import Case, need

import pytest
from compilers import Compiler
from harness import HEADER, HERE, LIBRARIES
import interface
import read

INTERFACE = interface.load()


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
        assert ([place for place in placed if place[0]]
                == [(struct.name, field.name, "") for struct in INTERFACE.structs for field in struct.fields])
        assert [place[2] for place in placed if place[2]] == [struct.name for struct in INTERFACE.structs]


class Exports(Case):
    """The libraries export what the header declares, and nothing else."""

    @pytest.fixture(autouse=True)
    def exports_ready(self, ending: None) -> None:
        self.declared = set(INTERFACE.exports)

    def exported(self, *arguments: str) -> set[str]:
        need("nm", "binutils")
        out = subprocess.run(["nm", "--defined-only", *arguments], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, check=True)
        # Without the version (`name@@FIO_0`), and without the symbol that stands for the version itself.
        found = (line.split() for line in out.stdout.splitlines())
        return {words[2].partition("@")[0] for words in found if len(words) == 3 and words[1] != "A"}

    def test_nothing_was_overlooked_in_the_header(self) -> None:
        text = re.sub(r"/\*.*?\*/", "", HEADER.read_text(), flags=re.S)
        assert set(re.findall(r"\b(fio_\w+)\(", text)) == self.declared

    def test_shared_library(self) -> None:
        assert self.exported("-D", str(LIBRARIES / "libfio_c2c.so")) == self.declared

    def test_static_library(self) -> None:
        names = self.exported("-g", str(LIBRARIES / "libfio_c2c.a"))
        assert self.declared - names == set()


class Description(Case):
    """include/fio_c2c.json has what the header says, in every word."""

    @pytest.fixture(autouse=True)
    def description_ready(self, ending: None) -> None:
        need("doxygen", "doxygen")

    def test_it_is_current(self) -> None:
        made = read.read(HEADER.read_text(), INTERFACE.constants)
        assert made.as_json() == interface.DESCRIPTION.read_text(), "run `make header`"

    def test_a_parameter_that_is_not_there_is_found_out(self) -> None:
        with pytest.raises(read.Unreadable, match="fio_pair has no parameter most_codes"):
            read.read(HEADER.read_text().replace("@param max_codes", "@param most_codes"))

    def test_what_functions_have_in_common_is_said_once(self) -> None:
        text = HEADER.read_text().replace("Every function may return FIO_E_PANIC", "Every function that takes a client may also return\n"
                                          " *     FIO_E_URL, FIO_E_CA or FIO_E_DNS. Every function may return FIO_E_PANIC", 1)
        text = text.replace(" | `FIO_E_PANIC`", "")
        returned = {function.name: set(function.statuses) for function in read.read(text).functions}
        assert {"FIO_E_URL", "FIO_E_CA", "FIO_E_DNS", "FIO_E_PANIC", "FIO_E_NULL"} <= returned["fio_wakeup"]
        assert returned["fio_config_set_event"] == {"FIO_OK", "FIO_E_NULL", "FIO_E_HANDLE", "FIO_E_PANIC"}
        assert returned["fio_version_number"] == set()


class Documentation(Case):
    @pytest.mark.parametrize("function", INTERFACE.functions, ids=INTERFACE.exports)
    def test_every_function_says_the_same_things(self, function: interface.Function) -> None:
        # The thread rule of the builders stands at fio_config and fio_upload themselves.
        is_of_builder = re.match(r"(const )?struct fio_(config|upload) \*", function.arguments)
        is_operation = any((parameter.type, parameter.name) == ("fio_op *", "op") for parameter in function.parameters)
        expected = {"Returns", "Callbacks", "Blocking", "Since"}
        expected |= set() if is_of_builder else {"Threads"}
        expected |= {"Ends with"} if is_operation else set()
        assert expected <= function.headings.keys()
        assert [parameter.name for parameter in function.parameters if not parameter.text] == []

    def test_no_function_is_left_out(self) -> None:
        assert len(INTERFACE.functions) >= 80

    def test_what_is_given_away_says_what_frees_it(self) -> None:
        given = [parameter for function in INTERFACE.functions for parameter in function.parameters
                 if parameter.type in {f"struct {handle.name} **" for handle in INTERFACE.handles}]
        assert len(given) == len(INTERFACE.handles)
        for parameter in given:
            assert parameter.freed_by == f"{parameter.type.split()[1]}_free"
            assert parameter.freed_by in INTERFACE.exports

    def test_every_status_that_is_named_exists(self) -> None:
        named = set(re.findall(r"\bFIO_E_\w+", HEADER.read_text()))
        # The name for what has no name is no status.
        assert named - INTERFACE.statuses.keys() - {"FIO_E_UNKNOWN"} == set()

    def test_every_status_says_what_it_is(self) -> None:
        assert [constant.name for constant in INTERFACE.constants if constant.is_status
                and not (constant.text and constant.retry and constant.message and constant.advice.endswith("."))] == []

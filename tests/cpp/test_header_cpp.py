"""include/fio_c2c.hpp as a product: it compiles everywhere, and has everything that fio_c2c.h has."""

from __future__ import annotations
import re
import subprocess
import tempfile
from pathlib import Path

import pytest

from case import Case, need
from building import CXX, HEADER, INCLUDE, NO_EXCEPTIONS, WARNINGS, find_clang, find_compiler, in_parallel, run_compiler
import interface

MODES = [["-std=c++17"], ["-std=c++20"], ["-std=c++17", *NO_EXCEPTIONS], ["-std=c++20", *NO_EXCEPTIONS]]
# Templates are compiled where they are used.
UNIT = """#include <fio_c2c.hpp>
#include <fio_c2c.hpp>
#include <array>
std::size_t {name}(fio::Client& client);
std::size_t {name}(fio::Client& client)
{{
    std::size_t count = fio::Bytes(std::array<std::uint8_t, 2>()).size() + fio::Bytes(std::string_view()).size();
    fio::Result<void> listed = client.queue_list([&](fio::UploadInfoView info) {{ count += info.name().size(); }});
    return listed ? count : client.queue_totals().value_or(fio::Totals()).failed != 0;
}}
"""


class Compiles(Case):
    """Twice in a unit, and in two units of one program; in every language it is for, with and without exceptions."""

    def compile_with(self, compiler: str, *flags: str, modes: list[list[str]] = MODES) -> None:
        with tempfile.TemporaryDirectory() as folder:
            unit = Path(folder) / "unit.cpp"
            unit.write_text(UNIT.format(name="unit"))
            command = [compiler, *WARNINGS, *flags, f"-I{INCLUDE}", "-fsyntax-only", str(unit)]
            in_parallel([lambda mode=mode: run_compiler([*command, *mode]) for mode in modes])

    def gcc(self) -> str:
        return find_compiler(CXX) or need("g++", "g++")

    def clang(self) -> str:
        return find_clang() or need("clang++", "clang-14")

    def flags_for_32_bit(self, compiler: str) -> list[str]:
        """Where cross compilers are installed, the 32 bit headers of the system lie beside those of 64 bit."""
        multiarch = subprocess.run(["gcc", "-print-multiarch"], stdout=subprocess.PIPE, text=True, check=True).stdout.strip()
        flags = ["-m32", "-idirafter", f"/usr/include/{multiarch}"]
        with tempfile.TemporaryDirectory() as folder:
            probe = Path(folder) / "probe.cpp"
            probe.write_text("#include <cerrno>\n#include <string>\n")
            if subprocess.run([compiler, *flags, "-fsyntax-only", str(probe)], stderr=subprocess.DEVNULL, check=False).returncode:
                pytest.skip("no C++ library for 32 bit: install the Debian package g++-12-multilib")
        return flags

    def test_gcc(self) -> None:
        self.compile_with(self.gcc())

    def test_clang(self) -> None:
        self.compile_with(self.clang())

    def test_gcc_32_bit(self) -> None:
        self.compile_with(self.gcc(), *self.flags_for_32_bit(self.gcc()), modes=MODES[:1] + MODES[-1:])

    def test_clang_32_bit(self) -> None:
        self.compile_with(self.clang(), *self.flags_for_32_bit(self.clang()), modes=MODES[1:3])

    def test_two_units_of_one_program(self) -> None:
        with tempfile.TemporaryDirectory() as folder:
            objects = [f"{folder}/{name}.o" for name in ("one", "two")]

            def compile_unit(made: str) -> None:
                source = Path(made).with_suffix(".cpp")
                source.write_text(UNIT.format(name=source.stem))
                run_compiler([self.gcc(), "-std=c++17", f"-I{INCLUDE}", "-c", str(source), "-o", made])

            in_parallel([lambda made=made: compile_unit(made) for made in objects])
            # Both in one object: nothing is defined twice.
            run_compiler([self.gcc(), "-r", "-nostdlib", *objects, "-o", f"{folder}/both.o"])


class Completeness(Case):
    """What fio_c2c.h declares is used here: what is new there cannot be forgotten."""

    code: str
    interface: interface.Interface

    @classmethod
    def setup_class(cls) -> None:
        cls.interface = interface.load()
        cls.code = re.sub(r"//.*", "", re.sub(r"/\*.*?\*/", "", HEADER.read_text(), flags=re.S))

    def is_used(self, name: str) -> bool:
        return re.search(rf"\b{name}\b", self.code) is not None

    def test_every_function_is_called(self) -> None:
        names = self.interface.exports
        assert len(names) == len(set(names))
        assert [name for name in names if not self.is_used(name)] == []

    def test_every_function_is_named_in_the_documentation(self) -> None:
        """So that a reader finds the manual's entry. The handles' own are their constructors and destructors."""
        own = re.compile(r"fio_(config|upload|client)_(new|free|error)$")
        text = HEADER.read_text()
        names = [name for name in self.interface.exports if not own.match(name)]
        assert [name for name in names if f"`{name}`" not in text] == []

    def test_every_status_has_its_code(self) -> None:
        listed = dict(re.findall(r"^    (\w+) = (FIO_OK|FIO_E_\w+)\b", self.code, re.M))
        expected = {name.removeprefix("FIO_E_").removeprefix("FIO_").lower(): name for name in self.interface.statuses}
        assert listed == expected

    def test_every_constant_is_used(self) -> None:
        constants = [constant.name for constant in self.interface.constants]
        assert len(constants) > 120
        assert [name for name in constants if not self.is_used(name)] == []

    def test_every_field_is_shown(self) -> None:
        assert len(self.interface.structs) == 7
        for struct in self.interface.structs:
            fields = {field.name for field in struct.fields} - {"struct_size", "reserved"}
            assert {field for field in fields if not re.search(rf"->{field}\b", self.code)} == set(), struct.name

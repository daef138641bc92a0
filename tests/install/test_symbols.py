"""What the libraries show to others: the functions of the header under their version, and nothing else."""

from __future__ import annotations

import ctypes
import os
import re

from case import Case, need
from installation import TLS, installation, run

import interface

LIBRARY = "libfio_c2c.so.0"
# What every library of C has at hand; the rest would be missing on a device.
MAY_NEED = {"libc.so.6", "libgcc_s.so.1", "libm.so.6", "libpthread.so.0", "libdl.so.2"}


class SymbolsTest(Case):
    @classmethod
    def setup_class(cls) -> None:
        cls.libraries = installation() / "lib"
        cls.declared = set(interface.load().exports)

    def read(self, program: str, *arguments: str) -> str:
        return run([need(program, "binutils"), *arguments], self.libraries)


class Exports(SymbolsTest):
    def test_the_shared_library_has_the_header_under_its_version(self) -> None:
        listed = self.read("nm", "-D", "--defined-only", LIBRARY)
        found = {line.split(maxsplit=1)[1] for line in listed.splitlines()}
        assert found == {f"T {name}@@FIO_0" for name in self.declared} | {"A FIO_0"}

    def test_the_static_library_has_the_header(self) -> None:
        listed = self.read("nm", "-g", "--defined-only", "libfio_c2c.a")
        found = {line.split(maxsplit=1)[1] for line in listed.splitlines() if re.match(r"[0-9a-f]+ ", line)}
        assert found == {f"T {name}" for name in self.declared}

    def test_the_static_library_is_one_object(self) -> None:
        assert self.read("ar", "t", "libfio_c2c.a").split() == ["fio_c2c.o"]

    def test_the_static_library_shares_nothing_by_name(self) -> None:
        # Of two groups of one name the linker keeps the first: another Rust library would lose its own to ours.
        assert "There are no section groups" in self.read("readelf", "-gW", "libfio_c2c.a")

    def test_a_program_that_loads_it_finds_nothing_else(self) -> None:
        library = ctypes.CDLL(str(self.libraries / LIBRARY), mode=os.RTLD_LOCAL)
        for name in self.declared:
            assert hasattr(library, name), name
        inside = ["rust_eh_personality", "rust_panic"]
        # The system's libcurl and what that needs are found through the library.
        inside += ["curl_easy_init", "Curl_open", "inflate", "rustls_version"] if TLS == "bundled" else []
        for name in inside:
            assert not hasattr(library, name), name


class Hygiene(SymbolsTest):
    def test_what_the_dynamic_linker_is_told(self) -> None:
        told = self.read("readelf", "-dW", LIBRARY)
        assert "soname: [libfio_c2c.so.0]" in told
        assert re.search(r"\(FLAGS\) +BIND_NOW", told)
        assert re.search(r"\(FLAGS_1\) +Flags: NOW NODELETE\n", told)
        assert not re.search(r"RPATH|RUNPATH|TEXTREL", told)
        needed = {name for name in re.findall(r"NEEDED.*\[(.*)\]", told) if not name.startswith("ld-linux")}
        assert needed - MAY_NEED == ({"libcurl.so.4"} if TLS == "system" else set())

    def test_no_memory_is_writable_and_executable(self) -> None:
        segments = re.findall(r"^  (\w+) .* ([R ][W ][E ]) +0x", self.read("readelf", "-lW", LIBRARY), re.M)
        assert ("GNU_STACK", "RW ") in segments
        assert "GNU_RELRO" in dict(segments)
        assert [segment for segment in segments if segment[1].endswith("WE")] == []
        # In the static library an object without this note would make the whole program's stack executable.
        notes = re.findall(r"\.note\.GNU-stack +PROGBITS +(?:[0-9a-f]+ +){4}([A-Z]*) *\d+ +\d+ +\d+", self.read("readelf", "-SW", "libfio_c2c.a"))
        assert notes == [""]

    if TLS == "bundled":
        # The rest is Rust, which checks by itself, and the C library's own.
        def test_c_code_is_guarded_against_overruns(self) -> None:
            """By the rules of Debian's hardening-check: the canary is checked, and calls go to functions that know sizes."""
            for symbols in (self.read("nm", "-D", "--undefined-only", LIBRARY), self.read("nm", "--undefined-only", "libfio_c2c.a")):
                called = {line.split()[-1].split("@")[0] for line in symbols.splitlines() if " U " in line}
                assert "__stack_chk_fail" in called
                assert {"__memcpy_chk", "__snprintf_chk"} <= called

    def test_no_debug_information_is_shipped(self) -> None:
        unwanted = re.compile(r"\] (\.z?debug_\w+|\.llvmbc|\.llvmcmd) ")
        assert unwanted.findall(self.read("readelf", "-SW", "libfio_c2c.a")) == []
        sections = self.read("readelf", "-SW", LIBRARY)
        assert unwanted.findall(sections) == []
        assert ".symtab" not in sections

    def test_panics_do_not_name_places_on_the_machine_that_built_it(self) -> None:
        for name in (LIBRARY, "libfio_c2c.a"):
            content = (self.libraries / name).read_bytes()
            assert b"src/net/" in content and b"core/src/" in content
            assert set(re.findall(rb"/[\w./-]*(?:registry|rustup|toolchains)/[\w./-]*", content)) == set(), name

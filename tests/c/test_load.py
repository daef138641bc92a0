"""Loading the shared library at run time."""

from __future__ import annotations

from case import Case, need
from harness import HERE, LIBRARIES, compile_program, run_program


class Load(Case):
    def load(self, mode: str, how: str) -> None:
        if mode == "valgrind":
            need("valgrind", "valgrind")
        program = compile_program("load", [HERE / "load.c"], link="none", sanitized=mode == "sanitized")
        said = run_program(program, mode=mode, arguments=(str(LIBRARIES / "libfio_c2c.so"), how))
        assert said == []

    def test_alone(self) -> None:
        self.load("plain", "alone")

    def test_in_a_host_with_threads(self) -> None:
        self.load("plain", "threaded")

    def test_alone_sanitized(self) -> None:
        self.load("sanitized", "alone")

    def test_in_a_host_with_threads_valgrind(self) -> None:
        self.load("valgrind", "threaded")

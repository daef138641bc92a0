"""The C test programs, each against both libraries, plain, under sanitizers and under valgrind."""

from __future__ import annotations

from pathlib import Path

from case import Case, need
from harness import HERE, LINKS, MODES, TLS, Emulator, compile_program, run_program

PROGRAMS = ["lifecycle", "free_inside", "reentrancy", "completion", "threads", "fork", "exec", "signals", "saving_order",
            "upload_sources", "upload_calls", "upload_driving"]
# These have what uploads need, and keep the rules of the service.
UPLOADING = [name for name in PROGRAMS if name.startswith("upload_")]

# Only a libcurl of the system may be old: see exec.c.
ENVIRONMENT = {"FIO_TEST_WAKE_PAIR": "1"} if TLS == "system" else {}


class Programs(Case):
    def run_one(self, name: str, link: str, mode: str) -> None:
        if mode == "valgrind":
            need("valgrind", "valgrind")
        sources: list[Path] = [HERE / f"{part}.c" for part in (name, "support", "uploading")]
        program = compile_program(name, sources, link=link, sanitized=mode == "sanitized")
        with Emulator(interval=0.05) as service:
            lines = run_program(program, mode=mode, service=service, environment=ENVIRONMENT)
            if name in UPLOADING:
                assert service.violations() == []
        if mode == "plain":
            print("".join(f"\n{name}, {link}: {line}" for line in lines if " took " in line), flush=True)


class Threads(Case):
    def test_program_under_thread_sanitizer(self) -> None:
        """The library is not instrumented: this watches what its callers do around it."""
        program = compile_program("threads-instrumented", [HERE / "threads.c", HERE / "support.c"], extra=("-fsanitize=thread",))
        run_program(program, environment={"TSAN_OPTIONS": f"exitcode=66:suppressions={HERE / 'tsan.supp'}", "FIO_TEST_SLOWNESS": "4"})


def _add(name: str, link: str, mode: str) -> None:
    def test(self: Programs) -> None:
        self.run_one(name, link, mode)

    setattr(Programs, f"test_{name}_{link}_{mode}", test)


for _name in PROGRAMS:
    for _link in LINKS:
        for _mode in MODES:
            _add(_name, _link, _mode)

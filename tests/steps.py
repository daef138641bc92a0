"""The steps of `make check`: what is run, what it needs, and what has to come before it.

In the order in which they begin if nothing holds them up: what others wait for, and what takes long, first.
"""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Iterable, Optional

from environment import Unavailable, tests_python
from packages import need

ROOT = Path(__file__).resolve().parents[1]
CARGO = os.environ.get("CARGO", "cargo")


@dataclass
class Step:
    name: str
    command: list[str]
    environment: dict[str, str] = field(default_factory=dict)
    # What must be there, as (package, is it there).
    needs: list[tuple[str, bool]] = field(default_factory=list)
    # The names of the steps that must be over.
    after: list[str] = field(default_factory=list)
    # Nothing runs beside it: it measures.
    alone: bool = False


def _make(*arguments: str) -> list[str]:
    return ["make", "--no-print-directory", *arguments]


def _tests(name: str, path: str, environment: Optional[dict[str, str]] = None, needs: Iterable[tuple[str, bool]] = (),
           after: Iterable[str] = ()) -> Step:
    """A step that runs the Python tests of a folder, or of one file."""
    try:
        python, missing = str(tests_python()), []
    except Unavailable as failure:
        python, missing = sys.executable, [(f"pytest: {failure}", False)]
    return Step(name, [python, "-B", "-m", "pytest", path], environment or {}, [*missing, *needs], list(after))


def _variant(tls: str, needs: list[tuple[str, bool]]) -> list[Step]:
    """The library against the emulator, with one of the two ways to have libcurl."""
    def step(name: str, folder: str) -> Step:
        return _tests(f"{name} ({tls})", folder, {"FIO_TLS": tls}, needs, [f"build of the C libraries ({tls})"])

    return [
        step("C tests", "tests/c"),
        step("Python tests", "tests/python"),
        step("examples and demo", "tests/demo"),
        step("torture", "tests/torture"),
        step("installation", "tests/install"),
    ]


def steps() -> list[Step]:
    system = [need("pkg-config"), need("libcurl4-openssl-dev")]
    # The Rust tests need some libcurl, and the sources are the same for both: the system's needs no compiling.
    libcurl = ["--no-default-features", "--features", "system,uploads"] if all(is_there for _, is_there in system) else []
    browser = [need("chromium"), need("chromium-driver"), need("libnss3-tools")]
    cross = [need("gcc-aarch64-linux-gnu"), need("gcc-arm-linux-gnueabihf"), need("qemu-user-static")]
    bench_needs = [*system, need("libcjson-dev"), need("valgrind"), need("curl")]
    built = ["build of the C libraries (bundled)", "build of the C libraries (system)"]
    return [
        _tests("tests of the tests", "tests/suite"),
        Step("format of the Rust sources", [CARGO, "fmt", "--all", "--check"], needs=[need("rustfmt")]),
        Step(built[0], _make("TLS=bundled", "lib", "emulator", "examples")),
        Step("Rust tests of the library", [CARGO, "test", "--locked", "--quiet", *libcurl]),
        # What only the bundled build has: its own part of libcurl's surroundings.
        Step("Rust tests of the bundled library", [CARGO, "test", "--locked", "--quiet", "--lib", "net::"], after=built[:1]),
        Step(built[1], _make("TLS=system", "lib", "emulator", "examples"), needs=system, after=built[:1]),
        *_variant("bundled", []),
        Step("Rust tests of the emulator", [CARGO, "test", "--locked", "--quiet", "-p", "fio-emulator", "-p", "fio-emulator-service"]),
        _tests("certification", "tests/certify", {"FIO_TLS": "bundled"}, after=built[:1]),
        _tests("page in a browser", "tests/page", {"FIO_TLS": "bundled"}, browser, built[:1]),
        Step("archives", _make("dist"), needs=[*system, *cross], after=built),
        _tests("programs on ARM", "tests/cross", needs=[*system, *cross], after=["archives"]),
        Step("lints", [CARGO, "clippy", "--locked", "--quiet", "--workspace", "--all-targets", *libcurl, "--", "-D", "warnings"], needs=[need("clippy")]),
        Step("documentation of the Rust sources", [CARGO, "doc", "--locked", "--quiet", "--no-deps", "--document-private-items", "--workspace", *libcurl],
             {"RUSTDOCFLAGS": "-D warnings"}),
        Step("core without std", [CARGO, "build", "--locked", "--quiet", "-p", "fio-c2c-core", "--example", "without_std", "--profile", "no-std"]),
        Step("oldest Rust, and a processor without std", [sys.executable, "-B", "tests/oldest_rust.py"], needs=system),
        # Both targets, for a moment: `make fuzz` takes longer.
        Step("fuzzing of the emulator", _make("fuzz", "SECONDS=20", "WITHIN=120"), needs=[need("g++")]),
        *_variant("system", system),
        # After the installation, which makes this library as well.
        _tests("library without uploads (system)", "tests/c/pairing_only.py", needs=system, after=["installation (system)"]),
        _tests("binary interface", "tests/abi", {"FIO_TLS": "bundled"},
               [need("abigail-tools"), need("doxygen"), need("gcc-arm-linux-gnueabihf")], built[:1]),
        _tests("C++ tests (system)", "tests/cpp", {"FIO_TLS": "system"}, system, built[1:]),
        _tests("Python package", "tests/package", {"FIO_TLS": "bundled"}, after=built[:1]),
        _tests("manual", "tests/docs", needs=[need("doxygen")], after=built[:1]),
        Step("cost and size", _make("bench", "ASSERT=1"), needs=bench_needs, after=built, alone=True),
    ]

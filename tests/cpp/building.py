"""Compiles the C++ test programs: with exceptions under sanitizers, without them as firmware would be."""

from __future__ import annotations

import functools
import os
import shutil
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "c"))

from harness import CC, FLAGS, INCLUDE, LIBRARIES, ROOT, SANITIZE, WORK, static_libraries  # noqa: E402
from harness import HERE as C_TESTS  # noqa: E402

HEADER = INCLUDE / "fio_c2c.hpp"
CXX = os.environ.get("CXX", "g++")
WARNINGS = ["-Wall", "-Wextra", "-Wpedantic", "-Wshadow", "-Wconversion", "-Wsign-conversion", "-Wundef",
            "-Wold-style-cast", "-Wnon-virtual-dtor", "-Werror"]
# The helpers of the C tests are not held to the warnings of C++.
CXX_FLAGS = ["-std=c++17", *WARNINGS, "-O0", "-g1", "-pthread", f"-I{INCLUDE}", f"-I{HERE}", "-isystem", str(C_TESTS)]
NO_EXCEPTIONS = ["-fno-exceptions", "-fno-rtti"]
C_HELPERS = ["support", "uploading"]
FOLDER = WORK / "cpp"


@dataclass(frozen=True)
class Program:
    """A program of one source or more, each with flags of its own."""

    name: str
    sources: tuple[tuple[Path, tuple[str, ...]], ...]
    link: str = "so"
    sanitized: bool = False

    @property
    def path(self) -> Path:
        return FOLDER / self.name


def program(source: Path, *, name: str | None = None, flags: tuple[str, ...] = (), link: str = "so",
            sanitized: bool = False) -> Program:
    return Program(name or source.stem, ((source, flags),), link, sanitized)


def run_compiler(command: list[str]) -> None:
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    if done.returncode != 0:
        raise AssertionError(f"{' '.join(command)}\n{done.stdout}")


def in_parallel(jobs: list) -> None:
    """Runs all of them, as many at once as there are processors; raises what the first that failed raised."""
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        for done in [pool.submit(job) for job in jobs]:
            done.result()


def find_compiler(*candidates: str) -> str | None:
    return next((name for name in candidates if shutil.which(name)), None)


def find_clang() -> str | None:
    return find_compiler("clang++", "clang++-14", "clang++-16", "clang++-19")


@functools.cache
def compiler_for_sanitizers() -> str:
    """Clang, where its sanitizers are installed: it takes half the time, and what it makes should run as well."""
    clang = find_clang()
    if clang is None:
        return CXX
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "empty.cpp").write_text("int main() { return 0; }\n")
        command = [clang, *SANITIZE, f"{folder}/empty.cpp", "-o", f"{folder}/empty"]
        works = subprocess.run(command, stderr=subprocess.DEVNULL, check=False).returncode == 0
    return clang if works else CXX


def _is_up_to_date(made: Path, made_of: list[Path]) -> bool:
    return made.exists() and all(part.stat().st_mtime < made.stat().st_mtime for part in made_of)


def _c_helpers() -> list[str]:
    """The helpers of the C tests, as objects; nobody looks for their own faults here."""
    objects = []
    for name in C_HELPERS:
        made, source = FOLDER / f"{name}.o", C_TESTS / f"{name}.c"
        objects.append(str(made))
        if not _is_up_to_date(made, [source, *C_TESTS.glob("*.h"), INCLUDE / "fio_c2c.h", Path(__file__)]):
            run_compiler([CC, *FLAGS, f"-I{INCLUDE}", "-c", str(source), "-o", str(made)])
    return objects


def _build(what: Program, helpers: list[str]) -> None:
    made_of = [path for path, flags in what.sources]
    if _is_up_to_date(what.path, [*made_of, HEADER, INCLUDE / "fio_c2c.h", *HERE.glob("*.hpp"), *map(Path, helpers),
                                  LIBRARIES / "libfio_c2c.a", Path(__file__)]):
        return
    compiler, sanitize = (compiler_for_sanitizers(), SANITIZE) if what.sanitized else (CXX, [])
    objects = []
    for number, (path, flags) in enumerate(what.sources):
        objects.append(f"{what.path}-{number}.o")
        run_compiler([compiler, *CXX_FLAGS, *sanitize, *flags, "-c", str(path), "-o", objects[-1]])
    libraries = {"so": [f"-L{LIBRARIES}", "-lfio_c2c", f"-Wl,-rpath,{LIBRARIES}"],
                 "a": [str(LIBRARIES / "libfio_c2c.a"), *static_libraries()]}[what.link]
    run_compiler([compiler, "-pthread", *sanitize, *objects, *helpers, "-o", str(what.path), *libraries])


def build(programs: list[Program]) -> None:
    """Compiles them once; again only when something they are made of is newer."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    helpers = _c_helpers()
    in_parallel([lambda what=what: _build(what, helpers) for what in programs])


def documented_program() -> str:
    """The program in the header's own documentation."""
    text = HEADER.read_text()
    example = text[text.index("@code{.cpp}\n") + len("@code{.cpp}\n"):text.index(" * @endcode")]
    return "".join(line[3:] or "\n" for line in example.splitlines(keepends=True))


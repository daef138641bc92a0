"""Two libraries with debug information, for one processor. One is made of the header alone, as a C compiler
understands it: what vendors compile against. The other is the real one, made of the sources."""

from __future__ import annotations

import contextlib
import fcntl
import json
import re
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Iterator

from abigail import describe
from tools import CARGO, COMPILED, TARGETS, Missing, Target, need, run, with_toolchain
from interface import Interface
from read import read

HEADER = "include/fio_c2c.h"
# What cargo reads of a tree.
SOURCES = ("Cargo.toml", "Cargo.lock", ".cargo", "build.rs", "cbindgen.toml", "src", "core", "emulator/Cargo.toml",
           "emulator/src", "emulator/service", "tests/no_std")


def soname(tree: Path) -> str:
    found = re.search(r"^SOVERSION := (\d+)$", (tree / "Makefile").read_text(), re.M)
    if found is None:
        raise RuntimeError(f"{tree / 'Makefile'} has no line `SOVERSION := number`")
    return f"libfio_c2c.so.{found[1]}"


def read_header(text: str) -> Interface:
    need("doxygen")
    return read(text)


def header_of(tree: Path) -> Interface:
    return read_header((tree / HEADER).read_text())


def describe_header(tree: Path, target: Target) -> str:
    """Every function of the header with an empty body. Freestanding, so that no C library is needed and no
    name of one gets in."""
    bodies = [f"{function.prototype} {{ __builtin_trap(); }}" for function in header_of(tree).functions]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "fio_c2c.h").write_bytes((tree / HEADER).read_bytes())
        (folder / "fio_c2c.c").write_text('#include "fio_c2c.h"\n' + "\n".join(bodies) + "\n")
        run([target.compiler, "-std=c99", "-ffreestanding", "-nostdlib", "-g", "-O0", "-fPIC", "-shared",
             f"-Wl,-soname,{soname(tree)}", "fio_c2c.c", "-o", "libfio_c2c.so"], folder=folder)
        return describe(folder / "libfio_c2c.so")


@dataclass
class Made:
    description: str
    # The text of the header that goes with the sources, which need not be the committed one.
    header: str


def describe_library(tree: Path, target: Target) -> Made:
    """Always compiled in the same place, from a copy: so that a changed tree costs one crate, and what cargo
    left there is never another tree's."""
    COMPILED.mkdir(parents=True, exist_ok=True)
    with _alone():
        copy = COMPILED / "tree"
        copy_sources(tree, copy)
        library, header = _compile(copy, target)
        return Made(describe(library), header.read_text())


@contextlib.contextmanager
def _alone() -> Iterator[None]:
    with open(COMPILED / "lock", "w", encoding="ascii") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def copy_sources(tree: Path, copy: Path, sources: tuple[str, ...] = SOURCES) -> None:
    """Writes only what differs: cargo goes by the time at which a file was written."""
    wanted = {}
    for source in sources:
        start = tree / source
        for path in [start] if start.is_file() else start.rglob("*"):
            if path.is_file():
                wanted[copy / path.relative_to(tree)] = path.read_bytes()
    for path in [path for source in sources for path in (copy / source).rglob("*") if path.is_file()]:
        if path not in wanted:
            path.unlink()
    for path, content in wanted.items():
        if not path.exists() or path.read_bytes() != content:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)


def _compile(tree: Path, target: Target) -> tuple[Path, Path]:
    """The sources without optimisation, and nothing of libcurl: it is not run, and exports nothing of it."""
    command = [*CARGO, "rustc", "--quiet", "--lib", "--crate-type", "cdylib", "--no-default-features",
               "--features", "system,uploads", "--target", target.triple, "--target-dir", str(COMPILED),
               "--message-format", "json-render-diagnostics",
               "--config", "profile.dev.debug=2", "--config", 'profile.dev.package."*".debug=false']
    # For all of them each time: what is compiled for this machine, such as build scripts, depends on it too.
    for each in TARGETS:
        command += ["--config", f"target.{each.triple}.linker='{each.compiler}'",
                    "--config", f"target.{each.triple}.curl.rustc-link-lib=[]",
                    "--config", f"target.{each.triple}.z.rustc-link-lib=[]"]
    try:
        said = run(with_toolchain(target, [*command, "--", "--cfg", "fio_c_library"]), folder=tree)
    except RuntimeError as error:
        if "target may not be installed" in str(error):
            raise Missing(f"Rust's library for {target.triple} is not there: `rustup target add {target.triple}`") from error
        raise
    messages = [json.loads(line) for line in said.splitlines()]
    libraries = [message["filenames"][0] for message in messages
                 if message["reason"] == "compiler-artifact" and "cdylib" in message["target"]["crate_types"]]
    headers = [Path(message["out_dir"]) / "fio_c2c.h" for message in messages if message["reason"] == "build-script-executed"]
    return Path(libraries[0]), next(header for header in headers if header.exists())

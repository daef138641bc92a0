"""The packages that the tests need, in one list: .ci/run installs it, and `make check` says at its end what of it is missing.

Compilers, make and Python are in it for .ci/run; without them nothing runs at all.
"""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Callable, Iterable


def _program(name: str) -> Callable[[], bool]:
    return lambda: shutil.which(name) is not None


def _file(pattern: str) -> Callable[[], bool]:
    return lambda: next(Path("/").glob(pattern), None) is not None


def _module(name: str) -> Callable[[], bool]:
    return lambda: importlib.util.find_spec(name) is not None


def _system_libcurl() -> bool:
    if shutil.which("pkg-config") is None:
        return _file("usr/include/**/curl/curl.h")()
    return subprocess.run(["pkg-config", "--exists", "libcurl"], check=False).returncode == 0


#: Debian's packages, each with how it is seen that they are there.
DEBIAN: dict[str, Callable[[], bool]] = {
    "make": _program("make"),
    "gcc": _program("gcc"),
    "g++": _program("g++"),
    "binutils": _program("readelf"),
    "clang-14": _program("clang-14"),
    "libclang-rt-14-dev": _file("usr/lib/llvm-14/lib/clang/*/lib/linux/libclang_rt.tsan-*.a"),
    "pkg-config": _program("pkg-config"),
    "cmake": _program("cmake"),
    "meson": _program("meson"),
    "ninja-build": _program("ninja"),
    "python3": _program("python3"),
    "python3-pip": _module("pip"),
    "python3-venv": _module("venv"),
    # The 32-bit libraries by their own names: the package gcc-multilib excludes the compilers for ARM.
    "gcc-12-multilib": _file("usr/lib/gcc/*/12/32/libgcc.a"),
    "g++-12-multilib": _file("usr/lib/gcc/*/12/32/libstdc++.a"),
    "gcc-aarch64-linux-gnu": _program("aarch64-linux-gnu-gcc"),
    "gcc-arm-linux-gnueabihf": _program("arm-linux-gnueabihf-gcc"),
    "libc6-dev-arm64-cross": _file("usr/aarch64-linux-gnu/lib/libc.so"),
    "libc6-dev-armhf-cross": _file("usr/arm-linux-gnueabihf/lib/libc.so"),
    "qemu-user-static": _program("qemu-aarch64-static"),
    "libcurl4-openssl-dev": _system_libcurl,
    "libcjson-dev": _file("usr/include/cjson/cJSON.h"),
    "curl": _program("curl"),
    "iproute2": _program("tc"),
    "valgrind": _program("valgrind"),
    "abigail-tools": _program("abidw"),
    "doxygen": _program("doxygen"),
    "chromium": _program("chromium"),
    "chromium-driver": _program("chromedriver"),
    "libnss3-tools": _program("certutil"),
    "fonts-dejavu-core": _file("usr/share/fonts/truetype/dejavu/*.ttf"),
}

#: Parts of Rust: as rustup calls them, how it is seen that they are there, and Debian's package for where there is no rustup.
RUST: dict[str, tuple[Callable[[], bool], str]] = {
    "rustfmt": (_program("rustfmt"), "rustfmt"),
    "clippy": (_program("cargo-clippy"), "rust-clippy"),
}

# What a test says that needs something which is not there.
_NAMED = re.compile(r"Debian package ([a-z0-9][a-z0-9+.-]*[a-z0-9+])")
_TARGET = re.compile(r"`rustup target add ([a-z0-9_-]+)`")


def need(name: str) -> tuple[str, bool]:
    """A package, and whether it is there."""
    return name, DEBIAN[name]() if name in DEBIAN else RUST[name][0]()


def named(text: str) -> set[str]:
    """The packages of Debian that a text tells a person to install."""
    return set(_NAMED.findall(text))


def command(reasons: Iterable[str]) -> str:
    """Installs everything of the list that is missing, and what the reasons of skipped tests name; empty if that is
    nothing."""
    told = "\n".join(reasons)
    debian = [name for name, is_there in DEBIAN.items() if not is_there()]
    debian += sorted(named(told).difference(debian))
    rust = [name for name, (is_there, _) in RUST.items() if not is_there()]
    rustup = shutil.which("rustup") is not None
    if not rustup:
        debian += [RUST[name][1] for name in rust]
    sudo = "" if os.geteuid() == 0 else "sudo "
    commands = []
    if debian:
        commands += [f"{sudo}apt-get update", f"{sudo}apt-get install -y --no-install-recommends {' '.join(debian)}"]
    if rust and rustup:
        commands.append(f"rustup component add {' '.join(rust)}")
    targets = sorted(set(_TARGET.findall(told)))
    if targets:
        commands.append(f"rustup target add {' '.join(targets)}")
    return " && ".join(commands)

"""Builds the wheel: the modules, and beside them the C library, its header, the emulator, and their licences.

Everything else is in pyproject.toml; README.md says where the library is taken from.
"""

from __future__ import annotations

import atexit
import os
import re
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import List, Optional, Tuple

from setuptools import Distribution, setup
from setuptools.command.bdist_wheel import bdist_wheel
from setuptools.command.build_py import build_py
from setuptools.command.sdist import sdist

HERE = Path(__file__).resolve().parent
TREE = HERE.parent
HEADER = TREE / "include" / "fio_c2c.h"
SONAME = "libfio_c2c.so.0"
EMULATOR = "fio-emulator"
# What is beside each of them: the licences of everything that is inside.
LICENCES = {SONAME: "LICENSES.txt", EMULATOR: f"{EMULATOR}.LICENSES.txt"}

MACHINES = {3: "i686", 40: "armv7l", 62: "x86_64", 183: "aarch64", 243: "riscv64"}

# What every manylinux system has, as far as these programs could want it.
MANYLINUX = re.compile(r"lib(c|m|dl|rt|util|pthread|gcc_s)\.so\.\d|ld-linux.*")


def library() -> Optional[Path]:
    """The library to carry; None if it is left to the dynamic loader. Made if it is not there."""
    given = os.environ.get("FIO_LIBRARY")
    if given:
        return existing("FIO_LIBRARY", given) if "/" in given else None
    variant = os.environ.get("FIO_TLS") or "bundled"
    built = TREE / "build" / variant / "libfio_c2c.so"
    if not built.exists() or not (built.parent / LICENCES[SONAME]).exists():
        make(variant, "lib")
    return built


def emulator() -> Path:
    """The emulator to carry. Made if it is not there."""
    given = os.environ.get("FIO_EMULATOR")
    if given:
        return existing("FIO_EMULATOR", given)
    built = TREE / "target" / "release" / EMULATOR
    if not built.exists() or not (built.parent / LICENCES[EMULATOR]).exists():
        make("bundled", "emulator")
    return built


def existing(variable: str, path: str) -> Path:
    if not Path(path).is_file():
        raise SystemExit(f"{variable} names {path}, which is no file")
    return Path(path).resolve()


def make(variant: str, target: str) -> None:
    # An outer make's flags are not for this one.
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("MAKE", "MFLAGS"))}
    try:
        subprocess.run(["make", "-C", str(TREE), f"TLS={variant}", target], env=environment, check=True)
    except (OSError, subprocess.CalledProcessError) as failure:
        raise SystemExit(f"`make TLS={variant} {target}` in {TREE} failed ({failure}). It needs Rust, a C compiler "
                         "and make; or let FIO_LIBRARY and FIO_EMULATOR name what is built already.") from None


def machine(binary: Path) -> str:
    """The processor a binary is for, as platform tags have it."""
    start = binary.read_bytes()[:20]
    if start[:4] != b"\x7fELF" or len(start) < 20:
        raise SystemExit(f"{binary} is no ELF file: the wheel carries Linux libraries only")
    number = int.from_bytes(start[18:20], "big" if start[5] == 2 else "little")
    return MACHINES.get(number, f"machine{number}")


def glibc(binary: Path) -> Optional[Tuple[int, int]]:
    """The glibc a binary needs; None if that is not all it needs, or nobody can say."""
    try:
        text = subprocess.run(["readelf", "--wide", "--dynamic", "--version-info", str(binary)], check=True,
                              stdout=subprocess.PIPE, universal_newlines=True, env={**os.environ, "LC_ALL": "C"}).stdout
    except (OSError, subprocess.CalledProcessError):
        return None
    if not all(MANYLINUX.fullmatch(name) for name in re.findall(r"\(NEEDED\).*\[(.*)\]", text)):
        return None
    # Older than 2.17 is nothing that manylinux would tell apart on every processor.
    return max([(2, 17), *((int(a), int(b)) for a, b in re.findall(r"\bGLIBC_(\d+)\.(\d+)", text))])


def platform(binaries: List[Path]) -> str:
    """The platform tag of a wheel with these binaries.

    auditwheel would say the same, and a test compares (tests/package/test_wheel.py). It is not called here: it looks at a
    finished wheel, which would have to be named again, it needs Python 3.9, and anybody who installs from a checkout would
    download it and what it needs.
    """
    versions = [glibc(binary) for binary in binaries]
    known = [version for version in versions if version is not None]
    if len(known) < len(versions):
        return f"linux_{machine(binaries[0])}"
    return "manylinux_{}_{}_{}".format(*max(known), machine(binaries[0]))


def binaries() -> List[Tuple[Path, str]]:
    """What the wheel carries, and under which name."""
    carried = library()
    if carried is None:
        return []
    service = emulator()
    if machine(service) != machine(carried):
        print(f"{service} is not for {machine(carried)}, as the library is: left out")
        return [(carried, SONAME)]
    return [(carried, SONAME), (service, EMULATOR)]


def check_versions(version: str) -> None:
    """One version everywhere: the package's, Cargo.toml's and the header's."""
    for path, pattern in ((TREE / "Cargo.toml", r'^version = "(.*)"'), (HEADER, r'^#define FIO_VERSION "(.*)"')):
        found = re.search(pattern, path.read_text(), re.M) if path.is_file() else None
        if found is None:
            raise SystemExit(f"{path} is not there, or has no version. This package is built inside the project's tree: "
                             "take a checkout of it, and pip 21.3 or newer.")
        if found.group(1) != version:
            raise SystemExit(f"{path} has version {found.group(1)}, fio_c2c/_version.py has {version}: make them equal")


class WithLibrary(Distribution):
    """A distribution that is for one platform, unless the library is left to the loader."""

    carried: Optional[List[Tuple[Path, str]]] = None

    def has_ext_modules(self) -> bool:
        return bool(self.carried)


class BuildModules(build_py):
    def run(self) -> None:
        super().run()
        if self.editable_mode:
            return
        folder = Path(self.build_lib) / "fio_c2c" / "_native"
        folder.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(HEADER, folder / HEADER.name)
        for source, name in self.distribution.carried or []:
            strip(source, folder / name)
            licences = source.parent / LICENCES[name]
            if licences.exists():
                shutil.copyfile(licences, folder / licences.name)
            else:
                print(f"{licences} is not there: a wheel without it is not for other people")


class BuildWheel(bdist_wheel):
    def run(self) -> None:
        check_versions(self.distribution.get_version())
        self.distribution.carried = binaries()
        self.root_is_pure = not self.distribution.carried
        super().run()

    def get_tag(self) -> Tuple[str, str, str]:
        carried = [path for path, _ in self.distribution.carried or []]
        return "py3", "none", platform(carried) if carried else "any"


class NoSources(sdist):
    def run(self) -> None:
        raise SystemExit("fio_c2c has no source distribution: what the library is made of is the whole project. Build a "
                         "wheel in a checkout: `pip wheel ./python`, or `python3 -m build --wheel python`.")


def strip(source: Path, target: Path) -> None:
    """A copy without the names that only debuggers want, if there is a strip that knows the processor."""
    try:
        subprocess.run([os.environ.get("STRIP", "strip"), "--strip-unneeded", "-o", str(target), str(source)], check=True,
                       stderr=subprocess.DEVNULL)
    except (OSError, subprocess.CalledProcessError):
        shutil.copy(source, target)


# Nothing is left behind in the source tree.
scratch = tempfile.mkdtemp(prefix="fio-c2c-build-")
atexit.register(shutil.rmtree, scratch, ignore_errors=True)

setup(
    distclass=WithLibrary,
    license="MIT",
    cmdclass={"build_py": BuildModules, "bdist_wheel": BuildWheel, "sdist": NoSources},
    options={"build": {"build_base": scratch}, "egg_info": {"egg_base": scratch}},
)

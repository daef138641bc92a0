#!/usr/bin/env python3
"""Makes one archive for devices from what `make install` put into a folder: adds what is good to know about it
(README, sizes, bill of materials, licences, checksums) and packs it so that the same sources give the same bytes.

`make dist` calls this once for each processor and variant.
"""

from __future__ import annotations

import argparse
import gzip
import hashlib
import json
import os
import subprocess
import tarfile
import textwrap
from dataclasses import dataclass
from pathlib import Path

import sbom
from elf import COLUMNS, dotted, glibc_needs, sizes_of
from sbom import Variant
from table import Cell, table

ROOT = Path(__file__).resolve().parents[2]
# The oldest that any ARM device of today has.
COMMON_GLIBC = (2, 17)
TLS_IN_WORDS = {
    "bundled": "libcurl, with rustls for TLS, is inside",
    "system": "libcurl of the device is used, 7.68.0 or newer",
}


@dataclass
class Contents:
    """A staged archive."""

    folder: Path
    variant: Variant
    version: str
    compilers: str
    static_libraries: str
    shared_flags: str

    @property
    def shared_library(self) -> Path:
        return self.folder / "lib" / f"libfio_c2c.so.{self.version}"

    @property
    def static_library(self) -> Path:
        return self.folder / "lib" / "libfio_c2c.a"


def sizes_text(contents: Contents) -> str:
    libraries = (contents.shared_library, contents.static_library)
    rows: list[list[Cell]] = [[library.name, *sizes_of(library).columns(), library.stat().st_size] for library in libraries]
    needs = glibc_needs(contents.shared_library)
    reasons = [textwrap.fill(f"{dotted(version)}  {', '.join(sorted(needs[version]))}", 110, subsequent_indent=" " * 6)
               for version in sorted(needs, reverse=True) if version > COMMON_GLIBC]
    return (f"{contents.variant.target}, {contents.variant.tls}: bytes\n\n"
            + table(["", *COLUMNS, "file"], rows)
            + "\n.text is what is executed, .rodata what is constant (tables for exceptions and for the loader among it),\n"
              ".data what is written to, .bss what begins as zeroes. A program that is linked to the static library takes\n"
              "only what it uses of it (-Wl,--gc-sections).\n\n"
              f"libfio_c2c.so needs glibc {dotted(max(needs))}."
              f" What is newer than {dotted(COMMON_GLIBC)} of what it asks for:\n\n"
            + "\n".join(reasons)
            + "\n\nlibfio_c2c.a is not bound to these versions; README.txt says what that is good for.\n")


def wrapped(arguments: str) -> str:
    """The rest of a command, over as many lines as it takes."""
    lines = textwrap.wrap(arguments, 100, break_long_words=False, break_on_hyphens=False)
    return " \\\n".join(" " * 8 + line for line in lines)


def readme_text(contents: Contents) -> str:
    variant = contents.variant
    needs = dotted(max(glibc_needs(contents.shared_library)))
    return f"""fio-c2c {contents.version} for {variant.target}, {variant.tls}: {TLS_IN_WORDS[variant.tls]}.

The device side of Frame.io Camera-to-Cloud as a C library. The manual is include/fio_c2c.h.

    include/                      the headers
    lib/libfio_c2c.so.{contents.version}       the shared library; needs glibc {needs} or newer
    lib/libfio_c2c.a              the static library
    lib/libfio_c2c.map            what is exported, for who links the shared library again
    lib/pkgconfig/, lib/cmake/    found by pkg-config and CMake wherever this folder is
    SIZES.txt                     what the libraries take in memory, and why which glibc
    sbom.cdx.json                 the bill of materials (CycloneDX 1.5)
    LICENSES.txt                  of everything that is inside
    SHA256SUMS                    sha256sum -c SHA256SUMS

    $CC camera.c -Iinclude -Llib -lfio_c2c -o camera
    $CC camera.c -Iinclude lib/libfio_c2c.a {contents.static_libraries} -Wl,--gc-sections -o camera

Has your device an older glibc? Then use the static library, or make the shared one of it with your own compiler,
which takes the symbols as your glibc has them (tried with 2.31):

    $CC -shared -o libfio_c2c.so.{contents.version} -Wl,--whole-archive lib/libfio_c2c.a -Wl,--no-whole-archive \\
{wrapped(contents.shared_flags + " -Wl,--version-script=lib/libfio_c2c.map " + contents.static_libraries)}

Built with {contents.compilers}.
"""


def first_line(*command: str) -> str:
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout.splitlines()[0]


def files_of(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_symlink() or not path.is_dir())


def checksums(folder: Path, files: list[Path]) -> str:
    return "".join(f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.relative_to(folder)}\n" for path in files)


def add_knowledge(contents: Contents, cyclonedx: Path, epoch: int) -> None:
    folder = contents.folder
    (folder / "README.txt").write_text(readme_text(contents))
    (folder / "SIZES.txt").write_text(sizes_text(contents))
    (folder / "sbom.cdx.json").write_text(json.dumps(sbom.make(contents.variant, cyclonedx, epoch), indent=1) + "\n")
    files = [path for path in files_of(folder) if not path.is_symlink()]
    (folder / "SHA256SUMS").write_text(checksums(folder, files))


def pack(folder: Path, archive: Path, epoch: int) -> None:
    """Nothing of the machine or the hour is in it: no owners, no umask, one time for all."""
    name = archive.name[:-len(".tar.gz")]

    def anonymous(entry: tarfile.TarInfo) -> tarfile.TarInfo:
        entry.uid = entry.gid = 0
        entry.uname = entry.gname = ""
        entry.mtime = epoch
        entry.mode = 0o755 if entry.isdir() or entry.mode & 0o100 else 0o644
        return entry

    archive.parent.mkdir(parents=True, exist_ok=True)
    unfinished = archive.with_suffix(".unfinished")
    with open(unfinished, "wb") as raw, gzip.GzipFile("", "wb", 9, raw, mtime=epoch) as packed, \
            tarfile.open(fileobj=packed, mode="w", format=tarfile.USTAR_FORMAT) as tar:
        for path in [folder, *sorted(folder.rglob("*"))]:
            tar.add(path, str(Path(name) / path.relative_to(folder)), recursive=False, filter=anonymous)
    unfinished.rename(archive)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path, required=True, help="what `make install` made, with PREFIX=/")
    parser.add_argument("--target", required=True)
    parser.add_argument("--tls", choices=("bundled", "system"), required=True)
    parser.add_argument("--version", required=True)
    parser.add_argument("--static-libraries", required=True, help="what a static link needs besides")
    parser.add_argument("--shared-flags", required=True, help="what the shared library was linked with")
    parser.add_argument("--compiler", required=True, help="the C compiler that linked it")
    parser.add_argument("--cyclonedx", type=Path, required=True, help="the program cargo-cyclonedx")
    parser.add_argument("--epoch", type=int, required=True, help="the time of all files")
    parser.add_argument("--archive", type=Path, required=True)
    parser.add_argument("features", nargs="*", help="cargo's feature options, after --")
    options = parser.parse_args()
    variant = Variant(ROOT, options.target, options.tls, options.features)
    compilers = [first_line(compiler, "--version") for compiler in (os.environ.get("RUSTC", "rustc"), options.compiler)]
    contents = Contents(options.folder, variant, options.version, " and ".join(compilers), options.static_libraries,
                        options.shared_flags)
    add_knowledge(contents, options.cyclonedx, options.epoch)
    pack(options.folder, options.archive, options.epoch)


if __name__ == "__main__":
    main()

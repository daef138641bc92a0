#!/usr/bin/env python3
"""Writes the licences of everything that is inside the libraries, or the emulator: a table of the parts, and every
text once.

    licences.py --tls bundled --target x86_64-unknown-linux-gnu -- --features bundled > LICENSES.txt
    licences.py --package fio-emulator --tls bundled > fio-emulator.LICENSES.txt

It reads what the build has fetched already: the sources of the Rust crates, with the C code that some of them
carry, and the notices that come with the Rust compiler for its standard library. Nothing is downloaded. A part
without a licence is an error that names it.

It is not cargo-about, because that knows crates only: the C code that they carry and Rust's own notices, a fifth of what
is here, would still be ours to find. And every build would first compile it, or need a network, as this text is made with
each of the products.
"""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import licences_of_rust
from licence_part import MissingLicence, Part, prefer_mit

ROOT = Path(__file__).resolve().parents[1]
LICENCE_FILE = re.compile(r"(licen[cs]e|copying|unlicense|notice|copyright)", re.I)
LICENCE_WORDS = re.compile(r"Permission is hereby granted|Redistribution and use in source")


@dataclass
class CarriedCode:
    """A library in C that a crate carries and compiles."""

    name: str
    licence: str
    folder: str
    texts: tuple[str, ...]
    version_file: str
    version_macro: str


CARRIED = {
    "curl-sys": CarriedCode("libcurl", "curl AND ISC", "curl", ("COPYING", "LICENSES/ISC.txt"),
                            "include/curl/curlver.h", "LIBCURL_VERSION"),
    "libz-sys": CarriedCode("zlib", "Zlib", "src/zlib", ("LICENSE",), "zlib.h", "ZLIB_VERSION"),
    "aws-lc-sys": CarriedCode("AWS-LC", "Apache-2.0 AND ISC AND MIT AND BSD-3-Clause", "aws-lc",
                              ("LICENSE", "third_party/fiat/LICENSE"), "include/openssl/base.h",
                              "AWSLC_VERSION_NUMBER_STRING"),
}
# With TLS=system they are only the way to the system's libraries.
OF_THE_SYSTEM = {"curl-sys", "libz-sys"}
# They have a `links` key for other reasons than C code.
WITHOUT_C = {"aws-lc-rs", "rustls-ffi"}
# The licence files of the crate are those of its C code as well.
WITH_OWN_C = {"ring"}
PRODUCTS = {"fio-c2c": "libfio_c2c", "fio-emulator": "fio-emulator"}


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--tls", choices=("bundled", "system"), required=True)
    parser.add_argument("--package", choices=sorted(PRODUCTS), default="fio-c2c")
    parser.add_argument("--target", help="the processor; the one of this machine by default")
    parser.add_argument("--cargo", default="cargo")
    parser.add_argument("features", nargs="*", help="cargo's feature options, after --")
    arguments = parser.parse_args()
    target = arguments.target or licences_of_rust.host()
    try:
        own, others = linked_crates(arguments.package, arguments.cargo.split(), target, arguments.features)
        parts = [Part(*own, [(ROOT / "LICENSE").read_text()])]
        for name, version, licence in others:
            folder = crate_folder(name, version)
            parts.append(Part(name, version, licence, crate_texts(folder, name, licence)))
            parts += carried_code(folder, name, arguments.tls)
        parts += licences_of_rust.parts(target)
    except MissingLicence as error:
        print(f"licences.py: {error}", file=sys.stderr)
        return 1
    sys.stdout.reconfigure(encoding="utf-8")  # type: ignore[union-attr]
    sys.stdout.write(document(PRODUCTS[arguments.package], parts))
    return 0


def linked_crates(package: str, cargo: list[str], target: str,
                  features: list[str]) -> tuple[tuple[str, str, str], list[tuple[str, str, str]]]:
    """Name, version and licence of one of our packages and of every crate whose code ends up in it."""
    command = [*cargo, "tree", "--offline", "--locked", "--package", package, "--edges", "normal,no-proc-macro",
               "--prefix", "none", "--format", "{p}\t{l}", "--target", target, *features]
    done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, check=False)
    if done.returncode != 0:
        raise MissingLicence(f"the list of crates cannot be had: run `make lib` first\n{done.stderr}")
    found = []
    for line in done.stdout.splitlines():
        package, licence = line.split("\t")
        name, version = package.split()[:2]
        entry = (name, version.lstrip("v"), licence.replace(" (*)", ""))
        # Crates of this folder are under its licence.
        is_own = bool(found) and f"({ROOT}" in package
        if entry not in found and not is_own:
            found.append(entry)
    return found[0], sorted(found[1:])


def crate_folder(name: str, version: str) -> Path:
    """Where cargo has unpacked it, or where the distribution's archive has it."""
    home = Path(os.environ.get("CARGO_HOME") or Path.home() / ".cargo")
    for folder in (*sorted(home.glob("registry/src/*")), ROOT / "vendor"):
        for candidate in (folder / f"{name}-{version}", folder / name):
            if f'version = "{version}"' in _read(candidate / "Cargo.toml"):
                return candidate
    raise MissingLicence(f"the sources of {name} {version} are not there: run `cargo fetch`")


def crate_texts(folder: Path, name: str, licence: str) -> list[str]:
    files = sorted(path for path in folder.iterdir() if LICENCE_FILE.match(path.name) and path.is_file())
    texts = [_read(path) for path in files]
    if not texts:
        # Some have it only at the top of their source.
        opening = re.match(r"\s*/\*(.*?)\*/", _read(folder / "src" / "lib.rs"), re.S)
        if opening and LICENCE_WORDS.search(opening[1]):
            texts = [re.sub(r"^ \* ?", "", opening[1], flags=re.M)]
        # Or name the licence there, and whose it is.
        holder = re.match(r"// (Copyright \d{4}.*)", _read(folder / "src" / "lib.rs"))
        if holder and "MIT" in licence:
            texts = [re.sub(r"^Copyright .*$", holder[1], (ROOT / "LICENSE").read_text(), count=1, flags=re.M)]
    if not texts or not licence:
        raise MissingLicence(f"the crate {name} (licence: {licence or 'none said'}) comes without a licence text, in {folder}")
    return prefer_mit(licence, texts)


def carried_code(folder: Path, name: str, tls: str) -> list[Part]:
    """The C code in a crate. One that may carry some and is not known here must be looked at first."""
    if tls == "system" and name in OF_THE_SYSTEM:
        return []
    code = CARRIED.get(name)
    if code is None:
        if re.search(r"^links = ", _read(folder / "Cargo.toml"), re.M) and name not in WITHOUT_C | WITH_OWN_C:
            raise MissingLicence(f"the crate {name} links a library: add its licence to CARRIED, or its name to WITHOUT_C")
        return []
    texts = [_read(folder / code.folder / text) for text in code.texts]
    version = re.search(rf'{code.version_macro}\s+"([\d.]+)', _read(folder / code.folder / code.version_file))
    if version is None or not all(texts):
        raise MissingLicence(f"the licence or the version of {code.name} is not where it was, in {folder / code.folder}")
    return [Part(code.name, version[1], code.licence, texts)]


def _read(path: Path) -> str:
    return path.read_text(encoding="utf-8", errors="replace") if path.is_file() else ""


def document(product: str, parts: list[Part]) -> str:
    width = max(len(part.name) for part in parts) + 2
    versions = max(len(part.version) for part in parts) + 2
    lines = [f"What is inside {product}, and under which licences. The texts follow, each with the parts it is for.",
             "Of a part that is offered under several licences and MIT is one of them, that text is given.", ""]
    lines += [f"{part.name:{width}}{part.version:{versions}}{part.licence}" for part in parts]
    users: dict[str, tuple[str, list[str]]] = {}
    for part in parts:
        for text in part.texts:
            # The same text is often wrapped differently.
            _, names = users.setdefault(" ".join(text.split()), (text, []))
            names.append(f"{part.name} {part.version}")
    for text, names in users.values():
        lines += ["", "=" * 80, *_wrapped(names), "=" * 80, "", text.strip("\n")]
    return "\n".join(lines) + "\n"


def _wrapped(names: list[str]) -> list[str]:
    lines = [""]
    for name in dict.fromkeys(names):
        if len(lines[-1]) + len(name) > 78:
            lines.append("")
        lines[-1] += f"{name}, "
    lines[-1] = lines[-1][:-2]
    return [line.rstrip() for line in lines]


if __name__ == "__main__":
    sys.exit(main())

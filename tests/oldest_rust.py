#!/usr/bin/env python3
"""Compiles the library with the oldest Rust that Cargo.toml allows, and the core for a processor without std.

Rust comes from rustup where that version is installed (with its rust-src), else from Debian's packages, unpacked
below target/oldest: nothing is installed. Prints why if neither can be had, and counts as skipped.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Optional

ROOT = Path(__file__).resolve().parents[1]
CARGO = os.environ.get("CARGO", "cargo")
TARGET_DIR = Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target")) / "oldest"
#: What firmware without an operating system runs on: core and alloc are all there is.
WITHOUT_STD = "thumbv7em-none-eabihf"
#: In bookworm, beside newer ones in its security archive; libllvm19 is what this rustc is linked with.
DEBIAN = {"rustc-web": True, "libstd-rust-web-dev": True, "rust-web-src": True, "libstd-rust-web-{minor}": True, "libllvm19": False}


def main() -> int:
    found = re.search(r'^rust-version = "(1\.\d+)"', (ROOT / "Cargo.toml").read_text(), re.M)
    assert found is not None
    version = found[1]
    environment = _from_rustup(version) or _from_debian(version)
    if environment is None:
        print(f"SKIPPED: needs Rust {version}: `rustup toolchain install {version} --component rust-src`")
        return 0
    environment = {**os.environ, **environment}
    told = subprocess.run([environment["RUSTC"], "--version"], env=environment, check=True, stdout=subprocess.PIPE, text=True).stdout
    print(told, end="", flush=True)
    assert f" {version}." in told, f"this is not Rust {version}"

    def cargo(*arguments: str) -> None:
        subprocess.run([CARGO, *arguments, "--locked", "--quiet", "--target-dir", str(TARGET_DIR / "build")],
                       cwd=ROOT, env=environment, check=True)

    for features in ("system,uploads", "system"):
        cargo("check", "--no-default-features", "--features", features)
    # The library of this Rust is compiled with it, which only its own switch allows.
    environment["RUSTC_BOOTSTRAP"] = "1"
    cargo("build", "-p", "fio-c2c-core", "-Z", "build-std=core,alloc", "--target", WITHOUT_STD)
    return 0


def _from_rustup(version: str) -> Optional[dict[str, str]]:
    if shutil.which("rustup") is None:
        return None
    said = subprocess.run(["rustup", "which", "--toolchain", version, "rustc"], check=False, stdout=subprocess.PIPE,
                          stderr=subprocess.DEVNULL, text=True)
    rustc = Path(said.stdout.strip())
    has_source = (rustc.parent.parent / "lib/rustlib/src/rust/library/core").is_dir()
    return {"RUSTC": str(rustc)} if said.returncode == 0 and has_source else None


def _from_debian(version: str) -> Optional[dict[str, str]]:
    if shutil.which("apt-get") is None or shutil.which("dpkg") is None:
        return None
    root = TARGET_DIR / f"rust-{version}"
    if not root.is_dir():
        archives = TARGET_DIR / "packages"
        shutil.rmtree(archives, ignore_errors=True)
        archives.mkdir(parents=True)
        wanted = []
        for name, is_rust in DEBIAN.items():
            package = name.format(minor=version)
            exact = _exact(package, version) if is_rust else package
            if exact is None:
                return None
            wanted.append(exact)
        if subprocess.run(["apt-get", "download", *wanted], cwd=archives, check=False, stdout=subprocess.DEVNULL).returncode != 0:
            return None
        unpacked = archives / "root"
        for archive in sorted(archives.glob("*.deb")):
            subprocess.run(["dpkg", "-x", str(archive), str(unpacked)], check=True)
        unpacked.rename(root)
        shutil.rmtree(archives)
    libraries = sorted({str(path.parent) for path in root.glob("usr/lib/*/libLLVM*.so*")})
    return {"RUSTC": str(root / "usr/bin/rustc"), "LD_LIBRARY_PATH": ":".join([*libraries, os.environ.get("LD_LIBRARY_PATH", "")])}


def _exact(package: str, version: str) -> Optional[str]:
    """The package at that version of Rust, as apt names it."""
    said = subprocess.run(["apt-cache", "madison", package], check=False, stdout=subprocess.PIPE, text=True).stdout
    for line in said.splitlines():
        at = line.split("|")[1].strip()
        if at.startswith(f"{version}."):
            return f"{package}={at}"
    return None


if __name__ == "__main__":
    sys.exit(main())

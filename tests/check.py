#!/usr/bin/env python3
"""Runs every test of the project, one step after the other, and says what could not be run.

A step that needs a package which is not installed is skipped aloud, with the package's name, and
counted. With FIO_NO_SKIPS=1 a skip is a failure. The last line is `N passed, N failed, N skipped`.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
CARGO = os.environ.get("CARGO", "cargo")
NO_SKIPS = os.environ.get("FIO_NO_SKIPS") == "1"


def have_system_libcurl() -> bool:
    if shutil.which("pkg-config") is None:
        return False
    return subprocess.run(["pkg-config", "--exists", "libcurl"], check=False).returncode == 0


@dataclass
class Step:
    name: str
    command: list[str]
    environment: dict[str, str] = field(default_factory=dict)
    # What must be there, as (package, is it there).
    needs: list[tuple[str, bool]] = field(default_factory=list)


def python_tests(folder: str) -> list[str]:
    return [sys.executable, "-B", "-m", "unittest", "discover", "-s", folder, "-t", folder]


def steps() -> list[Step]:
    system = [("libcurl4-openssl-dev", have_system_libcurl())]
    rustfmt = [("rustfmt", shutil.which("rustfmt") is not None)]
    clippy = [("clippy", shutil.which("cargo-clippy") is not None)]
    found = [
        Step("format of the Rust sources", [CARGO, "fmt", "--all", "--check"], needs=rustfmt),
        Step("Rust tests of the library", [CARGO, "test", "--quiet"]),
        Step("Rust tests of the emulator", [CARGO, "test", "--quiet", "-p", "fio-emulator"]),
        Step("lints", [CARGO, "clippy", "--quiet", "--workspace", "--all-targets", "--", "-D", "warnings"], needs=clippy),
    ]
    for tls, needs in (("bundled", []), ("system", system)):
        variant = {"FIO_TLS": tls}
        found += [
            Step(f"build of the C libraries ({tls})", ["make", "--no-print-directory", f"TLS={tls}", "lib", "emulator", "examples"], needs=needs),
            Step(f"Python tests ({tls})", python_tests("tests/python"), variant, needs),
            Step(f"C tests ({tls})", python_tests("tests/c"), variant, needs),
            Step(f"examples and demo ({tls})", python_tests("tests/demo"), variant, needs),
            Step(f"torture ({tls})", python_tests("tests/torture"), variant, needs),
        ]
    bench_needs = [
        *system,
        ("libcjson-dev", Path("/usr/include/cjson/cJSON.h").exists()),
        ("valgrind", shutil.which("valgrind") is not None),
        ("curl", shutil.which("curl") is not None),
    ]
    found.append(Step("library without uploads (system)", [sys.executable, "-B", "tests/c/pairing_only.py"], needs=system))
    found.append(Step("cost and size", ["make", "--no-print-directory", "bench", "ASSERT=1"], needs=bench_needs))
    return found


def main() -> int:
    passed = failed = 0
    skipped: list[str] = []
    failures: list[str] = []
    only = sys.argv[1:]
    for step in steps():
        if only and not any(word in step.name for word in only):
            continue
        missing = [package for package, is_there in step.needs if not is_there]
        print(f"\n=== {step.name}", flush=True)
        if missing:
            skipped.append(f"{step.name}: needs {', '.join(missing)}")
            print(f"SKIPPED: install {', '.join(missing)} to run this", flush=True)
            continue
        start = time.monotonic()
        process = subprocess.Popen(step.command, cwd=ROOT, env={**os.environ, **step.environment},
                                   stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        assert process.stdout is not None
        for line in process.stdout:
            print(line, end="", flush=True)
            # A test inside the step that was skipped says why; it counts like a skipped step.
            reason = re.search(r"skipped ['\"](.*)['\"]", line) or re.match(r"SKIPPED: (.*)", line)
            if reason:
                skipped.append(f"{step.name}: {reason.group(1)}")
        code = process.wait()
        print(f"--- {step.name}: {'ok' if code == 0 else f'FAILED ({code})'}, {time.monotonic() - start:.0f} s", flush=True)
        if code == 0:
            passed += 1
        else:
            failed += 1
            failures.append(step.name)
    print()
    for reason in skipped:
        print(f"skipped: {reason}")
    for name in failures:
        print(f"failed: {name}")
    if skipped and NO_SKIPS:
        print("skips are not allowed in this run")
        failed += len(skipped)
    print(f"{passed} passed, {failed} failed, {len(skipped)} skipped")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())

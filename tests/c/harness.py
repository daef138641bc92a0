"""Compiles the C test programs, runs them beside an emulator, and answers their calls to steer it."""

from __future__ import annotations

import hashlib
import json
import os
import re
import subprocess
import sys
import tempfile
import threading
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
# The interface as data, for tests that ask about each function.
sys.path[:0] = [str(ROOT / "python"), str(ROOT / "packaging" / "interface")]

from fio_c2c.emulator import Emulator  # noqa: E402

TLS = os.environ.get("FIO_TLS", "bundled")
LIBRARIES = ROOT / "build" / TLS
WORK = LIBRARIES / "tests"
INCLUDE = ROOT / "include"
HEADER = INCLUDE / "fio_c2c.h"
CC = os.environ.get("CC", "gcc")
FLAGS = ["-std=c99", "-Wall", "-Wextra", "-Wpedantic", "-Werror", "-D_GNU_SOURCE", "-O1", "-g", "-pthread"]
SANITIZE = ["-fsanitize=address,undefined", "-fno-sanitize-recover=all", "-fno-omit-frame-pointer"]
VALGRIND = ["valgrind", "--quiet", "--error-exitcode=99", "--leak-check=full", "--num-callers=30",
            "--errors-for-leak-kinds=definite,indirect", "--child-silent-after-fork=yes", "--fair-sched=yes",
            f"--suppressions={HERE / 'valgrind.supp'}"]
MODES = ("plain", "sanitized", "valgrind")
LINKS = ("so", "a")


def static_libraries() -> list[str]:
    """What the Makefile says a static link needs."""
    text = (ROOT / "Makefile").read_text()
    found = re.search(rf"^STATIC_LIBS_{TLS} := (.*)$", text, re.M)
    assert found is not None
    return found.group(1).split()


def _run(command: list[str]) -> None:
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    if done.returncode != 0:
        raise AssertionError(f"{' '.join(command)}\n{done.stdout}")


def compile_program(name: str, sources: list[Path], *, link: str = "so", sanitized: bool = False,
                    extra: tuple[str, ...] = ()) -> Path:
    """Compiles a program once; again only when something it is made of is newer. `link` is so, a or none."""
    folder = WORK / (link + ("-sanitized" if sanitized else ""))
    folder.mkdir(parents=True, exist_ok=True)
    program = folder / name
    made_of = [*sources, HEADER, *HERE.glob("*.h"), LIBRARIES / "libfio_c2c.a", ROOT / "Makefile", Path(__file__)]
    if program.exists() and all(part.stat().st_mtime < program.stat().st_mtime for part in made_of):
        return program
    libraries = {
        "so": [f"-L{LIBRARIES}", "-lfio_c2c", f"-Wl,-rpath,{LIBRARIES}"],
        "a": [str(LIBRARIES / "libfio_c2c.a"), *static_libraries()],
        "none": ["-ldl"],
    }[link]
    _run([CC, *FLAGS, *(SANITIZE if sanitized else []), *extra, f"-I{INCLUDE}", f"-I{HERE}",
          *map(str, sources), "-o", str(program), *libraries])
    return program


def _check_arrived(service: Any, name: str, path: str) -> str:
    """Whether the newest asset of that name is complete and has the bytes of that file."""
    assets = [asset for asset in service.call("GET", "/emulator/uploads")["uploads"] if asset["name"] == name]
    newest = max(assets, key=lambda asset: asset["created"])
    content = Path(path).read_bytes()
    found = (newest["state"], newest["size"], newest["sha256"])
    assert found == ("complete", len(content), hashlib.sha256(content).hexdigest()), newest
    return "whole"


def _answer(service: Any, request: str, replacements: dict[str, str]) -> str:
    for placeholder, value in replacements.items():
        request = request.replace(placeholder, value)
    method, path, *rest = request.split(" ", 2)
    body = json.loads(rest[0]) if rest and rest[0].strip() else None
    try:
        answer = json.dumps(_check_arrived(service, **body) if method == "ARRIVED" else service.call(method, path, body))
    except Exception as error:  # whatever it was, the program ends with it
        answer = f"error {error}"
    for placeholder, value in replacements.items():
        answer = answer.replace(value, placeholder)
    return answer


def run_program(program: Path, *, mode: str = "plain", arguments: tuple[str, ...] = (), service: Any = None,
                emulator: tuple[str, ...] = (), environment: dict[str, str] | None = None,
                replacements: dict[str, str] | None = None, time_limit: float = 150) -> list[str]:
    """Runs a program to its end, answering its `steer` lines, in which placeholders stand for `replacements`.
    Returns its other lines; raises if it failed."""
    if service is None:
        with Emulator(*emulator, interval=0.05) as fresh:
            return run_program(program, mode=mode, arguments=arguments, service=fresh, environment=environment,
                               replacements=replacements, time_limit=time_limit)
    variables = {**os.environ, "ASAN_OPTIONS": "detect_leaks=1:abort_on_error=0", "UBSAN_OPTIONS": "print_stacktrace=1",
                 **(environment or {})}
    command = [str(program)]
    if mode == "valgrind":
        command = [*VALGRIND, *command]
        variables["FIO_TEST_SLOWNESS"] = "20"
    with tempfile.TemporaryDirectory() as folder, tempfile.TemporaryFile("w+", errors="replace") as errors:
        command += [service.url, service.ca_file, folder, *arguments]
        process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=errors, text=True,
                                   errors="replace", bufsize=1, env=variables)
        assert process.stdin is not None and process.stdout is not None
        watchdog = threading.Timer(time_limit, process.kill)
        watchdog.start()
        lines: list[str] = []
        try:
            for line in process.stdout:
                if line.startswith("steer "):
                    try:
                        process.stdin.write(_answer(service, line[len("steer "):], replacements or {}) + "\n")
                        process.stdin.flush()
                    except BrokenPipeError:
                        break
                else:
                    lines.append(line.rstrip("\n"))
            code = process.wait()
        finally:
            watchdog.cancel()
            process.kill()
            process.wait()
            process.stdout.close()
            try:
                process.stdin.close()
            except BrokenPipeError:
                pass
        errors.seek(0)
        said = errors.read()
        if code != 0 or said:
            raise AssertionError(f"{' '.join(command)} ended with {code}\n" + "\n".join(lines[-50:]) + "\n" + said)
        return lines

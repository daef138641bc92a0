"""The C++ test programs against an emulator: under sanitizers, under valgrind, and as firmware is compiled,
without exceptions and RTTI. And the program in the header's documentation, and the example."""

from __future__ import annotations

import hashlib
import os
import re
import signal
import subprocess
import threading
from pathlib import Path

import pytest

from case import Case, need
from building import FOLDER, HERE, NO_EXCEPTIONS, ROOT, Program, build, documented_program, program
from harness import Emulator, run_program

FIRMWARE = tuple(NO_EXCEPTIONS)
SECRET = "emulator-secret"
LIMIT = 120.0

SANITIZED = {name: program(HERE / f"{name}.cpp", sanitized=True) for name in ("session", "uploads", "lifetime", "exceptions")}
AS_FIRMWARE = {name: program(HERE / f"{name}.cpp", name=f"{name}-firmware", flags=FIRMWARE, link=link)
               for name, link in (("uploads", "a"), ("lifetime", "so"))}
# A function that both parts have is the first one's: here the one that no exception may leave.
MIXED = Program("mixed", ((HERE / "mixed.cpp", FIRMWARE), (HERE / "mixed.cpp", ())))
DOCUMENTED = program(FOLDER / "documented.cpp")
EXAMPLE = program(ROOT / "examples-c" / "send_clips.cpp")


def setup_module() -> None:
    FOLDER.mkdir(parents=True, exist_ok=True)
    source = FOLDER / "documented.cpp"
    if not source.exists() or source.read_text() != documented_program():
        source.write_text(documented_program())
    build([*SANITIZED.values(), *AS_FIRMWARE.values(), MIXED, DOCUMENTED, EXAMPLE])


class Programs(Case):
    def run_one(self, what: Program, mode: str = "plain") -> list[str]:
        with Emulator(interval=0.05) as service:
            lines = run_program(what.path, mode=mode, service=service, time_limit=LIMIT)
            # The others have heartbeats as they need them, without regard to the service's pace.
            if what.name.startswith("uploads"):
                assert service.violations() == []
        return lines

    def test_session_sanitized(self) -> None:
        self.run_one(SANITIZED["session"])

    def test_uploads_sanitized(self) -> None:
        self.run_one(SANITIZED["uploads"])

    def test_uploads_as_firmware_linked_statically(self) -> None:
        self.run_one(AS_FIRMWARE["uploads"])

    def test_lifetime_sanitized(self) -> None:
        assert self.run_one(SANITIZED["lifetime"])[-1] == "at exit: the operation was canceled"

    def test_lifetime_as_firmware_under_valgrind(self) -> None:
        need("valgrind", "valgrind")
        assert self.run_one(AS_FIRMWARE["lifetime"], "valgrind")[-1] == "at exit: the operation was canceled"

    def test_exceptions_sanitized(self) -> None:
        self.run_one(SANITIZED["exceptions"])

    def test_with_and_without_exceptions_in_one_program(self) -> None:
        self.run_one(MIXED)

    def test_the_documented_program_pairs(self) -> None:
        with Emulator("--person", "approve", interval=0.05) as service:
            said = subprocess.run([DOCUMENTED.path, service.url, service.ca_file, SECRET], capture_output=True, text=True,
                                  timeout=LIMIT, check=False)
            refused = subprocess.run([DOCUMENTED.path, service.url, service.ca_file, "wrong"], capture_output=True, text=True,
                                     timeout=LIMIT, check=False)
        assert (said.returncode, said.stderr) == (0, "")
        assert re.search(r"^Enter \d{6}\nPaired with project Feature A\n$", said.stdout)
        assert (refused.returncode, refused.stdout) == (1, "")
        assert re.search(r"^FIO_E_INVALID_CLIENT: .*\.\nCheck .*\n$", refused.stderr)


class Example(Case):
    """examples-c/send_clips.cpp, as a new user would run it."""

    @pytest.fixture(autouse=True)
    def example_ready(self, ending: None, tmp_path: Path) -> None:
        self.home = tmp_path
        self.clips = [self.home / "A.mov", self.home / "B.wav"]
        for clip in self.clips:
            clip.write_bytes(os.urandom(300_000))

    def start(self, service: Emulator, *clips: Path) -> subprocess.Popen:
        process = subprocess.Popen([str(EXAMPLE.path), service.url, service.ca_file, str(self.home / "store"), *map(str, clips)],
                                   stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                                   env={**os.environ, "FIO_CLIENT_SECRET": SECRET})
        watchdog = threading.Timer(LIMIT, process.kill)
        watchdog.start()
        for cleanup in (watchdog.cancel, process.stdout.close, process.wait, process.kill):
            self.at_end(cleanup)
        return process

    def run_to_its_end(self, service: Emulator, *clips: Path) -> tuple[int, str]:
        process = self.start(service, *clips)
        text = process.stdout.read()
        return process.wait(), text

    def test_pairs_and_sends_nothing_twice(self) -> None:
        service = self.enter(Emulator("--person", "approve", interval=0.05))
        status, text = self.run_to_its_end(service, *self.clips)
        assert status == 0, text
        for expected in ("Enter ", "Paired with project Feature A\n", "A.mov: done\n", "Everything is sent.\n"):
            assert expected in text
        status, text = self.run_to_its_end(service, *self.clips)
        assert status == 0, text
        assert text.count("is in the queue already: done") == 2, text
        sent = sorted((one["name"], one["sha256"]) for one in service.call("GET", "/emulator/uploads")["uploads"])
        assert sent == [(clip.name, hashlib.sha256(clip.read_bytes()).hexdigest()) for clip in self.clips]
        assert service.violations() == []

    def test_says_what_is_missing(self) -> None:
        service = self.enter(Emulator("--person", "approve", interval=0.05))
        status, text = self.run_to_its_end(service, self.home / "missing.mov", self.clips[0])
        assert status == 1, text
        assert "FIO_E_SOURCE_MISSING" in text
        assert "A.mov: done\n" in text

    def test_ends_by_a_signal_while_it_waits_for_the_person(self) -> None:
        service = self.enter(Emulator("--person", "ignore", interval=0.05))
        process = self.start(service, self.clips[0])
        for line in process.stdout:
            if line.startswith("Enter "):
                break
        process.send_signal(signal.SIGTERM)
        assert "Pairing did not work: the operation was canceled" in process.stdout.read()
        assert process.wait() == 1

"""1,000 devices at once: one process runs them through the library, in one thread with one epoll set
(ours_crowd.c), against one emulator.

They pair, rest, send heartbeats, and all upload a file while heartbeats go on. Afterwards the emulator has the
right checksum of every file, and its checklist no row that any of them broke.

Memory per client is what a crowd of 1,000 has more of its own than one of 100, when all are paired and rest, so
that what the process needs anyway falls out. Beside it stands a program by hand (peer_crowd.c), with a libcurl
handle and its kept connection for each device. Both trust the emulator's authority alone; and, to show what that
saves, all of the system's besides, which libcurl reads and keeps for each client of its own.
"""

from __future__ import annotations

import hashlib
import json
import os
import select
import subprocess
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Callable
from unittest.mock import patch

from support import SECRET, Emulator, access_token, judgement, scratch_directory
from table import Programs, Table

FEW, MANY = 100, 1_000
FEW_WITH_BUNDLE, MANY_WITH_BUNDLE = 10, 60
SYSTEM_BUNDLE = Path("/etc/ssl/certs/ca-certificates.crt")
INTERVAL_SECONDS = 2.0
REST_SECONDS = 3.0
KEPT_SECONDS = 8.0
HEARTBEAT_EVERY, ROUNDS = 120, 5
FILE_BYTES, PART_BYTES = 1_000_000, 500_000
PACE_MS = 5  # between two heartbeats while all upload
LONGEST_ANSWER = 120  # seconds until a crowd has done what it was told

MOST_BYTES = {"bundled": 64 << 10, "system": 160 << 10}
# KiB of all, when their uploads are over.
MOST_AFTERWARDS = {"bundled": 130_000, "system": 260_000}
SLOWEST_HEARTBEAT, SLOWEST_LIST = 20.0, 1.0


@dataclass
class Load:
    """What a process has used by now."""

    cpu_seconds: float
    own_kib: int

    @staticmethod
    def of(pid: int) -> "Load":
        # The name may have spaces and brackets in it.
        fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
        ticks = int(fields[11]) + int(fields[12])
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
        own = sum(int(line.split()[1]) for line in lines if line.startswith(("Private_Clean:", "Private_Dirty:")))
        return Load(ticks / os.sysconf("SC_CLK_TCK"), own)


class Crowd:
    """A program that does what it is told line by line; a context manager."""

    def __init__(self, command: list[str]) -> None:
        self._complaints = tempfile.TemporaryFile()
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self._complaints)
        self.pid = self._process.pid

    def __enter__(self) -> "Crowd":
        self._answer()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        assert self._process.stdin is not None and self._process.stdout is not None
        if error is not None:
            self._process.kill()
        self._process.stdin.close()
        self._process.wait(timeout=LONGEST_ANSWER)
        self._process.stdout.close()

    def tell(self, line: str) -> Any:
        assert self._process.stdin is not None
        self._process.stdin.write(f"{line}\n".encode())
        self._process.stdin.flush()
        return self._answer()

    def complaints(self) -> bytes:
        """What it said on standard error; of valgrind all of it only after its end."""
        self._complaints.seek(0)
        return self._complaints.read()

    def _answer(self) -> Any:
        assert self._process.stdout is not None
        ready, _, _ = select.select([self._process.stdout], [], [], LONGEST_ANSWER)
        line = self._process.stdout.readline() if ready else b""
        if not line:
            raise RuntimeError(f"a crowd gave no answer: {self.complaints().decode(errors='replace')[-2000:]}")
        return json.loads(line)


#: Program, address, the emulator there, file of authorities, how many clients.
Command = Callable[[Path, str, Emulator, str, int], list[str]]


def OURS(program: Path, url: str, service: Emulator, ca_file: str, count: int) -> list[str]:
    return [str(program), url, ca_file, SECRET, str(count)]


def PEER(program: Path, url: str, service: Emulator, ca_file: str, count: int) -> list[str]:
    return [str(program), url, ca_file, access_token(service, "peer"), str(count)]


#: What brings a crowd to rest with a connection for each.
BEGIN: dict[Command, str] = {OURS: "pair", PEER: "heartbeat 1"}


def _emulator(interval: float = 0.01) -> Emulator:
    service = Emulator("--client-secret", SECRET, "--part-bytes", str(PART_BYTES), interval=interval)
    service.person("approve", after_polls=0)
    return service


def _idle_kib(program: Path, command: Command, count: int, bundle: bool) -> tuple[int, int]:
    """What a crowd that rests has of its own, and what the emulator has."""
    with _emulator() as service, tempfile.NamedTemporaryFile(suffix=".pem") as authorities:
        authorities.write((SYSTEM_BUNDLE.read_bytes() if bundle else b"") + Path(service.ca_file).read_bytes())
        authorities.flush()
        with Crowd(command(program, service.url, service, authorities.name, count)) as crowd:
            assert crowd.tell(BEGIN[command])["failed"] == 0
            return Load.of(crowd.pid).own_kib, Load.of(service.pid).own_kib


def _bytes_each(program: Path, command: Command, few: int, many: int, bundle: bool = False) -> tuple[float, float]:
    """The same for one client more."""
    of_few, of_many = (_idle_kib(program, command, count, bundle) for count in (few, many))
    ours, emulator = ((more - less) * 1024 / (many - few) for more, less in zip(of_many, of_few))
    return ours, emulator


@dataclass
class Phase:
    """What all of them did, and what it took."""

    answer: dict[str, Any]
    clients: Load
    emulator: Load


class Session:
    """1,000 devices from their pairing to the end of their uploads."""

    def __init__(self, service: Emulator, crowd: Crowd) -> None:
        self.service = service
        self._crowd = crowd
        self.begun = self._loads()

    def _loads(self) -> tuple[Load, Load]:
        return Load.of(self._crowd.pid), Load.of(self.service.pid)

    def phase(self, *lines: str, between: Callable[[], None] = lambda: None) -> Phase:
        before = self._loads()
        answers = []
        for line in lines:
            answers.append(self._crowd.tell(line))
            between()
        after = self._loads()
        used = [Load(now.cpu_seconds - then.cpu_seconds, now.own_kib) for now, then in zip(after, before)]
        answer = {name: max(answer[name] for answer in answers) for name in answers[0]}
        return Phase(answer, *used)

    def wait_a_while(self) -> None:
        self.service.advance(HEARTBEAT_EVERY)


def _timed(call: Callable[[], Any]) -> tuple[float, Any]:
    begun = time.monotonic()
    result = call()
    return time.monotonic() - begun, result


def show(programs: Programs) -> bool:
    met = [_show_one(programs)]
    met += [_show_all(build, folder / "ours_crowd") for build, folder in programs.builds.items()]
    return all(met)


def _row(name: str, first: str, second: str, third: str, target: str = "", is_met: bool = True) -> bool:
    print(f"{name:<34}{first:>12}{second:>12}{third:>8}   {target:<12}{judgement(is_met) if target else ''}".rstrip())
    return is_met


def _show_one(programs: Programs) -> bool:
    peer, emulator = _bytes_each(programs.peer("crowd"), PEER, FEW, MANY)
    ours = programs.ours("crowd", lambda program: _bytes_each(program, OURS, FEW, MANY)[0])
    table = Table("one client of many, at rest", programs.builds)
    is_met = table.row("memory, bytes", peer, ours)
    for build, most in MOST_BYTES.items():
        if build in ours:
            is_met = ours[build] <= most and is_met
            print(f"  {build}: {judgement(ours[build] <= most)}, {most:,} at most")
    if SYSTEM_BUNDLE.is_file():
        few, many = FEW_WITH_BUNDLE, MANY_WITH_BUNDLE
        peer, _ = _bytes_each(programs.peer("crowd"), PEER, few, many, True)
        table.row("  with the system's bundle", peer, programs.ours("crowd", lambda program: _bytes_each(program, OURS, few, many, True)[0]))
    print(f"memory: crowds of {FEW} and {MANY:,} compared; for a device that rests the emulator has {emulator:,.0f} bytes")
    return is_met


def _show_all(build: str, program: Path) -> bool:
    # The emulator keeps its parts where temporary files go: in memory, so that no disk is measured.
    with tempfile.TemporaryDirectory(dir=scratch_directory()) as scratch, patch.dict(os.environ, TMPDIR=scratch), \
            _emulator(INTERVAL_SECONDS) as service, Crowd(OURS(program, service.url, service, service.ca_file, MANY)) as crowd:
        service.person("approve", after_polls=1)
        clip = Path(scratch) / "clip.mov"
        clip.write_bytes(os.urandom(FILE_BYTES))
        session = Session(service, crowd)
        pairing = session.phase("pair")
        rest = session.phase(f"rest {REST_SECONDS * 1000:.0f}")
        heartbeats = session.phase(*["heartbeat 1"] * ROUNDS, between=session.wait_a_while)
        uploads = session.phase(f"upload {clip} {PACE_MS}")
        # Longer than handles are kept for the next part.
        afterwards = session.phase(f"rest {KEPT_SECONDS * 1000:.0f}")
        return _judge(build, session, pairing, rest, heartbeats, uploads, afterwards, hashlib.sha256(clip.read_bytes()).hexdigest())


def _judge(build: str, session: Session, pairing: Phase, rest: Phase, heartbeats: Phase, uploads: Phase, afterwards: Phase, sha256: str) -> bool:
    service = session.service
    arrived = [upload["sha256"] == sha256 for upload in service.call("GET", "/emulator/uploads?brief=1")["uploads"]]
    state_seconds, state = _timed(service.state)
    list_seconds, checklist = _timed(lambda: service.call("GET", "/emulator/checklist"))
    broken = [row["name"] for row in checklist["rows"] if row["status"] == "broken"]
    kept = {row["name"]: row["kept"] for row in checklist["rows"]}
    authorized = sum(device["authorized"] for device in state["devices"])
    own_us, service_us = (load.cpu_seconds * 1e6 / (MANY * ROUNDS) for load in (heartbeats.clients, heartbeats.emulator))
    rate = MANY * FILE_BYTES / 1e6 / uploads.answer["seconds"]

    print(f"\n{f'{MANY:,} devices at once':<34}{'emulator':>12}{build:>12}{'':>8}   target")
    met = [
        _row("paired", f"{authorized:,}", f"{MANY - pairing.answer['failed']:,}", "", f"{MANY:,}", authorized == MANY and not pairing.answer["failed"]),
        _row("  seconds", "", f"{pairing.answer['seconds']:.1f}", ""),
        _row("  seconds of processor", f"{pairing.emulator.cpu_seconds:.2f}", f"{pairing.clients.cpu_seconds:.2f}", ""),
        _row(f"ready in {REST_SECONDS:g} s of rest", "", f"{rest.answer['ready']}", "", "0", rest.answer["ready"] == 0),
        _row("  seconds of processor", f"{rest.emulator.cpu_seconds:.2f}", f"{rest.clients.cpu_seconds:.2f}", ""),
        _row(f"heartbeats, {ROUNDS} from each: failed", "", f"{heartbeats.answer['failed']}", "", "0", heartbeats.answer["failed"] == 0),
        _row("  all at once: slowest, seconds", "", f"{heartbeats.answer['slowest']:.3f}", ""),
        _row("  microseconds of processor each", f"{service_us:.0f}", f"{own_us:.0f}", ""),
        _row(f"uploads of {FILE_BYTES / 1e6:g} MB, checksum right", f"{sum(arrived):,}", f"{uploads.answer['uploaded']:,}", "", f"{MANY:,}",
             sum(arrived) == len(arrived) == uploads.answer["uploaded"] == MANY),
        _row("  seconds", "", f"{uploads.answer['seconds']:.1f}", ""),
        _row("  MB/s", "", f"{rate:.0f}", ""),
        _row("  seconds of processor", f"{uploads.emulator.cpu_seconds:.2f}", f"{uploads.clients.cpu_seconds:.2f}", ""),
        _row("  memory afterwards, KiB", f"{uploads.emulator.own_kib:,}", f"{uploads.clients.own_kib:,}", ""),
        _row(f"  and after {KEPT_SECONDS:g} s of rest", f"{afterwards.emulator.own_kib:,}", f"{afterwards.clients.own_kib:,}", "",
             f"<= {MOST_AFTERWARDS[build]:,}", afterwards.clients.own_kib <= MOST_AFTERWARDS[build]),
        _row("  heartbeats meanwhile: failed", "", f"{uploads.answer['failed']} of {uploads.answer['heartbeats']}", "", "0", uploads.answer["failed"] == 0),
        _row("    slowest answer, seconds", "", f"{uploads.answer['slowest']:.3f}", "", f"<= {SLOWEST_HEARTBEAT:g}", uploads.answer["slowest"] <= SLOWEST_HEARTBEAT),
        _row("checklist: rows broken", f"{len(broken)}", "", "", "0", not broken),
        _row("  polls in their pace", f"{kept['polling_pace']:,}", "", "", f">= {MANY:,}", kept["polling_pace"] >= MANY),
        _row("  seconds to ask for it", f"{list_seconds:.3f}", "", "", f"<= {SLOWEST_LIST:g}", list_seconds <= SLOWEST_LIST),
        _row("state: seconds to ask for it", f"{state_seconds:.3f}", "", "", f"<= {SLOWEST_LIST:g}", state_seconds <= SLOWEST_LIST),
    ]
    if broken:
        print(f"broken: {', '.join(broken)}")
    return all(met)

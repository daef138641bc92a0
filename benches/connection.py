"""A heartbeat on a connection that is kept, and one on a new connection, as after a pause: services close what is idle
for a minute, and heartbeats come every two.

Instructions are the difference between few and many rounds under callgrind, so that the first handshake falls out:
a session may be resumed from the second one on. The service closes each connection with its answer. Bytes are
those inside TCP, both ways, of one heartbeat on a new connection. A device may trust one authority, or those of the system.
"""

from __future__ import annotations

import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import Iterator

from crowd import BEGIN, SYSTEM_BUNDLE, Command, Crowd, OURS, PEER
from support import SECRET, Emulator, counting, instructions_in
from table import Programs, Table
from wire import Wire

COUNT, FEW_ROUNDS, MANY_ROUNDS = 2, 3, 11
ANSWER_MS = 5  # see poll.py
# Of the program by hand, which trusts one authority too.
MOST_KEPT = {"bundled": 1.1, "system": 1.2}
MOST_NEW = {"bundled": 0.3, "system": 1.0}


@contextmanager
def authorities(service: Emulator, bundle: bool) -> Iterator[str]:
    """The emulator's, and those of the system besides."""
    with tempfile.NamedTemporaryFile(suffix=".pem") as file:
        file.write((SYSTEM_BUNDLE.read_bytes() if bundle else b"") + Path(service.ca_file).read_bytes())
        file.flush()
        yield file.name


def _emulator(rounds: int, closes: bool) -> Emulator:
    service = Emulator("--client-secret", SECRET, interval=0.01)
    service.person("approve", after_polls=0)
    if closes:
        service.fault("heartbeat", "status", times=COUNT * rounds, status=204, headers={"Connection": "close"})
    else:
        service.fault("heartbeat", "delay", times=COUNT * (rounds + 1), ms=ANSWER_MS)
    return service


def _instructions(command: Command, program: Path, *, closes: bool, bundle: bool) -> float:
    def of_rounds(rounds: int) -> int:
        with tempfile.TemporaryDirectory() as scratch, _emulator(rounds + 1, closes) as service, authorities(service, bundle) as ca_file:
            prefix = [*counting(Path(scratch)), "--instr-atstart=no"]
            with Crowd([*prefix, *command(program, service.url, service, ca_file, COUNT)]) as crowd:
                crowd.tell(BEGIN[command])
                assert crowd.tell(f"heartbeat {rounds}")["failed"] == 0
            return instructions_in(crowd.complaints())

    return (of_rounds(MANY_ROUNDS) - of_rounds(FEW_ROUNDS)) / (COUNT * (MANY_ROUNDS - FEW_ROUNDS))


def _bytes(command: Command, program: Path) -> float:
    with _emulator(FEW_ROUNDS + MANY_ROUNDS + 1, True) as service, Wire(service.url) as wire, \
            Crowd(command(program, wire.url, service, service.ca_file, COUNT)) as crowd:
        crowd.tell(BEGIN[command])
        assert crowd.tell(f"heartbeat {FEW_ROUNDS}")["failed"] == 0
        before = wire.carried
        assert crowd.tell(f"heartbeat {MANY_ROUNDS}")["failed"] == 0
        return (wire.carried - before) / (COUNT * MANY_ROUNDS)


def show(programs: Programs) -> bool:
    table = Table("one heartbeat", programs.builds)
    rows = [("kept connection, instructions", False, False, MOST_KEPT), ("new connection, instructions", True, False, MOST_NEW)]
    if SYSTEM_BUNDLE.is_file():
        count = SYSTEM_BUNDLE.read_text().count("-----BEGIN CERTIFICATE-----") + 1
        rows.append((f"  trusting {count} authorities", True, True, MOST_NEW))
    met = []
    for name, closes, bundle, most in rows:
        peer = _instructions(PEER, programs.peer("crowd"), closes=closes, bundle=bundle)
        ours = programs.ours("crowd", lambda program: _instructions(OURS, program, closes=closes, bundle=bundle))
        met.append(table.row(name, peer, ours, most))
    table.row("new connection, bytes", _bytes(PEER, programs.peer("crowd")), programs.ours("crowd", lambda program: _bytes(OURS, program)))
    return all(met)

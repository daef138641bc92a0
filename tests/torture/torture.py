#!/usr/bin/env python3
"""The torture test: a camera sends a card full of clips and its own recordings while it is killed over and
over, and while the service and the storage fail by chance. In the end everything is there, once.

    make torture KILLS=300 SEED=7

The seed decides about files, faults and moments; how far the camera gets until a moment is up to the
machine. With --calm nothing is killed and nothing fails: then every part must arrive exactly once.
"""

from __future__ import annotations

import argparse
import json
import random
import shutil
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "python"))

from camera import Camera  # noqa: E402
from fio_c2c.emulator import Emulator  # noqa: E402
from ledger import Ledger  # noqa: E402
from shoot import Shoot  # noqa: E402
from verdict import Verdict, judge  # noqa: E402
from weather import PART_BYTES, URL_SECONDS, hours_that_pass, order_faults, slow_down  # noqa: E402

# Seconds from a start to the kill, exponentially distributed; some are killed while they are still starting.
MEAN_LIFE, MEAN_SHORT_LIFE, SHORT_LIVES = 0.4, 0.06, 0.25
ALL_FILES_BY = 0.8  # of the kills
PATIENCE = 180.0  # seconds the camera may take in the end
# Seconds after which the person starts the camera once more: what has used up its assets for an hour is tried then.
PATIENCE_OF_A_PERSON = 30.0


class Failed(Exception):
    """The run did not even come to its end."""


class Run:
    def __init__(self, options: argparse.Namespace, service: Emulator, home: Path) -> None:
        self.options = options
        self.service = service
        self.dice = random.Random(options.seed)
        self.shoot = Shoot(home / "card", options.files, self.dice)
        self.camera = Camera(options.examples, home, service)
        self.ledger = Ledger(service)
        if not options.calm:
            order_faults(service, self.dice)
            slow_down(service, [path.name for path in self.shoot.recordings])

    def lives_and_kills(self) -> None:
        while self.ledger.kills < self.options.kills:
            share = self.ledger.kills / self.options.kills / ALL_FILES_BY
            self.shoot.make(min(1.0, share))
            self.start(share)
            mean = MEAN_SHORT_LIFE if self.dice.random() < SHORT_LIVES else MEAN_LIFE
            if self.kill_after(self.dice.expovariate(1 / mean), hours_that_pass(self.dice)):
                continue
            # Everything that was there is sent: the shoot goes on.
            self.shoot.make_another()

    def start(self, share: float) -> None:
        """Starts the camera with all clips that are there, and one of the recordings that are to be made."""
        recordings = list(self.shoot.recordings)
        begun = recordings[:max(1, round(min(1.0, share) * len(recordings)))]
        waiting = [path for path in begun if path.name not in self.camera.done]
        arguments = [str(path) for path in self.shoot.clips]
        if waiting:
            path = self.dice.choice(waiting)
            arguments += ["--record", str(path), "--seconds", f"{self.shoot.recordings[path]:.2f}"]
        self.camera.start(arguments, self.options.log)

    def kill_after(self, seconds: float, jump: float) -> bool:
        """`False` if the camera was ready before."""
        before = seconds * self.dice.random() if jump else 0.0
        status = self.camera.wait(before)
        if jump and status is None:
            self.service.advance(jump)
            self.ledger.clock_jumps += 1
        if status is None:
            status = self.camera.wait(seconds - before)
        killed = status is None and self.camera.kill()
        self.ledger.life_over(killed)
        self.check_life(None if killed else status or 0)
        return killed

    def check_life(self, status: int | None) -> None:
        if self.camera.alarms:
            raise Failed(f"the camera says: {self.camera.alarms[:5]}")
        if status not in (None, 0):
            raise Failed(f"the camera ended by itself with status {status}")

    def finish(self) -> None:
        """Leaves the camera alone until everything is sent, on a faster network; faults go on."""
        self.shoot.make(1.0)
        if not self.options.calm:
            self.service.clear_faults()
            order_faults(self.service, self.dice)
        deadline = time.monotonic() + PATIENCE
        while True:
            self.start(1.0)
            status = self.camera.wait(PATIENCE_OF_A_PERSON)
            killed = status is None and self.camera.kill()
            self.ledger.life_over(killed)
            self.check_life(None if killed else status or 0)
            if time.monotonic() > deadline:
                raise Failed(f"the camera is not ready after {PATIENCE:.0f} s")
            if killed:
                continue
            if all(path.name in self.camera.done or self.is_at_service(path) for path in self.shoot.recordings):
                return

    def is_at_service(self, path: Path) -> bool:
        return any(upload["name"] == path.name and upload["state"] == "complete" for upload in self.service.uploads())

    def judge(self) -> Verdict:
        verdict = judge(self.service.uploads(), [*self.shoot.clips, *self.shoot.recordings], self.ledger)
        if self.options.calm and verdict.received_again + verdict.orphans + verdict.restarted + verdict.sent_twice:
            verdict.wrong.append(f"nothing went wrong, and yet something was done twice: {verdict}")
        return verdict


def report(run: Run, verdict: Verdict, seconds: float) -> None:
    faults, files = run.ledger.faults(), len(run.shoot.clips) + len(run.shoot.recordings)
    print(f"  files          {files}, {len(run.shoot.recordings)} of them recorded live; {verdict.bytes_needed:,} bytes")
    print(f"  kills          {run.ledger.kills}: {', '.join(f'{count} {phase}' for phase, count in run.ledger.phases.most_common())}")
    print(f"  faults         {sum(faults.values())}: {', '.join(f'{count} {name}' for name, count in faults.most_common())}; "
          f"the clock jumped {run.ledger.clock_jumps} times")
    print(f"  unfinished     {verdict.orphans} assets nobody learnt of, {verdict.restarted} whose URLs expired")
    print(f"  sent twice     {verdict.sent_twice} files: the last answer was lost and then the URLs expired")
    print(f"  arrived again  {verdict.received_again} parts, one of them {verdict.most_again} times")
    print(f"  bytes sent     {verdict.bytes_sent:,}, {verdict.bytes_sent / verdict.bytes_needed:.2f} times what was needed")
    print(f"  seconds        {seconds:.0f}")


def parse(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--examples", type=Path, default=ROOT / "build" / "bundled", help="where the programs are")
    parser.add_argument("--kills", type=int, default=300)
    parser.add_argument("--files", type=int, default=40, help="at least; more are made when the camera is ready too early")
    parser.add_argument("--seed", type=int, default=random.randrange(1_000_000))
    parser.add_argument("--calm", action="store_true", help="no kills and no faults")
    parser.add_argument("--log", action="store_true", help="with the library's log, for the story of a failure")
    parser.add_argument("--keep", type=Path, help="where store, clips and output go after a failure")
    options = parser.parse_args(arguments)
    options.kills = 0 if options.calm else options.kills
    return options


def failed(run: Run, options: argparse.Namespace, home: Path, reasons: list[str]) -> int:
    for reason in reasons:
        print(f"  WRONG: {reason}")
    print("\nThe last lives of the camera:\n" + "\n----\n".join(run.camera.story[-3:]))
    if options.keep is not None:
        (home / "story").write_text("\n----\n".join(run.camera.story))
        (home / "requests.json").write_text(json.dumps(list(run.ledger.entries.values())))
        (home / "uploads.json").write_text(json.dumps(run.service.uploads()))
        shutil.copytree(home, options.keep, dirs_exist_ok=True)
    size = "--calm" if options.calm else f"--kills {options.kills}"
    print(f"FAILED. Again: tests/torture/torture.py --examples {options.examples} {size} --files {options.files} "
          f"--seed {options.seed} --log --keep DIR")
    return 1


def main(arguments: list[str]) -> int:
    options = parse(arguments)
    print(f"torture: {options.kills} kills, {options.files} files, seed {options.seed}", flush=True)
    started = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="fio-torture-") as folder:
        home = Path(folder)
        emulator = Emulator("--person", "approve", "--part-bytes", str(PART_BYTES), "--url-seconds", str(URL_SECONDS), interval=0.05)
        with emulator as service:
            run = Run(options, service, home)
            try:
                run.lives_and_kills()
                run.finish()
            except Failed as failure:
                return failed(run, options, home, [str(failure)])
            verdict = run.judge()
            report(run, verdict, time.monotonic() - started)
            if verdict.wrong:
                return failed(run, options, home, verdict.wrong)
    print("Everything is there, once.")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

"""A short torture run, and a run without any trouble, in which nothing may happen twice. Needs
`make examples emulator`; FIO_EXAMPLES and FIO_TLS as for tests/demo."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

from case import Case

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
EXAMPLES = Path(os.environ.get("FIO_EXAMPLES") or ROOT / "build" / os.environ.get("FIO_TLS", "bundled"))
LIMIT = 300.0  # seconds; a run takes about 20


class TortureTest(Case):
    def run_it(self, *arguments: str) -> str:
        command = [sys.executable, "-B", str(HERE / "torture.py"), "--examples", str(EXAMPLES), *arguments]
        result = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                                text=True, timeout=LIMIT)
        print(result.stdout)  # the seed above all
        assert result.returncode == 0
        return result.stdout

    def test_everything_arrives_once_in_spite_of_kills_and_faults(self) -> None:
        said = self.run_it("--kills", "25", "--files", "12")
        kills = int(re.findall(r"^  kills +(\d+):", said, re.M)[0])
        # At the end a person starts the camera once more every 30 s, for at most 180 s.
        assert kills in range(25, 25 + 7), said

    def test_nothing_is_done_twice_without_trouble(self) -> None:
        assert "1.00 times what was needed" in self.run_it("--calm", "--files", "6")

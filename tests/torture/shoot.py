"""What is sent in a torture run: clips of all sizes, which appear on the card while the run goes on, and
recordings that the camera makes itself."""

from __future__ import annotations

import math
import random
from pathlib import Path

LARGEST = 30_000_000
# So long a recording has two to four parts.
SHORTEST_RECORDING, LONGEST_RECORDING = 3.0, 7.0


class Shoot:
    """A card with clips. `make(1.0)` has them all."""

    def __init__(self, card: Path, files: int, dice: random.Random) -> None:
        self.card = card
        self._dice = dice
        self.clips: list[Path] = []
        recordings = max(2, files // 10)
        self._planned_clips = files - recordings
        seconds = [dice.uniform(SHORTEST_RECORDING, LONGEST_RECORDING) for _ in range(recordings)]
        self.recordings = {card / f"LIVE{number:02}.mp4": length for number, length in enumerate(seconds, 1)}
        card.mkdir()

    def make(self, share: float) -> None:
        """Makes clips until that share of them is there, one at least."""
        while len(self.clips) < max(1, math.ceil(share * self._planned_clips)):
            self.make_another()

    def make_another(self) -> None:
        path = self.card / f"A{len(self.clips) + 1:03}.mov"
        path.write_bytes(self._dice.randbytes(self._size()))
        self.clips.append(path)

    def _size(self) -> int:
        """The extremes first; then every fourth a large one, the others of any order of magnitude."""
        number = len(self.clips)
        if number < 2:
            return (LARGEST, 1)[number]
        if number % 4 == 0:
            return self._dice.randint(5_000_000, LARGEST)
        return int(math.exp(self._dice.uniform(0.0, math.log(LARGEST))))

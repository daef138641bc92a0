"""SECURITY.md names tests: each is there."""

import re
from pathlib import Path

from case import Case

ROOT = Path(__file__).resolve().parents[2]
CELL = re.compile(r"`((?:tests|(?:core/)?src)/[\w/]+\.(?:py|rs|c))`: ((?:`\w+`(?:, )?)+)")


class Security(Case):
    def test_each_test_that_is_named_exists(self) -> None:
        named = [(path, name) for path, names in CELL.findall((ROOT / "SECURITY.md").read_text())
                 for name in re.findall(r"\w+", names)]
        assert len(named) > 40
        assert [] == [f"{path}: {name}" for path, name in named
                      if not re.search(rf"\b(def|fn|void) {name}\(", (ROOT / path).read_text())]

    def test_each_row_of_what_holds_names_one(self) -> None:
        text = (ROOT / "SECURITY.md").read_text().split("## Who can do what")[1].split("## Holes")[0]
        rows = [line for line in text.splitlines() if line.startswith("|") and not line.startswith(("| can |", "| mistake |", "| ---"))]
        assert len(rows) > 15
        assert [] == [row for row in rows if not re.search(r"`(tests|(?:core/)?src)/[\w/]+\.\w+`: ", row.split("|")[-2])]

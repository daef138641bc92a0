"""SECURITY.md names tests: each is there."""

import re
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
CELL = re.compile(r"`((?:tests|src)/[\w/]+\.(?:py|rs|c))`: ((?:`\w+`(?:, )?)+)")


class Security(unittest.TestCase):
    def test_each_test_that_is_named_exists(self) -> None:
        named = [(path, name) for path, names in CELL.findall((ROOT / "SECURITY.md").read_text())
                 for name in re.findall(r"\w+", names)]
        self.assertGreater(len(named), 40)
        self.assertEqual([], [f"{path}: {name}" for path, name in named
                              if not re.search(rf"\b(def|fn|void) {name}\(", (ROOT / path).read_text())])

    def test_each_row_of_what_holds_names_one(self) -> None:
        text = (ROOT / "SECURITY.md").read_text().split("## Who can do what")[1].split("## Holes")[0]
        rows = [line for line in text.splitlines() if line.startswith("|") and not line.startswith(("| can |", "| mistake |", "| ---"))]
        self.assertGreater(len(rows), 15)
        self.assertEqual([], [row for row in rows if not re.search(r"`(tests|src)/[\w/]+\.\w+`: ", row.split("|")[-2])])


if __name__ == "__main__":
    unittest.main()

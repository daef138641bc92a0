"""CONTRIBUTING.md and tests/README.md name files and folders: each is there."""

import re
from pathlib import Path

import pytest

from case import Case

ROOT = Path(__file__).resolve().parents[2]
PATH = re.compile(r"`(\.{0,2}/?[\w.-]+(?:/[\w.-]+)*/?)`")
#: Made by a command, or named as what is to be made.
MADE = {"target/bundled/libfio_c2c.so"}


class Paths(Case):
    @pytest.mark.parametrize("document, folders", [("CONTRIBUTING.md", (".", "core/src", "python/fio_c2c", "emulator/src", "emulator/tests", "core/src/upload")),
                                                   ("tests/README.md", ("tests", "."))])
    def test_each_that_is_named_exists(self, document: str, folders: "tuple[str, ...]") -> None:
        words = set(PATH.findall((ROOT / document).read_text())) - MADE
        paths = {word for word in words if "/" in word or re.search(r"\.(rs|py|c|md|toml|json|js)$", word)}
        assert len(paths) > 20
        assert [] == sorted(path for path in paths if not any((ROOT / folder / path).exists() for folder in folders))

"""Copies of the project in which something is changed on purpose."""

from __future__ import annotations
import re
import sys
import tempfile
from pathlib import Path
from typing import Callable, TypeVar

import pytest

from case import Case
from libraries import HEADER, SOURCES, copy_sources
from symbols import TABLE
from tools import ROOT, TARGETS, Missing

sys.path.insert(0, str(ROOT / "tests" / "c"))

Answer = TypeVar("Answer")

GUARDED = (*SOURCES, HEADER, TABLE, "Makefile", "packaging/abi.mk", "packaging/interface", "tests/abi")


class GuardTest(Case):
    def asked(self, guard: Callable[..., Answer], *arguments: object) -> Answer:
        """What the guard answers; the test is skipped if it lacks a tool."""
        try:
            return guard(*arguments)
        except Missing as missing:
            pytest.skip(str(missing))
            raise

    def copy(self) -> Path:
        folder = tempfile.TemporaryDirectory()
        self.at_end(folder.cleanup)
        tree = Path(folder.name)
        copy_sources(ROOT, tree, GUARDED)
        assert [target.baseline for target in TARGETS if not (tree / target.baseline).exists()] == []
        return tree


def edit(tree: Path, where: str, pattern: str, replacement: str) -> None:
    """Changes the one place, in a file or in the files of a folder, that the pattern describes."""
    start = tree / where
    files = [start] if start.is_file() else sorted(start.rglob("*.rs"))
    texts = {path: path.read_text() for path in files}
    found = [path for path, text in texts.items() for _ in re.finditer(pattern, text, re.M)]
    if len(found) != 1:
        raise AssertionError(f"{pattern!r} is there {len(found)} times in {where}, and not once")
    found[0].write_text(re.sub(pattern, replacement, texts[found[0]], flags=re.M))


def edit_header(tree: Path, pattern: str, replacement: str) -> None:
    edit(tree, HEADER, pattern, replacement)

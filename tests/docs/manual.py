"""Builds the manual into a temporary folder and reads the HTML back."""

from __future__ import annotations

import functools
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
BUILD = ROOT / "docs" / "generator" / "build.py"
INCLUDE = ROOT / "include"


def build(output: Path, include: Path = INCLUDE, docs: Path = ROOT / "docs") -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-B", str(BUILD), "--version", "1.2.3", "--output", str(output), "--include", str(include),
               "--docs", str(docs)]
    return subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=120, check=False)


@dataclass
class Built:
    folder: tempfile.TemporaryDirectory[str]
    result: subprocess.CompletedProcess[str]

    @property
    def html(self) -> Path:
        return Path(self.folder.name) / "html"

    @functools.cached_property
    def pages(self) -> dict[Path, "Page"]:
        return {path: Page.read(path) for path in sorted(self.html.rglob("*.html"))}


@functools.lru_cache(maxsize=None)
def built() -> Built:
    """The manual as it is; made once."""
    folder = tempfile.TemporaryDirectory(prefix="manual-")
    return Built(folder, build(Path(folder.name)))


@dataclass
class Page(HTMLParser):
    """What links and loads there are in a page, and what can be linked to."""

    anchors: set[str] = field(default_factory=set)
    links: list[str] = field(default_factory=list)
    loads: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__()

    @classmethod
    def read(cls, path: Path) -> "Page":
        page = cls()
        page.feed(path.read_text(encoding="utf-8"))
        return page

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        values = {name: value for name, value in attributes if value is not None}
        self.anchors.update(values[name] for name in ("id", "name") if name in values)
        if "src" in values:
            self.loads.append(values["src"])
        if "href" in values:
            (self.links if tag == "a" else self.loads).append(values["href"])


def copy_of_header(folder: Path, old: str, new: str) -> Path:
    """A folder with the C header, changed in one place."""
    include = folder / "include"
    include.mkdir()
    text = (INCLUDE / "fio_c2c.h").read_text(encoding="utf-8")
    assert old in text, old
    (include / "fio_c2c.h").write_text(text.replace(old, new, 1), encoding="utf-8")
    return include


def copy_of_pages(folder: Path, page: str, more: str) -> Path:
    """A folder with the pages, one of them with something more at its end."""
    docs = folder / "docs"
    docs.mkdir()
    for path in (ROOT / "docs").glob("*.md"):
        shutil.copy(path, docs)
    with (docs / page).open("a", encoding="utf-8") as file:
        file.write(more)
    return docs

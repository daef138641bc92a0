"""The snippets of the manual's pages.

A fenced block in C or C++ is a whole program if it has a `main`. Any other one is a fragment, and the comment
before it says of what: `<!-- snippet: statements -->` of a function, `<!-- snippet: functions -->` of a file. What
fragments use without declaring it is in `declarations/manual.h`.
"""

from __future__ import annotations
import re
import textwrap
from dataclasses import dataclass
from pathlib import Path

DOCS = Path(__file__).resolve().parents[2] / "docs"
DECLARATIONS = Path(__file__).resolve().parent / "declarations"
_BLOCK = re.compile(r"(?:^<!-- snippet: (?P<kind>\w+) -->\n\n)?^```(?P<language>\w*)\n(?P<text>.*?)^```$", re.S | re.M)


@dataclass(frozen=True)
class Snippet:
    page: str
    line: int
    language: str
    # statements, functions, module, program; empty where nothing is said.
    kind: str
    text: str

    def __str__(self) -> str:
        return f"docs/{self.page}.md:{self.line}"

    @property
    def source(self) -> str:
        """What the compiler reads, with the lines numbered as in the page."""
        place = f'#line {self.line + 1} "docs/{self.page}.md"\n'
        if self.kind == "statements":
            return f"void snippet(void);\nvoid snippet(void)\n{{\n{place}{textwrap.indent(self.text, '    ')}}}\n"
        return place + self.text


def all_snippets(folder: Path = DOCS) -> list[Snippet]:
    found = []
    for page in sorted(folder.glob("*.md")):
        text = page.read_text(encoding="utf-8")
        for block in _BLOCK.finditer(text):
            line = text.count("\n", 0, block.start("text"))
            kind = "program" if "int main(" in block["text"] else block["kind"] or ""
            found.append(Snippet(page.stem, line, block["language"], kind, block["text"]))
    return found

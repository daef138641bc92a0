"""The Markdown pages as Doxygen wants them: with ids for pages and headings, links, and the parts that are made."""

from __future__ import annotations

import re
from typing import Mapping

from links import Links, anchor_of, between_pages, label

MAIN_PAGE = "index"

_FENCE = re.compile(r"^```.*?^```$", re.S | re.M)
_HEADING = re.compile(r"^(#+) (.*)$")
# Says what a snippet is, for the test that compiles it.
_MARK = re.compile(r"<!-- snippet: .*? -->\n+")
_PLACE = re.compile(r"^<!-- made: (\w+) -->$", re.M)


class UnknownPlace(Exception):
    """A page wants something that nobody makes."""


def title_of(text: str) -> str:
    return text.split("\n", 1)[0].removeprefix("# ")


def for_doxygen(page: str, text: str, links: Links, made: Mapping[str, str]) -> str:
    def fill(place: re.Match[str]) -> str:
        if place[1] not in made:
            raise UnknownPlace(f"{page}.md: {place[0]}")
        return made[place[1]]
    text = _PLACE.sub(fill, _MARK.sub("", text))
    done: list[str] = []
    start = 0
    # What stands between fences is left as it is.
    for fence in _FENCE.finditer(text):
        done += [_prose(page, text[start:fence.start()], links), fence[0]]
        start = fence.end()
    done.append(_prose(page, text[start:], links))
    return "".join(done)


def _prose(page: str, text: str, links: Links) -> str:
    lines = []
    for line in text.split("\n"):
        heading = _HEADING.match(line)
        if heading is None:
            lines.append(line)
            continue
        is_title = len(heading[1]) == 1
        id = page if is_title else label(page, anchor_of(heading[2]))
        # The main page has an id already.
        lines.append(line if is_title and page == MAIN_PAGE else f"{line} {{#{id}}}")
    headless = re.split(r"^(#.*)$", "\n".join(lines), flags=re.M)
    return "".join(part if part.startswith("#") else between_pages(links.in_text(part), page) for part in headless)

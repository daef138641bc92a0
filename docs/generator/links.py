"""Turns names in the text into links: those of the header, those of pages and of their headings."""

from __future__ import annotations

import html
import re
from typing import Iterable

# The page whose headings are the statuses.
STATUS_PAGE = "troubleshooting"

_CODE = re.compile(r"(\[[^\]]*\]\([^)]*\))|`([^`\n]+)`")
_LINK_OUT = re.compile(r"\[([^\]]+)\]\(\.\./[^)]*\)")
_PAGE_LINK = re.compile(r"\[([^\]]+)\]\((?:([\w-]+)\.md)?(?:#([\w-]+))?\)")


def anchor_of(title: str) -> str:
    """The anchor of a heading, as forges make it, so that the pages can be read there as well."""
    return re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-")


def label(page: str, anchor: str | None) -> str:
    return f"{page}_{anchor}" if anchor else page


class Links:
    """Knows what there is to link to."""

    def __init__(self, symbols: Iterable[str], members: dict[str, list[str]]) -> None:
        self._symbols = set(symbols)
        self._members = {f"{struct}.{member}": f"{struct}::{member}" for struct, list_ in members.items() for member in list_}

    def in_text(self, text: str) -> str:
        """Markdown in which every name of the header that stands in backquotes is a link."""
        return _CODE.sub(lambda found: found[1] or self._code(found[2]), text)

    def _code(self, code: str) -> str:
        name = re.match(r"[\w.]+", code)
        target = self._target(name[0], code) if name else None
        if target is None or '"' in code:
            # Otherwise Doxygen would make links of them.
            return f"`{code}`" if "://" not in code else f"<code>{html.escape(code).replace('://', ':<span></span>//')}</code>"
        return f'<code>@ref {target} "{code}"</code>'

    def _target(self, name: str, code: str) -> str | None:
        is_call = code.startswith(f"{name}(") and code.endswith(")")
        if code != name and not is_call:
            return None
        if name.startswith("FIO_E_") and name in self._symbols:
            return label(STATUS_PAGE, anchor_of(name))
        return name if name in self._symbols else self._members.get(name)


def between_pages(text: str, page: str) -> str:
    """Links to other pages as Doxygen wants them."""
    def one(found: re.Match[str]) -> str:
        text = found[1].replace("`", "")
        return f'@ref {label(found[2] or page, found[3])} "{text}"' if found[2] or found[3] else found[0]
    # Other files of the repository are no part of the manual.
    return _PAGE_LINK.sub(one, _LINK_OUT.sub(r"\1", text))

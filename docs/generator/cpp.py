"""The C++ header as input for Doxygen: without what is not for its users, with links into the C reference."""

from __future__ import annotations

import re

from links import Links

FOLDER = "cpp"
PRESENT = f"[Its reference]({FOLDER}/index.html) is a part of this manual."
_BRIEF = "The library in C++."
_BACK = "This is a part of [the manual](../index.html)."

_NOT_FOR_USERS = re.compile(r"^namespace (detail|std) \{\n.*?^\}  // namespace \1\n", re.S | re.M)
# Only the version and the mode of compilation.
_INLINE_NAMESPACE = re.compile(r"^inline namespace \w+ \{\n|^\}  // namespace [A-Z_]+\n", re.M)
_COMMENT = re.compile(r"/\*\*.*?\*/", re.S)
_EXAMPLE = re.compile(r"(@code.*?@endcode)", re.S)


def for_doxygen(text: str, links: Links) -> str:
    text = _INLINE_NAMESPACE.sub("", _NOT_FOR_USERS.sub("", text))
    text = _COMMENT.sub(lambda comment: _linked(comment[0], links), text)
    text = text.replace("* @file\n", f"* @mainpage C++\n* {_BACK}\n*\n", 1)
    return f"{text}\n/** @file fio_c2c.hpp\n@brief {_BRIEF} */\n/** @namespace fio\n@brief {_BRIEF} */\n"


def _linked(comment: str, links: Links) -> str:
    return "".join(part if part.startswith("@code") else links.in_text(part) for part in _EXAMPLE.split(comment))

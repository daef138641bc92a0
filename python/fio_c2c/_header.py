"""Compares what this package declares with a ``fio_c2c.h``: in its words, for its types were made of one."""

from __future__ import annotations

import re
from typing import List

from ._signatures import DECLARATIONS


def differences(header: str) -> List[str]:
    """What the header says otherwise than this package, one sentence each; empty if nothing."""
    code = " ".join(re.sub(r"/\*.*?\*/", " ", header, flags=re.S).split())
    names = re.findall(r"\b(?:fio|FIO)_(?!VERSION|API\b|C2C_H\b)\w+", code)
    found = [f"the header {'has another' if name in names else 'lacks the'} {name}"
             for name, declaration in DECLARATIONS.items() if f" {declaration} " not in code]
    return found + [f"the {name} of the header is not declared here" for name in sorted({*names} - DECLARATIONS.keys())]

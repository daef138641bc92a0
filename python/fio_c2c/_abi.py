"""The library with the types of all its functions set: they are in ``_signatures.py``, which is made of the header.

Applications use ``Config`` and ``Client`` instead; tests of the boundary itself use ``load()`` and call the functions as
C does.
"""

from __future__ import annotations

import ctypes
import functools
from typing import Any, Optional

from ._library import LibraryError, find_library, open_library
from ._signatures import *  # noqa: F403
from ._signatures import LEFT_OUT, PROTOTYPES
from .constants import FIO_E_UNSUPPORTED


@functools.lru_cache(maxsize=None)
def load(path: Optional[str] = None) -> ctypes.CDLL:
    """The library with all prototypes set. Loaded once per path."""
    library = open_library(path or find_library())
    for name, (result, arguments) in PROTOTYPES.items():
        try:
            function = getattr(library, name)
        except AttributeError:
            # A library for devices that only pair is built without it.
            if name not in LEFT_OUT:
                raise LibraryError(f"{library._name} lacks {name}: it is damaged, or another library") from None
            setattr(library, name, _unsupported)
            continue
        function.restype = result
        function.argtypes = arguments
    return library


def _unsupported(*arguments: Any) -> int:
    return FIO_E_UNSUPPORTED

"""Where the library and its header are, and whether they fit this package."""

from __future__ import annotations

import ctypes
import os
from pathlib import Path
from typing import Optional

from ._version import __version__

#: What the dynamic loader knows the library by.
SONAME = "libfio_c2c.so.0"

#: What a wheel carries beside the modules.
CARRIED = Path(__file__).resolve().parent / "_native"

#: The project's tree, if this package runs from it and is not installed.
TREE: Optional[Path] = None if CARRIED.is_dir() else Path(__file__).resolve().parents[2]

HEADER = CARRIED / "fio_c2c.h" if TREE is None else TREE / "include" / "fio_c2c.h"


class LibraryError(Exception):
    """The C library cannot be used: not found, not loadable, or of a version that does not fit."""


def find_library(tls: Optional[str] = None) -> str:
    """The library to load: a path, or a name for the dynamic loader.

    FIO_LIBRARY if set; in the project's tree, where ``make lib`` puts it; elsewhere the copy inside this
    package; and if it has none, the system's. In the tree ``tls`` (or FIO_TLS) chooses the variant:
    ``bundled``, the default, or ``system``.
    """
    given = os.environ.get("FIO_LIBRARY")
    if given and tls is None:
        return given
    if TREE is not None:
        variant = tls or os.environ.get("FIO_TLS") or "bundled"
        return str(TREE / "build" / variant / "libfio_c2c.so")
    carried = CARRIED / SONAME
    return str(carried) if carried.is_file() else SONAME


def open_library(path: str) -> ctypes.CDLL:
    """Loads the library and checks its version; raises LibraryError if it cannot be used."""
    try:
        library = ctypes.CDLL(path)
    except OSError as failure:
        raise LibraryError(f"{failure}. {_advice(path)}") from failure
    try:
        library.fio_version_number.restype = ctypes.c_uint32
        library.fio_version.restype = ctypes.c_char_p
        number: int = library.fio_version_number()
        theirs = bytes(library.fio_version()).decode()
    except AttributeError:
        raise LibraryError(f"{path} is not libfio_c2c. {_advice(path)}") from None
    # A library that is newer has everything this package knows, as long as the major version is the same.
    ours = _number(__version__)
    if number < ours or number >> 16 != ours >> 16:
        raise LibraryError(f"{path} is version {theirs}, and this Python package needs {__version__} or newer with the "
                           f"same first number. {_advice(path)}")
    return library


def _number(version: str) -> int:
    major, minor, patch = map(int, version.split("."))
    return major << 16 | minor << 8 | patch


def _advice(path: str) -> str:
    if path == os.environ.get("FIO_LIBRARY"):
        return "FIO_LIBRARY names it: let it name another, or take the variable away"
    if TREE is not None:
        return "Build it with `make lib`, or let FIO_LIBRARY name another"
    if path == SONAME:
        return "Install libfio_c2c, or let FIO_LIBRARY name the library"
    return "Install the Python package again"

"""What a screen and a log need of the library without a client."""

from __future__ import annotations

import ctypes
from typing import List

from . import _abi, constants
from .errors import FioError

_MOST_SIDE = 177


def qr_encode(text: str) -> List[List[bool]]:
    """A QR code as rows of modules, True for dark. Draw a quiet zone of four light modules around it."""
    modules = (ctypes.c_uint8 * (_MOST_SIDE * _MOST_SIDE))()
    side = ctypes.c_int32()
    status = _abi.load().fio_qr_encode(text.encode(), modules, len(modules), ctypes.byref(side))
    if status != constants.FIO_OK:
        raise FioError.from_status(status)
    return [[bool(modules[row * side.value + column]) for column in range(side.value)] for row in range(side.value)]


def status_name(status: int) -> str:
    """The name of a status, such as ``FIO_E_DNS``."""
    return bytes(_abi.load().fio_status_name(status)).decode()


def status_message(status: int) -> str:
    """What a status means in general."""
    return bytes(_abi.load().fio_status_message(status)).decode()


def status_advice(status: int) -> str:
    """What a person can do about a status."""
    return bytes(_abi.load().fio_status_advice(status)).decode()


def version() -> str:
    """The version of the library."""
    return bytes(_abi.load().fio_version()).decode()


def version_details() -> str:
    """The library and the versions of libcurl, its TLS library and zlib that are inside it or that it runs with."""
    return bytes(_abi.load().fio_version_details()).decode()


def version_number() -> int:
    """The version of the library as one number: major * 65536 + minor * 256 + patch."""
    return int(_abi.load().fio_version_number())

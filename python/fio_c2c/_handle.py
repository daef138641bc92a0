"""What stands for a handle of C: it is freed once, at the end of a ``with`` block at the latest."""

from __future__ import annotations

import ctypes
from types import TracebackType
from typing import Any, Optional, Type, TypeVar

from . import _abi, _callbacks, constants
from .errors import FioError

H = TypeVar("H", bound="Handle")


class Handle:
    """A context manager around a handle; ``close`` frees it."""

    _handle: Optional[int] = None

    def close(self) -> None:
        """Frees it. May be called twice."""
        raise NotImplementedError

    def __enter__(self: H) -> H:
        return self

    def __exit__(self, kind: Optional[Type[BaseException]], error: Optional[BaseException],
                 trace: Optional[TracebackType]) -> None:
        self.close()

    def __del__(self) -> None:
        if self._handle is not None:
            self.close()


class Builder(Handle):
    """What is described by setters before it is used: ``fio_config`` and ``fio_upload``."""

    #: Which of the two.
    _kind = ""

    def __init__(self) -> None:
        self._library = _abi.load()
        handle = ctypes.c_void_p()
        status = self._function("new")(ctypes.byref(handle))
        if status != constants.FIO_OK:
            raise FioError.from_status(status)
        self._handle = handle.value

    def close(self) -> None:
        """Frees it and wipes the secrets in it. What was made from it goes on."""
        handle, self._handle = self._handle, None
        if handle is not None:
            with _callbacks.collecting():
                self._function("free")(handle)

    @property
    def handle(self) -> int:
        """For the calls that hand it to C."""
        if self._handle is None:
            raise FioError.from_status(constants.FIO_E_HANDLE)
        return self._handle

    def _function(self, name: str) -> Any:
        return getattr(self._library, f"fio_{self._kind}_{name}")

    def _text(self, name: str, value: Optional[str]) -> None:
        if value is not None:
            self._set(name, file_text(value))

    def _number(self, name: str, value: Optional[int]) -> None:
        if value is not None:
            self._set(name, value)

    def _held(self, name: str, *arguments: Any, held: Any) -> None:
        """A setter with callbacks: keeps what they lead to until C says that it is not needed."""
        key = _callbacks.registry.add(held)
        try:
            self._set(name, *arguments, key, _callbacks.on_destroy)
        except BaseException:
            # A setter that fails does not call destroy.
            _callbacks.registry.remove(key)
            raise

    def _set(self, name: str, *arguments: Any) -> None:
        with _callbacks.collecting():
            status = self._function(f"set_{name}")(self.handle, *arguments)
        self._check(status)

    def _check(self, status: int) -> None:
        """Raises what a call reported."""
        if status != constants.FIO_OK:
            error = FioError.from_pointer(self._function("error")(self.handle))
            raise error if error is not None and error.status == status else FioError.from_status(status)


def file_text(value: str) -> bytes:
    """As the file system has it: what is not UTF-8 in a file's name reaches the library, which says so."""
    return value.encode("utf-8", "surrogateescape")


def byte_array(value: bytes) -> Any:
    """Bytes as C takes them."""
    return (ctypes.c_uint8 * len(value)).from_buffer_copy(value)

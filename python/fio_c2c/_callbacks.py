"""How C calls Python.

The functions C gets are made once and live as long as the module, so none can vanish while C may
still call it. What differs from call to call hangs on ``user``: a key under which ``registry`` keeps
the Python object, until the operation is over or C says with ``destroy`` that it is not needed.

An exception cannot travel through C. It is kept where ``collecting`` finds it, and raised by the
call (``drive``, ``wait``, ``close`` …) in which the callback ran.
"""

from __future__ import annotations

import contextlib
import ctypes
import itertools
import threading
from typing import Any, Callable, Dict, Iterator, List, Protocol

from . import _abi, constants
from .errors import FioError, SourceFailure, StoreFailure
from .results import Code, Device, Event, UploadInfo


class _Registry:
    """Keeps what C refers to by key."""

    def __init__(self) -> None:
        self._keys = itertools.count(1)
        self._held: Dict[int, Any] = {}

    def add(self, held: Any) -> int:
        key = next(self._keys)
        self._held[key] = held
        return key

    def get(self, key: int) -> Any:
        return self._held[key]

    def remove(self, key: int) -> Any:
        return self._held.pop(key, None)

    def __len__(self) -> int:
        return len(self._held)


registry = _Registry()


class Waiter(Protocol):
    """What an operation has registered."""

    def completed(self, result: Any, error: Any) -> None: ...

    def code_shown(self, code: Code) -> None: ...


_local = threading.local()


@contextlib.contextmanager
def collecting() -> Iterator[None]:
    """Around every call into C: raises what callbacks raised meanwhile on this thread."""
    outer = getattr(_local, "failures", None)
    failures: List[BaseException] = []
    _local.failures = failures
    try:
        yield
    finally:
        _local.failures = outer
        if failures:
            # Only one can be raised; the others hang on it and are shown with it.
            for one, next_one in zip(failures, failures[1:]):
                one.__context__ = next_one
            raise failures[0]


def _guarded(kind: Any, on_failure: Any = None) -> Callable[[Callable[..., Any]], Any]:
    """Makes a function callable from C: an exception is kept, and C gets ``on_failure``."""

    def wrap(function: Callable[..., Any]) -> Any:
        def call(*arguments: Any) -> Any:
            try:
                return function(*arguments)
            except (StoreFailure, SourceFailure):
                return on_failure
            except BaseException as failure:  # Even an interrupt must not cross C.
                failures = getattr(_local, "failures", None)
                if failures is not None:
                    failures.append(failure)
                return on_failure

        return kind(call)

    return wrap


@_guarded(_abi.DoneCallback)
def on_done(key: int, error: Any) -> None:
    registry.remove(key).completed(None, FioError.from_pointer(error))


@_guarded(_abi.CodeCallback)
def on_code(key: int, error: Any, code: Any) -> None:
    registry.remove(key).completed(Code.from_struct(code.contents) if code else None, FioError.from_pointer(error))


@_guarded(_abi.DeviceCallback)
def on_device(key: int, error: Any, device: Any) -> None:
    registry.remove(key).completed(Device.from_struct(device.contents) if device else None, FioError.from_pointer(error))


@_guarded(_abi.ShowCodeCallback)
def on_show_code(key: int, code: Any) -> None:
    registry.get(key).code_shown(Code.from_struct(code.contents))


@_guarded(_abi.EventCallback)
def on_event(key: int, event: Any) -> None:
    registry.get(key)(Event.from_struct(event.contents))


@_guarded(_abi.LogCallback)
def on_log(key: int, level: int, line: bytes, length: int) -> None:
    registry.get(key)(level, line[:length].decode())


@_guarded(_abi.DestroyCallback)
def on_destroy(key: int) -> None:
    registry.remove(key)


@_guarded(_abi.StoreLoadCallback, constants.FIO_CB_ABORT)
def on_load(key: int, name: bytes, buffer: Any, capacity: int, length: Any) -> int:
    value = registry.get(key).load(name.decode())
    if value is None:
        return constants.FIO_STORE_NOT_FOUND
    length[0] = len(value)
    if len(value) <= capacity:
        ctypes.memmove(buffer, value, len(value))
    return constants.FIO_OK


@_guarded(_abi.StoreSaveCallback, constants.FIO_CB_ABORT)
def on_save(key: int, name: bytes, value: Any, length: int) -> int:
    registry.get(key).save(name.decode(), ctypes.string_at(value, length))
    return constants.FIO_OK


@_guarded(_abi.StoreEraseCallback, constants.FIO_CB_ABORT)
def on_erase(key: int, name: bytes) -> int:
    registry.get(key).erase(name.decode())
    return constants.FIO_OK


@_guarded(_abi.StoreListCallback, constants.FIO_CB_ABORT)
def on_list(key: int, each: Any, context: int) -> int:
    for name in registry.get(key).keys():
        each(context, name.encode())
    return constants.FIO_OK


class HeldClock:
    """A vendor's clock with the last time it told, for the case that it fails."""

    def __init__(self, clock: Any) -> None:
        self._clock = clock
        self._monotonic = 0
        self._wall = 0

    def monotonic_ms(self) -> int:
        # A clock that raises stands still: it must not go back.
        with keeping_failure():
            self._monotonic = int(self._clock.monotonic_ms())
        return self._monotonic

    def wall_seconds(self) -> int:
        with keeping_failure():
            self._wall = int(self._clock.wall_seconds())
        return self._wall


@contextlib.contextmanager
def keeping_failure() -> Iterator[None]:
    """Keeps an exception for ``collecting`` and goes on."""
    try:
        yield
    except BaseException as failure:
        failures = getattr(_local, "failures", None)
        if failures is not None:
            failures.append(failure)


@_guarded(_abi.MonotonicCallback, 0)
def on_monotonic(key: int) -> int:
    return int(registry.get(key).monotonic_ms())


@_guarded(_abi.WallClockCallback, 0)
def on_wall_clock(key: int) -> int:
    return int(registry.get(key).wall_seconds())


@_guarded(_abi.EntropyCallback, constants.FIO_CB_ABORT)
def on_entropy(key: int, buffer: Any, length: int) -> int:
    random = registry.get(key)(length)
    if len(random) != length:
        raise ValueError(f"{len(random)} random bytes instead of {length}")
    ctypes.memmove(buffer, random, length)
    return constants.FIO_OK


@_guarded(_abi.ReadCallback, constants.FIO_CB_ABORT)
def on_read(key: int, offset: int, buffer: Any, length: int) -> int:
    part = registry.get(key)(offset, length)
    if len(part) > length:
        raise ValueError(f"{len(part)} bytes where {length} were asked for")
    ctypes.memmove(buffer, bytes(part), len(part))
    return len(part)


@_guarded(_abi.UploadCallback)
def on_upload(key: int, info: Any) -> None:
    registry.get(key)(UploadInfo.from_struct(info.contents))

"""Everything known before the first byte is sent."""

from __future__ import annotations

import ctypes
import os
from types import TracebackType
from typing import Any, Callable, Iterable, Mapping, Optional, Protocol, Sequence, Tuple, Type, Union

from . import _abi, _callbacks, constants
from .errors import FioError
from .results import Event


class Store(Protocol):
    """Where records are kept, for devices without a file system. Raising ``StoreFailure`` reports a
    failure."""

    def load(self, key: str) -> Optional[bytes]:
        """The record, None if there is none."""

    def save(self, key: str, value: bytes) -> None:
        """Replaces the record, atomically."""

    def erase(self, key: str) -> None:
        """Erases the record; one that is not there is a success."""

    def keys(self) -> Iterable[str]:
        """All keys."""


class Clock(Protocol):
    """The device's clocks."""

    def monotonic_ms(self) -> int:
        """Milliseconds on a clock that never goes back and goes on while the device sleeps."""

    def wall_seconds(self) -> int:
        """Seconds since 1970-01-01 UTC."""


class Config:
    """Settings for clients; a context manager. What is not given keeps the library's default.

    ``encoding`` is a ``FIO_ENCODING_…``, ``poller`` a ``FIO_POLLER_…``, ``log_level`` a
    ``FIO_LOG_…``. ``timeouts`` are milliseconds to connect and for a whole request, ``stall_timeout``
    and ``progress_interval`` milliseconds too. ``resolve`` maps (host, port) to an address;
    ``entropy(length)`` gives so many random bytes. ``bandwidth`` (bytes a second) and ``interfaces``
    are what ``Client.queue`` begins with. ``on_log(level, line)`` and ``on_event(event)`` run inside
    ``drive``; what they raise is raised there.
    """

    def __init__(
        self,
        *,
        client_id: Optional[str] = None,
        client_secret: Optional[str] = None,
        client_version: Optional[str] = None,
        base_url: Optional[str] = None,
        ca_file: Union[str, os.PathLike, None] = None,
        ca_pem: Optional[bytes] = None,
        store_dir: Union[str, os.PathLike, None] = None,
        store: Optional[Store] = None,
        store_key: Optional[bytes] = None,
        on_log: Optional[Callable[[int, str], None]] = None,
        log_level: int = constants.FIO_LOG_INFO,
        on_event: Optional[Callable[[Event], None]] = None,
        encoding: Optional[int] = None,
        url_pairing: Optional[bool] = None,
        timeouts: Optional[Tuple[int, int]] = None,
        stall_timeout: Optional[int] = None,
        resolve: Optional[Mapping[Tuple[str, int], str]] = None,
        poller: Optional[int] = None,
        parallel_parts: Optional[int] = None,
        progress_interval: Optional[int] = None,
        history: Optional[int] = None,
        bandwidth: Optional[int] = None,
        interfaces: Optional[Sequence[str]] = None,
        clock_floor: Optional[int] = None,
        clock: Optional[Clock] = None,
        entropy: Optional[Callable[[int], bytes]] = None,
    ) -> None:
        self._library = _abi.load()
        self._handle: Optional[int] = None
        handle = ctypes.c_void_p()
        _raise(self._library.fio_config_new(ctypes.byref(handle)))
        self._handle = handle.value
        try:
            self._text("client_id", client_id)
            if client_secret is not None:
                raw = client_secret.encode()
                self._set("client_secret", raw, len(raw))
            self._text("client_version", client_version)
            self._text("base_url", base_url)
            self._text("ca_file", ca_file)
            if ca_pem is not None:
                self._set("ca_pem", ca_pem, len(ca_pem))
            self._text("store_dir", store_dir)
            if store is not None:
                self._held("store", _callbacks.on_load, _callbacks.on_save, _callbacks.on_erase, _callbacks.on_list,
                           held=store)
            if store_key is not None:
                self._set("store_key", (ctypes.c_uint8 * len(store_key)).from_buffer_copy(store_key), len(store_key))
            if on_log is not None:
                self._held("log", log_level, _callbacks.on_log, held=on_log)
            if on_event is not None:
                self._held("event", _callbacks.on_event, held=on_event)
            self._number("encoding", encoding)
            if url_pairing is not None:
                self._set("url_pairing", int(url_pairing))
            if timeouts is not None:
                self._set("timeouts", *timeouts)
            self._number("stall_timeout", stall_timeout)
            for (host, port), address in (resolve or {}).items():
                self._set("resolve", host.encode(), port, address.encode())
            self._number("poller", poller)
            self._number("parallel_parts", parallel_parts)
            self._number("progress_interval", progress_interval)
            self._number("history", history)
            self._number("bandwidth", bandwidth)
            if interfaces is not None:
                self._set("interfaces", *string_array(interfaces))
            self._number("clock_floor", clock_floor)
            if clock is not None:
                self._held("clock", _callbacks.on_monotonic, _callbacks.on_wall_clock,
                           held=_callbacks.HeldClock(clock))
            if entropy is not None:
                self._held("entropy", _callbacks.on_entropy, held=entropy)
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> "Config":
        return self

    def __exit__(self, kind: Optional[Type[BaseException]], error: Optional[BaseException],
                 trace: Optional[TracebackType]) -> None:
        self.close()

    def close(self) -> None:
        """Frees it and wipes the secrets in it. Clients made from it are not affected."""
        handle, self._handle = self._handle, None
        if handle is not None:
            with _callbacks.collecting():
                self._library.fio_config_free(handle)

    def new_client(self) -> int:
        """The handle of a new client; ``Client`` calls this."""
        if self._handle is None:
            raise FioError.from_status(constants.FIO_E_HANDLE)
        client = ctypes.c_void_p()
        with _callbacks.collecting():
            status = self._library.fio_client_new(self._handle, ctypes.byref(client))
        self._check(status)
        assert client.value is not None
        return client.value

    def _text(self, name: str, value: Union[str, os.PathLike, None]) -> None:
        if value is not None:
            self._set(name, os.fspath(value).encode())

    def _number(self, name: str, value: Optional[int]) -> None:
        if value is not None:
            self._set(name, value)

    def _set(self, name: str, *arguments: Any) -> None:
        setter = getattr(self._library, f"fio_config_set_{name}")
        with _callbacks.collecting():
            status = setter(self._handle, *arguments)
        self._check(status)

    def _held(self, name: str, *arguments: Any, held: Any) -> None:
        key = _callbacks.registry.add(held)
        try:
            self._set(name, *arguments, key, _callbacks.on_destroy)
        except BaseException:
            # A setter that fails does not call destroy.
            _callbacks.registry.remove(key)
            raise

    def _check(self, status: int) -> None:
        if status != constants.FIO_OK:
            error = FioError.from_pointer(self._library.fio_config_error(self._handle))
            raise error if error is not None and error.status == status else FioError.from_status(status)


def string_array(strings: Sequence[str]) -> Tuple[Any, int]:
    """Strings as C takes them: an array, and how many there are."""
    array = (ctypes.c_char_p * len(strings))(*(string.encode() for string in strings))
    return (array if strings else None), len(strings)


def _raise(status: int) -> None:
    if status != constants.FIO_OK:
        raise FioError.from_status(status)

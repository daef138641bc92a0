"""Everything known before the first byte is sent."""

from __future__ import annotations

import ctypes
import os
from typing import TYPE_CHECKING, Any, Optional, Sequence, Tuple, Union

from . import _callbacks, constants
from ._handle import Builder, byte_array, file_text
from .settings import Settings, refuse_unknown

if TYPE_CHECKING:
    from typing_extensions import Unpack


class Config(Builder):
    """Settings for clients, as keywords (see ``Settings``); a context manager."""

    _kind = "config"

    def __init__(self, **settings: "Unpack[Settings]") -> None:
        refuse_unknown(settings, Settings)
        super().__init__()
        try:
            self._identity(settings)
            self._storage(settings)
            self._listeners(settings)
            self._limits(settings)
            self._platform(settings)
        except BaseException:
            self.close()
            raise

    def new_client(self) -> int:
        """The handle of a new client; ``Client`` calls this."""
        client = ctypes.c_void_p()
        with _callbacks.collecting():
            status = self._library.fio_client_new(self.handle, ctypes.byref(client))
        self._check(status)
        assert client.value is not None
        return client.value

    def _identity(self, settings: Settings) -> None:
        self._text("client_id", settings.get("client_id"))
        self._bytes("client_secret", _encoded(settings.get("client_secret")))
        self._text("client_version", settings.get("client_version"))
        self._text("base_url", settings.get("base_url"))
        self._path("ca_file", settings.get("ca_file"))
        self._bytes("ca_pem", settings.get("ca_pem"))

    def _storage(self, settings: Settings) -> None:
        self._path("store_dir", settings.get("store_dir"))
        store, key = settings.get("store"), settings.get("store_key")
        if store is not None:
            self._held("store", _callbacks.on_load, _callbacks.on_save, _callbacks.on_erase, _callbacks.on_list,
                       held=store)
        if key is not None:
            self._set("store_key", byte_array(key), len(key))

    def _listeners(self, settings: Settings) -> None:
        log, level, event = settings.get("on_log"), settings.get("log_level"), settings.get("on_event")
        if log is not None:
            self._held("log", constants.FIO_LOG_INFO if level is None else level, _callbacks.on_log, held=log)
        if event is not None:
            self._held("event", _callbacks.on_event, held=event)

    def _limits(self, settings: Settings) -> None:
        timeouts, interfaces = settings.get("timeouts"), settings.get("interfaces")
        if timeouts is not None:
            self._set("timeouts", *timeouts)
        self._number("stall_timeout", settings.get("stall_timeout"))
        self._number("parallel_parts", settings.get("parallel_parts"))
        self._number("progress_interval", settings.get("progress_interval"))
        self._number("history", settings.get("history"))
        self._number("tag_memory", settings.get("tag_memory"))
        self._number("bandwidth", settings.get("bandwidth"))
        if interfaces is not None:
            self._set("interfaces", *string_array(interfaces))

    def _platform(self, settings: Settings) -> None:
        self._number("encoding", settings.get("encoding"))
        self._number("key_exchange", settings.get("key_exchange"))
        self._number("url_pairing", settings.get("url_pairing"))
        self._number("network_watch", settings.get("network_watch"))
        for (host, port), address in (settings.get("resolve") or {}).items():
            self._set("resolve", file_text(host), port, file_text(address))
        self._number("poller", settings.get("poller"))
        self._number("clock_floor", settings.get("clock_floor"))
        clock, entropy = settings.get("clock"), settings.get("entropy")
        if clock is not None:
            self._held("clock", _callbacks.on_monotonic, _callbacks.on_wall_clock, held=_callbacks.HeldClock(clock))
        if entropy is not None:
            self._held("entropy", _callbacks.on_entropy, held=entropy)

    def _path(self, name: str, value: Union[str, "os.PathLike[str]", None]) -> None:
        self._text(name, None if value is None else os.fspath(value))

    def _bytes(self, name: str, value: Optional[bytes]) -> None:
        if value is not None:
            self._set(name, value, len(value))


def string_array(strings: Sequence[str]) -> Tuple[Any, int]:
    """Strings as C takes them: an array, and how many there are."""
    array = (ctypes.c_char_p * len(strings))(*map(file_text, strings))
    return (array if strings else None), len(strings)


def _encoded(value: Optional[str]) -> Optional[bytes]:
    return None if value is None else value.encode()

"""What clients can be told before the first byte is sent."""

from __future__ import annotations

import os
from typing import Callable, Iterable, Mapping, Optional, Protocol, Sequence, Tuple, TypedDict, Union

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


class Settings(TypedDict, total=False):
    """The keywords of ``Config``, ``Client`` and ``AsyncClient``. What is left out, or None, keeps the
    library's default."""

    #: One per physical unit.
    client_id: Optional[str]
    #: One per device model, issued by Frame.io.
    client_secret: Optional[str]
    #: The firmware's, as in semver.org.
    client_version: Optional[str]
    base_url: Optional[str]
    ca_file: Union[str, "os.PathLike[str]", None]
    ca_pem: Optional[bytes]
    store_dir: Union[str, "os.PathLike[str]", None]
    store: Optional[Store]
    #: 32 bytes that seal every record.
    store_key: Optional[bytes]
    #: ``on_log(level, line)`` and ``on_event(event)`` run while the client is driven; what they raise is
    #: raised there.
    on_log: Optional[Callable[[int, str], None]]
    #: A ``FIO_LOG_…``; FIO_LOG_INFO if it is left out.
    log_level: Optional[int]
    on_event: Optional[Callable[[Event], None]]
    #: A ``FIO_ENCODING_…``.
    encoding: Optional[int]
    #: A ``FIO_KEY_EXCHANGE_…``.
    key_exchange: Optional[int]
    url_pairing: Optional[bool]
    #: Whether changes of the network are noticed while there are uploads, as they are if it is left out.
    network_watch: Optional[bool]
    #: Milliseconds to connect, and for a whole request.
    timeouts: Optional[Tuple[int, int]]
    #: Milliseconds without progress.
    stall_timeout: Optional[int]
    #: (host, port) to an address.
    resolve: Optional[Mapping[Tuple[str, int], str]]
    #: A ``FIO_POLLER_…``.
    poller: Optional[int]
    parallel_parts: Optional[int]
    #: Milliseconds between FIO_EVENT_PROGRESS.
    progress_interval: Optional[int]
    #: How many uploads that are over are remembered.
    history: Optional[int]
    #: Of how many more the tags are remembered that were sent or canceled.
    tag_memory: Optional[int]
    #: What ``Client.queue`` begins with: bytes a second, and names of network interfaces.
    bandwidth: Optional[int]
    interfaces: Optional[Sequence[str]]
    #: The earliest time that can be true, in seconds since 1970.
    clock_floor: Optional[int]
    clock: Optional[Clock]
    #: Gives so many random bytes.
    entropy: Optional[Callable[[int], bytes]]


def refuse_unknown(settings: Mapping[str, object], kind: type) -> None:
    """Raises TypeError for a keyword that is none of a kind of settings."""
    unknown = sorted(settings.keys() - kind.__annotations__.keys())
    if unknown:
        raise TypeError(f"{kind.__name__} has no {', '.join(unknown)}")

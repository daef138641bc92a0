"""What the library tells, copied out of its structs: valid for as long as Python keeps it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Optional, Tuple

from . import constants
from .errors import FioError, text


@dataclass(frozen=True)
class Code:
    """A code for the person to enter."""

    #: Six digits, as a string: they may begin with 0.
    user_code: str
    verification_uri: Optional[str]
    #: The page with the code filled in, for a QR (see ``qr_encode``).
    verification_uri_complete: Optional[str]
    device_name: Optional[str]
    #: Milliseconds until it runs out, counted from the moment it was told.
    expires_in_ms: int
    interval_ms: int
    #: 1 for the first code of an operation, 2 for the one that replaces it, and so on.
    number: int
    op: int

    @classmethod
    def from_struct(cls, raw: Any) -> "Code":
        return cls(
            user_code=text(raw.user_code) or "",
            verification_uri=text(raw.verification_uri),
            verification_uri_complete=text(raw.verification_uri_complete),
            device_name=text(raw.device_name),
            expires_in_ms=raw.expires_in_ms,
            interval_ms=raw.interval_ms,
            number=raw.number,
            op=raw.op,
        )


@dataclass(frozen=True)
class Channel:
    """A part of the device that uploads under its own name."""

    id: str
    name: Optional[str]
    asset_type: Optional[str]
    index: int
    #: A ``FIO_PRESENCE_…``.
    presence: int

    @classmethod
    def from_struct(cls, raw: Any) -> "Channel":
        return cls(text(raw.id) or "", text(raw.name), text(raw.asset_type), raw.index, raw.presence)


@dataclass(frozen=True)
class Device:
    """The device as the service knows it."""

    #: Identity of the project: compare this one, the name may change.
    project_id: str
    project_name: Optional[str]
    id: Optional[str]
    name: Optional[str]
    asset_type: Optional[str]
    timezone: Optional[str]
    creator_name: Optional[str]
    #: A ``FIO_PRESENCE_…``.
    presence: int
    channels: Tuple[Channel, ...]
    op: int

    @classmethod
    def from_struct(cls, raw: Any) -> "Device":
        return cls(
            project_id=text(raw.project_id) or "",
            project_name=text(raw.project_name),
            id=text(raw.id),
            name=text(raw.name),
            asset_type=text(raw.asset_type),
            timezone=text(raw.timezone),
            creator_name=text(raw.creator_name),
            presence=raw.presence,
            channels=tuple(Channel.from_struct(raw.channels[i].contents) for i in range(raw.channel_count)),
            op=raw.op,
        )


_EVENT_NAMES = {value: name for name, value in vars(constants).items() if name.startswith("FIO_EVENT_")}


@dataclass(frozen=True)
class Event:
    """Something nobody asked for but somebody should know."""

    #: A ``FIO_EVENT_…``. Ignore kinds you do not know.
    kind: int
    #: Milliseconds until the next attempt, None where that has no meaning.
    wait_ms: Optional[int]
    error: Optional[FioError]
    device: Optional[Device]
    previous_project_id: Optional[str]

    @property
    def name(self) -> str:
        """The kind's name, for people and logs."""
        return _EVENT_NAMES.get(self.kind, f"event {self.kind}")

    @classmethod
    def from_struct(cls, raw: Any) -> "Event":
        return cls(
            kind=raw.kind,
            wait_ms=None if raw.wait_ms < 0 else raw.wait_ms,
            error=FioError.from_pointer(raw.error),
            device=Device.from_struct(raw.device.contents) if raw.device else None,
            previous_project_id=text(raw.previous_project_id),
        )

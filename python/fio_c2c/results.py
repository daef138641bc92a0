"""What the library tells, copied out of its structs: valid for as long as Python keeps it."""

from __future__ import annotations

import ctypes
import os
from dataclasses import dataclass
from typing import Any, Dict, Optional, Tuple

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
        """Copies a ``fio_code``."""
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
        """Copies a ``fio_channel``."""
        return cls(text(raw.id) or "", text(raw.name), text(raw.asset_type), raw.index, raw.presence)


@dataclass(frozen=True)
class Device:
    """The device as the service knows it."""

    #: Identity of the project: compare this one, the name may change. Empty where the service names no project.
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
    #: Seconds since the service told it, 0 for what has just come, None if the clock could not tell.
    age_seconds: Optional[int]

    @classmethod
    def from_struct(cls, raw: Any) -> "Device":
        """Copies a ``fio_device``."""
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
            age_seconds=None if raw.age_seconds < 0 else raw.age_seconds,
        )


@dataclass(frozen=True)
class UploadInfo:
    """One upload as it stood."""

    id: int
    #: A ``FIO_UPLOAD_…``. New ones may appear.
    state: int
    #: Why it waits, failed or was skipped.
    reason: Optional[FioError]
    #: The service's name for it; empty for a recording that has none yet.
    name: str
    media_type: str
    #: As it was given; None if the source is no path.
    path: Optional[str]
    tag: Optional[bytes]
    priority: int
    #: Bytes in all; for a recording that goes on, those known so far.
    size: int
    #: Bytes the storage has confirmed.
    confirmed: int
    #: Bytes handed to the network beyond those.
    in_flight: int
    #: Milliseconds until the next attempt, None if it does not wait for one.
    retry_in_ms: Optional[int]
    #: Whether it is a recording that goes on.
    is_recording: bool
    #: Its id at the service, once it is there; ``Client.comment`` takes it.
    asset_id: Optional[str]
    #: The project it was queued for, None as long as none is known.
    project_id: Optional[str]
    #: Its parts that are on their way.
    parts_in_flight: int
    #: Bytes a second over the last minute, less what was lost when a connection broke.
    minute_bytes_per_second: int
    #: Until the next of its parts is safe; None while none is on its way, or not enough is known of the link.
    part_safe_in_ms: Optional[int]
    #: Attempts that failed since something of it last went well.
    failed_attempts: int
    #: Whether the link breaks again and again before one of its parts is through.
    is_link_too_weak: bool

    @property
    def state_name(self) -> str:
        """The state's name, for people and logs."""
        return _UPLOAD_NAMES.get(self.state, f"state {self.state}")

    @property
    def is_over(self) -> bool:
        """Whether nothing more will happen by itself."""
        return self.state in _OVER

    @classmethod
    def from_struct(cls, raw: Any) -> "UploadInfo":
        """Copies a ``fio_upload_info``."""
        return cls(
            id=raw.id,
            state=raw.state,
            reason=FioError.from_pointer(raw.reason),
            name=text(raw.name) or "",
            media_type=text(raw.media_type) or "",
            path=None if raw.path is None else os.fsdecode(raw.path),
            tag=ctypes.string_at(raw.tag, raw.tag_length) if raw.tag else None,
            priority=raw.priority,
            size=raw.size,
            confirmed=raw.confirmed,
            in_flight=raw.in_flight,
            retry_in_ms=None if raw.retry_in_ms < 0 else raw.retry_in_ms,
            is_recording=bool(raw.is_recording),
            asset_id=text(raw.asset_id),
            project_id=text(raw.project_id),
            parts_in_flight=raw.parts_in_flight,
            minute_bytes_per_second=raw.minute_bytes_per_second,
            part_safe_in_ms=None if raw.part_safe_in_ms < 0 else raw.part_safe_in_ms,
            failed_attempts=raw.failed_attempts,
            is_link_too_weak=bool(raw.is_link_too_weak),
        )


@dataclass(frozen=True)
class Totals:
    """What was left to do."""

    #: Whether the whole queue is paused.
    is_paused: bool
    #: The id of the upload that is furthest ahead and under way, None if there is none.
    current: Optional[int]
    #: Uploads that are queued, uploading or waiting, and what they have to send in bytes.
    files_left: int
    bytes_left: int
    #: How many are in each state; of those done or canceled, the ones still remembered.
    queued: int
    uploading: int
    waiting: int
    done: int
    failed: int
    skipped: int
    canceled: int
    #: Smoothed over some seconds; 0 while nothing moves.
    bytes_per_second: int
    #: At the rate at which parts arrive; None while nothing moves, or no part gets through.
    seconds_left: Optional[int]
    #: Over the last minute, less what was lost when a connection broke.
    minute_bytes_per_second: int
    #: Until the next part is safe; None while none is on its way, or not enough is known of the link.
    part_safe_in_ms: Optional[int]
    #: Of all uploads.
    parts_in_flight: int
    #: Whether the link breaks again and again before even one of the smallest parts is through.
    is_link_too_weak: bool

    @classmethod
    def from_struct(cls, raw: Any) -> "Totals":
        """Copies a ``fio_totals``."""
        return cls(
            is_paused=bool(raw.is_paused),
            current=None if raw.current == constants.FIO_UPLOAD_NONE else raw.current,
            files_left=raw.files_left,
            bytes_left=raw.bytes_left,
            queued=raw.queued,
            uploading=raw.uploading,
            waiting=raw.waiting,
            done=raw.done,
            failed=raw.failed,
            skipped=raw.skipped,
            canceled=raw.canceled,
            bytes_per_second=raw.bytes_per_second,
            seconds_left=None if raw.seconds_left < 0 else raw.seconds_left,
            minute_bytes_per_second=raw.minute_bytes_per_second,
            part_safe_in_ms=None if raw.part_safe_in_ms < 0 else raw.part_safe_in_ms,
            parts_in_flight=raw.parts_in_flight,
            is_link_too_weak=bool(raw.is_link_too_weak),
        )


def _names(prefix: str) -> Dict[int, str]:
    return {value: name for name, value in vars(constants).items() if name.startswith(prefix)}


_EVENT_NAMES = _names("FIO_EVENT_")
_UPLOAD_NAMES = _names("FIO_UPLOAD_")
_OVER = (constants.FIO_UPLOAD_DONE, constants.FIO_UPLOAD_FAILED, constants.FIO_UPLOAD_SKIPPED,
         constants.FIO_UPLOAD_CANCELED)


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
    upload: Optional[UploadInfo]
    totals: Optional[Totals]

    @property
    def name(self) -> str:
        """The kind's name, for people and logs."""
        return _EVENT_NAMES.get(self.kind, f"event {self.kind}")

    @classmethod
    def from_struct(cls, raw: Any) -> "Event":
        """Copies a ``fio_event``."""
        return cls(
            kind=raw.kind,
            wait_ms=None if raw.wait_ms < 0 else raw.wait_ms,
            error=FioError.from_pointer(raw.error),
            device=Device.from_struct(raw.device.contents) if raw.device else None,
            previous_project_id=text(raw.previous_project_id),
            upload=UploadInfo.from_struct(raw.upload.contents) if raw.upload else None,
            totals=Totals.from_struct(raw.totals.contents) if raw.totals else None,
        )

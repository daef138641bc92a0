"""One upload, and how it stands."""

from __future__ import annotations

import ctypes
import time
from typing import TYPE_CHECKING, Any, Optional

from . import _abi, constants
from ._handle import byte_array, file_text
from .description import Description, described
from .errors import FioError
from .results import UploadInfo

if TYPE_CHECKING:
    from typing_extensions import Unpack

    from .client import Client
    from .description import UploadSettings


class UploadCalls:
    """What an upload can be told and asked without waiting for anything."""

    def __init__(self, client: "Client", id: int) -> None:
        self.id = id
        self._client = client

    def __repr__(self) -> str:
        return f"<upload {self.id}>"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, UploadCalls) and (other._client, other.id) == (self._client, self.id)

    def __hash__(self) -> int:
        return hash(self.id)

    def info(self) -> UploadInfo:
        """How it stands."""
        info = ctypes.POINTER(_abi.UploadInfoStruct)()
        self._client.call("fio_upload_get", self.id, ctypes.byref(info))
        return UploadInfo.from_struct(info.contents)

    def attach(self, description: Optional[Description] = None, **source: "Unpack[UploadSettings]") -> None:
        """Gives it its bytes again: a ``Description``, of which only the source counts, or that source
        as keywords."""
        with described(description, source) as described_source:
            self._client.call("fio_upload_attach", self.id, described_source.handle)

    def _push(self, offset: int, content: Any) -> None:
        self._client.call("fio_upload_push", self.id, offset, content, len(content))

    def advance(self, stable: int) -> None:
        """Says that so many bytes of a recording will not change any more."""
        self._client.call("fio_upload_advance", self.id, stable)

    def finish(self, size: Optional[int] = None, name: Optional[str] = None) -> None:
        """Ends a recording, by default with the size its source has now and the name it has already."""
        raw = None if name is None else file_text(name)
        self._client.call("fio_upload_finish", self.id, -1 if size is None else size, raw)

    def cancel(self) -> None:
        """Ends it for good."""
        self._client.call("fio_upload_cancel", self.id)

    def retry(self) -> None:
        """Queues it again after it failed or was skipped."""
        self._client.call("fio_upload_retry", self.id)

    def pause(self) -> None:
        """Pauses it until ``resume``."""
        self._client.call("fio_upload_pause", self.id)

    def resume(self) -> None:
        """Lets it go on, at its old place in the queue."""
        self._client.call("fio_upload_resume", self.id)

    def move_to_project(self) -> None:
        """Sends it to the project the device is in, although it was queued for another one."""
        self._client.call("fio_upload_move_to_project", self.id)

    def remove(self) -> None:
        """Forgets it; it must be over."""
        self._client.call("fio_upload_remove", self.id)

    def prioritize(self, priority: int) -> None:
        """Moves it ahead of others, or behind them."""
        self._client.call("fio_upload_prioritize", self.id, priority)


class Upload(UploadCalls):
    """One upload of a client. ``Client.upload`` and ``Client.queue`` give it; as many as you like may
    stand for the same one, also for one of an earlier run whose ``id`` was kept."""

    def wait(self, timeout: Optional[float] = None) -> UploadInfo:
        """Drives the client until it is done; raises the reason if it failed or was skipped, and
        FIO_E_CANCELED if it was canceled.

        After ``timeout`` seconds it raises TimeoutError; the upload goes on. An upload that waits for a
        person or for the application is waited for as well.
        """
        deadline = None if timeout is None else time.monotonic() + timeout
        while True:
            info = self.info()
            if info.is_over:
                break
            left_ms = -1 if deadline is None else int((deadline - time.monotonic()) * 1000) + 1
            if deadline is not None and left_ms <= 0:
                raise TimeoutError(f"upload {self.id} is {info.state_name} after {timeout} s: {info.reason}")
            self._client.drive(left_ms)
        return delivered(info)

    def push(self, offset: int, data: bytes) -> None:
        """Hands over bytes of a pushed recording. FIO_E_WOULD_BLOCK: drive, and push them again."""
        self._push(offset, byte_array(data))


def delivered(info: UploadInfo) -> UploadInfo:
    """What is known of an upload that is over, if it is done; otherwise raises why it is not."""
    if info.state != constants.FIO_UPLOAD_DONE:
        raise info.reason or FioError.from_status(constants.FIO_E_CANCELED)
    return info

"""One upload: what it is to be, and how it stands."""

from __future__ import annotations

import contextlib
import ctypes
import os
import time
from dataclasses import dataclass
from types import TracebackType
from typing import TYPE_CHECKING, Any, Callable, Optional, Type, Union

from . import _abi, _callbacks, constants
from .errors import FioError
from .results import UploadInfo

if TYPE_CHECKING:
    from .client import Client

#: Gives up to so many bytes from an offset on, and none where there are none. The same ones each time.
#: Raising ``SourceFailure`` reports that they cannot be had.
Reader = Callable[[int, int], bytes]


@dataclass(frozen=True)
class Recording:
    """That an upload is sent while it is still being written."""

    #: The expected data rate; 0 if it is not known.
    bytes_per_second: int = 0
    #: So many bytes at the beginning are written again at the end, and sent last.
    held_head: int = 0


class Description:
    """What an upload is to be; a context manager. What is not given keeps the library's default.

    The source is one of ``path``, ``fd`` (a descriptor, which may be closed afterwards), ``reader`` with
    its ``size``, or ``pushed``; all but a path need a ``name``, recordings that or an ``extension``.
    ``name``, ``extension`` and ``media_type`` are what the service is told, ``created`` is in seconds
    since 1970, ``tag`` the application's own mark, and a higher ``priority`` goes first. With a
    ``Recording`` it is sent while it is being written. Can be started more than once.
    """

    def __init__(
        self,
        *,
        path: Union[str, bytes, os.PathLike, None] = None,
        fd: Optional[int] = None,
        reader: Optional[Reader] = None,
        size: Optional[int] = None,
        pushed: bool = False,
        name: Optional[str] = None,
        extension: Optional[str] = None,
        media_type: Optional[str] = None,
        channel: Optional[int] = None,
        created: Optional[int] = None,
        tag: Optional[bytes] = None,
        priority: Optional[int] = None,
        parts: Optional[int] = None,
        verify: Optional[bool] = None,
        recording: Optional[Recording] = None,
    ) -> None:
        if (reader is None) != (size is None):
            raise TypeError("a reader has a size, other sources have none")
        if sum((path is not None, fd is not None, reader is not None, pushed)) > 1:
            raise TypeError("one source, not several")
        self._library = _abi.load()
        self._handle: Optional[int] = None
        handle = ctypes.c_void_p()
        status = self._library.fio_upload_new(ctypes.byref(handle))
        if status != constants.FIO_OK:
            raise FioError.from_status(status)
        self._handle = handle.value
        try:
            if path is not None:
                self._set("path", os.fsencode(path))
            if fd is not None:
                self._set("descriptor", fd)
            if reader is not None:
                self._reader(reader, size)
            if pushed:
                self._set("pushed")
            self._text("name", name)
            self._text("extension", extension)
            self._text("media_type", media_type)
            self._number("channel", channel)
            self._number("created", created)
            if tag is not None:
                self._set("tag", byte_array(tag), len(tag))
            self._number("priority", priority)
            self._number("parts", parts)
            self._number("verify", verify)
            if recording is not None:
                self._set("recording", recording.bytes_per_second, recording.held_head)
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> "Description":
        return self

    def __exit__(self, kind: Optional[Type[BaseException]], error: Optional[BaseException],
                 trace: Optional[TracebackType]) -> None:
        self.close()

    def __del__(self) -> None:
        if getattr(self, "_handle", None) is not None:
            self.close()

    def close(self) -> None:
        """Frees it. Uploads started from it go on."""
        handle, self._handle = self._handle, None
        if handle is not None:
            with _callbacks.collecting():
                self._library.fio_upload_free(handle)

    @property
    def handle(self) -> int:
        """For ``Client`` and ``Upload``, which hand it to C."""
        if self._handle is None:
            raise FioError.from_status(constants.FIO_E_HANDLE)
        return self._handle

    def _text(self, name: str, value: Optional[str]) -> None:
        if value is not None:
            self._set(name, file_text(value))

    def _number(self, name: str, value: Optional[int]) -> None:
        if value is not None:
            self._set(name, value)

    def _reader(self, reader: Reader, size: Optional[int]) -> None:
        key = _callbacks.registry.add(reader)
        try:
            self._set("reader", size, _callbacks.on_read, key, _callbacks.on_destroy)
        except BaseException:
            # A setter that fails does not call destroy.
            _callbacks.registry.remove(key)
            raise

    def _set(self, name: str, *arguments: Any) -> None:
        setter = getattr(self._library, f"fio_upload_set_{name}")
        with _callbacks.collecting():
            status = setter(self.handle, *arguments)
        if status != constants.FIO_OK:
            error = FioError.from_pointer(self._library.fio_upload_error(self.handle))
            raise error if error is not None and error.status == status else FioError.from_status(status)


class Upload:
    """One upload of a client. ``Client.upload`` and ``Client.queue`` give it; as many as you like may
    stand for the same one, also for one of an earlier run whose ``id`` was kept."""

    def __init__(self, client: "Client", id: int) -> None:
        self.id = id
        self._client = client

    def __repr__(self) -> str:
        return f"<upload {self.id}>"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Upload) and (other._client, other.id) == (self._client, self.id)

    def __hash__(self) -> int:
        return hash(self.id)

    def info(self) -> UploadInfo:
        """How it stands."""
        info = ctypes.POINTER(_abi.UploadInfoStruct)()
        self._client.call("fio_upload_get", self.id, ctypes.byref(info))
        return UploadInfo.from_struct(info.contents)

    def wait(self, timeout: Optional[float] = None) -> UploadInfo:
        """Drives the client until it is done; raises the reason if it failed or was skipped, and
        FIO_E_CANCELED if it was cancelled.

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
        if info.state != constants.FIO_UPLOAD_DONE:
            raise info.reason or FioError.from_status(constants.FIO_E_CANCELED)
        return info

    def attach(self, description: Optional[Description] = None, **source: Any) -> None:
        """Gives it its bytes again: a ``Description``, of which only the source counts, or that source
        as keywords."""
        with described(description, source) as described_source:
            self._client.call("fio_upload_attach", self.id, described_source.handle)

    def push(self, offset: int, data: bytes) -> None:
        """Hands over bytes of a pushed recording. FIO_E_WOULD_BLOCK: drive, and push them again."""
        self._client.call("fio_upload_push", self.id, offset, byte_array(data), len(data))

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


def described(description: Optional[Description], settings: Any) -> Any:
    """A context manager for a description: the one that is given, which stays, or one of its own."""
    if description is None:
        return Description(**settings)
    if settings:
        raise TypeError("a Description, or the settings of one, but not both")
    return contextlib.nullcontext(description)


def file_text(value: str) -> bytes:
    """As the file system has it: what is not UTF-8 in a file's name reaches the library, which says so."""
    return value.encode("utf-8", "surrogateescape")


def byte_array(value: bytes) -> Any:
    """Bytes as C takes them."""
    return (ctypes.c_uint8 * len(value)).from_buffer_copy(value)

"""What an upload is to be."""

from __future__ import annotations

import contextlib
import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Callable, ContextManager, Optional, TypedDict, Union

from . import _callbacks
from ._handle import Builder, byte_array
from .settings import refuse_unknown

if TYPE_CHECKING:
    from typing_extensions import Unpack

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


class UploadSettings(TypedDict, total=False):
    """The keywords of ``Description`` and ``Client.upload``. What is left out, or None, keeps the library's
    default. The source is one of ``path``, ``fd``, ``reader`` with its ``size``, or ``pushed``; all but a
    path need a ``name``, recordings that or an ``extension``."""

    path: Union[str, bytes, "os.PathLike[str]", "os.PathLike[bytes]", None]
    #: A descriptor; it may be closed afterwards.
    fd: Optional[int]
    reader: Optional[Reader]
    size: Optional[int]
    #: The bytes of a recording come by ``Upload.push``.
    pushed: bool
    #: What the service is told.
    name: Optional[str]
    extension: Optional[str]
    media_type: Optional[str]
    channel: Optional[int]
    #: In seconds since 1970.
    created: Optional[int]
    #: Which clip it is: one whose tag is known is not started again.
    tag: Optional[bytes]
    #: That it is, all the same.
    again: Optional[bool]
    #: Higher goes first.
    priority: Optional[int]
    parts: Optional[int]
    verify: Optional[bool]
    #: It is sent while it is being written.
    recording: Optional[Recording]


class Description(Builder):
    """What an upload is to be, as keywords (see ``UploadSettings``); a context manager. Can be started more
    than once."""

    _kind = "upload"

    def __init__(self, **settings: "Unpack[UploadSettings]") -> None:
        refuse_unknown(settings, UploadSettings)
        path, fd, reader = settings.get("path"), settings.get("fd"), settings.get("reader")
        pushed, tag, recording = settings.get("pushed", False), settings.get("tag"), settings.get("recording")
        if (reader is None) != (settings.get("size") is None):
            raise TypeError("a reader has a size, other sources have none")
        if sum((path is not None, fd is not None, reader is not None, pushed)) > 1:
            raise TypeError("one source, not several")
        super().__init__()
        try:
            if path is not None:
                self._set("path", os.fsencode(path))
            self._number("descriptor", fd)
            if reader is not None:
                self._held("reader", settings["size"], _callbacks.on_read, held=reader)
            if pushed:
                self._set("pushed")
            self._text("name", settings.get("name"))
            self._text("extension", settings.get("extension"))
            self._text("media_type", settings.get("media_type"))
            self._number("channel", settings.get("channel"))
            self._number("created", settings.get("created"))
            if tag is not None:
                self._set("tag", byte_array(tag), len(tag))
            self._number("again", settings.get("again"))
            self._number("priority", settings.get("priority"))
            self._number("parts", settings.get("parts"))
            self._number("verify", settings.get("verify"))
            if recording is not None:
                self._set("recording", recording.bytes_per_second, recording.held_head)
        except BaseException:
            self.close()
            raise


def described(description: Optional[Description], settings: UploadSettings) -> ContextManager[Description]:
    """A description for a ``with`` block: the one that is given, which stays, or one of its own."""
    if description is None:
        return Description(**settings)
    if settings:
        raise TypeError("a Description, or the settings of one, but not both")
    return contextlib.nullcontext(description)

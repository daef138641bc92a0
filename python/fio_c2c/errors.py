"""Failures of the library as Python exceptions."""

from __future__ import annotations

from typing import Any, Optional

from . import _abi, constants


class FioError(Exception):
    """What went wrong. Contains no secrets: it may be shown and logged.

    ``status`` is a ``FIO_E_…``, ``name`` its name, ``message`` what happened, ``advice`` what a person
    can do. ``retry`` is a ``FIO_RETRY_…``; ``retry_after_ms`` is how long the server asked to wait,
    None if it did not. ``http_status`` and ``curl_code`` are 0 and ``oauth_error`` is None where
    there was nothing of the kind. ``upload_id`` is the upload that is known already where one could not be
    started for that (FIO_E_UPLOAD_EXISTS), otherwise None.
    """

    def __init__(self, status: int, *, name: str, message: str, advice: str = "", retry: int = constants.FIO_RETRY_NEVER,
                 retry_after_ms: Optional[int] = None, http_status: int = 0, curl_code: int = 0,
                 oauth_error: Optional[str] = None, op: int = constants.FIO_OP_NONE, upload_id: Optional[int] = None) -> None:
        super().__init__(status, name, message)
        self.status = status
        self.name = name
        self.message = message
        self.advice = advice
        self.retry = retry
        self.retry_after_ms = retry_after_ms
        self.http_status = http_status
        self.curl_code = curl_code
        self.oauth_error = oauth_error
        self.op = op
        self.upload_id = upload_id

    def __str__(self) -> str:
        http = f", HTTP {self.http_status}" if self.http_status else ""
        return f"{self.name}: {self.message}{http}"

    @classmethod
    def from_struct(cls, raw: Any) -> "FioError":
        """Copies a ``fio_error``."""
        return cls(
            raw.status,
            name=text(raw.name) or "",
            message=text(raw.message) or "",
            advice=text(raw.advice) or "",
            retry=raw.retry,
            retry_after_ms=None if raw.retry_after_ms < 0 else raw.retry_after_ms,
            http_status=raw.http_status,
            curl_code=raw.curl_code,
            oauth_error=text(raw.oauth_error),
            op=raw.op,
        )

    @classmethod
    def from_pointer(cls, pointer: Any) -> Optional["FioError"]:
        """Copies the ``fio_error`` a pointer leads to; None for NULL."""
        return cls.from_struct(pointer.contents) if pointer else None

    @classmethod
    def from_status(cls, status: int) -> "FioError":
        """An error of which only the status is known."""
        library = _abi.load()
        return cls(
            status,
            name=library.fio_status_name(status).decode(),
            message=library.fio_status_message(status).decode(),
            advice=library.fio_status_advice(status).decode(),
        )


class StoreFailure(Exception):
    """Raised by a ``Store`` to report a failure to the library alone.

    The library tells of it in an event and tries again. Every other exception of a store is a failure
    too, but is also raised by the call in which the store was used.
    """


class SourceFailure(Exception):
    """Raised by the reader of an upload to report to the library alone that the bytes cannot be had.

    The upload fails with FIO_E_SOURCE_READ. Every other exception of a reader does that too, but is
    also raised by the call in which the reader was used.
    """


def text(raw: Optional[bytes]) -> Optional[str]:
    """A C string as ``str``; None for NULL."""
    return None if raw is None else raw.decode()

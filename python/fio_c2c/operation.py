"""One started operation."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Callable, Generic, List, Optional, TypeVar

from . import constants
from .errors import FioError
from .results import Code

if TYPE_CHECKING:
    from .client import Client

T = TypeVar("T")


class Operation(Generic[T]):
    """What ``Client.pair`` and the others return. It makes progress while the client is driven."""

    def __init__(self, client: "Client", then: Optional[Callable[["Operation[T]"], None]] = None,
                 show: Optional[Callable[[Code], None]] = None) -> None:
        self.id = 0
        self.is_over = False
        #: Why it failed, None while it runs or if it went well.
        self.error: Optional[FioError] = None
        #: The codes a pairing has shown.
        self.codes: List[Code] = []
        self._result: Optional[T] = None
        self._client = client
        self._then = then
        self._show = show

    def wait(self, timeout: Optional[float] = None) -> T:
        """Drives the client until the operation is over; returns its result or raises its error.

        After ``timeout`` seconds it raises TimeoutError; the operation goes on. An interrupt (Ctrl-C)
        ends the wait too.
        """
        deadline = None if timeout is None else time.monotonic() + timeout
        while not self.is_over:
            left_ms = -1 if deadline is None else int((deadline - time.monotonic()) * 1000) + 1
            if deadline is not None and left_ms <= 0:
                raise TimeoutError(f"operation {self.id} is not over after {timeout} s")
            try:
                self._client.drive(left_ms)
            except FioError as error:
                # A callback freed the client: the operation has had its end all the same.
                if error.status != constants.FIO_E_CLOSED or not self.is_over:
                    raise
        return self.result()

    def result(self) -> T:
        """The result of an operation that is over; raises its error if it failed."""
        if not self.is_over:
            raise RuntimeError("the operation is not over")
        if self.error is not None:
            raise self.error
        return self._result  # type: ignore[return-value]

    def cancel(self) -> None:
        """Asks it to end with FIO_E_CANCELED. Any thread may call this."""
        self._client.cancel(self.id)

    # Called from C, inside drive().

    def completed(self, result: Optional[T], error: Optional[FioError]) -> None:
        """It is over."""
        self._result, self.error, self.is_over = result, error, True
        if self._then is not None:
            self._then(self)

    def code_shown(self, code: Code) -> None:
        """A pairing has a code to show."""
        self.codes.append(code)
        if self._show is not None:
            self._show(code)

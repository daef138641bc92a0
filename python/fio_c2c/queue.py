"""All uploads of a client."""

from __future__ import annotations

import ctypes
from typing import TYPE_CHECKING, Callable, Generic, Iterator, List, Optional, Sequence, Tuple, TypeVar

from . import _abi, _callbacks, constants
from ._handle import byte_array
from .config import string_array
from .errors import FioError
from .results import Totals, UploadInfo

if TYPE_CHECKING:
    from .client import Client

U = TypeVar("U")


class Queue(Generic[U]):
    """``Client.queue``. Iterating gives an upload for each: those that are not over, in the order in
    which they are sent, then those that are, oldest first."""

    def __init__(self, client: "Client", upload: Callable[[int], U]) -> None:
        self._client = client
        self._upload = upload

    def __iter__(self) -> Iterator[U]:
        return iter([self._upload(info.id) for info in self.list()])

    def __len__(self) -> int:
        return len(self.list())

    def list(self) -> List[UploadInfo]:
        """How all of them stand, in that order."""
        shown: List[UploadInfo] = []
        self.show(shown.append)
        return shown

    def show(self, each: Callable[[UploadInfo], None]) -> None:
        """Calls a function for each, which may cancel and remove them meanwhile."""
        key = _callbacks.registry.add(each)
        try:
            self._client.call("fio_queue_list", _callbacks.on_upload, key)
        finally:
            _callbacks.registry.remove(key)

    def find(self, tag: bytes) -> Optional[Tuple[U, int]]:
        """The newest upload of a tag and its ``FIO_UPLOAD_…``; None if it is not known. One that is done or canceled
        may not be in the list any more."""
        id, state = ctypes.c_uint64(), ctypes.c_int32()
        try:
            self._client.call("fio_upload_find", byte_array(tag), len(tag), ctypes.byref(id), ctypes.byref(state))
        except FioError as error:
            if error.status == constants.FIO_E_UNKNOWN_UPLOAD:
                return None
            raise
        return self._upload(id.value), state.value

    def forget_tags(self) -> None:
        """Forgets which tags were sent or canceled: after a card was formatted whose names come again."""
        self._client.call("fio_queue_forget_tags")

    def totals(self) -> Totals:
        """What is left to do."""
        totals = ctypes.POINTER(_abi.TotalsStruct)()
        self._client.call("fio_queue_totals", ctypes.byref(totals))
        return Totals.from_struct(totals.contents)

    def pause(self) -> None:
        """Pauses all of them, also across restarts, until ``resume``."""
        self._client.call("fio_queue_pause")

    def resume(self) -> None:
        """Ends the pause. Those that were paused one by one stay so."""
        self._client.call("fio_queue_resume")

    def cancel_all(self) -> None:
        """Cancels every one that is not over."""
        self._client.call("fio_queue_cancel_all")

    def set_auto_start(self, enabled: bool) -> None:
        """Whether new uploads are sent by themselves, or begin paused. Kept over restarts."""
        self._client.call("fio_queue_set_auto_start", int(enabled))

    def set_bandwidth(self, bytes_per_second: int) -> None:
        """Limits what all of them send together; 0 is no limit. Not kept."""
        self._client.call("fio_queue_set_bandwidth", bytes_per_second)

    def set_interfaces(self, names: Sequence[str]) -> None:
        """Which network interfaces they may use, the preferred first; none named allows all. Not kept."""
        self._client.call("fio_queue_set_interfaces", *string_array(names))

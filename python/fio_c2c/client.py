"""One physical device: its authorization, its operations, its connections."""

from __future__ import annotations

import ctypes
import threading
import warnings
from typing import TYPE_CHECKING, Any, Callable, Optional

from . import _abi, _callbacks, constants
from ._handle import Handle
from .config import Config
from .description import Description, described
from .errors import FioError
from .operation import Operation
from .queue import Queue
from .results import Code, Device
from .upload import Upload

if TYPE_CHECKING:
    from typing_extensions import Unpack

    from .description import UploadSettings
    from .settings import Settings

Then = Optional[Callable[[Operation[Any]], None]]


class Client(Handle):
    """A client of the library; a context manager.

    Give it a ``Config``, or the settings of one as keywords. Operations start at once and are over
    when ``drive`` (or ``Operation.wait``) has brought their end; ``then(operation)`` is called at that
    moment. One thread at a time may use it; ``cancel`` and ``wakeup`` are for any thread.

        with Client(client_id="CAM-1", client_secret=secret, client_version="2.16.4") as client:
            device = client.pair(show=lambda code: print(code.user_code)).wait()
    """

    def __init__(self, config: Optional[Config] = None, **settings: "Unpack[Settings]") -> None:
        self._library = _abi.load()
        # Held while another thread may be using the handle, so that it is not freed under it.
        self._remote = threading.RLock()
        if config is not None:
            if settings:
                raise TypeError("a Config, or the settings of one, but not both")
            self._handle = config.new_client()
        else:
            with Config(**settings) as own:
                self._handle = own.new_client()

    def __del__(self) -> None:
        if self._handle is not None:
            warnings.warn(f"unclosed {self!r}", ResourceWarning, source=self)
        super().__del__()

    def close(self) -> None:
        """Frees the client; operations that still run end with FIO_E_CANCELED. May be called twice, and
        in a callback."""
        with self._remote:
            handle, self._handle = self._handle, None
        if handle is None:
            return
        status = constants.FIO_E_PANIC
        try:
            with _callbacks.collecting():
                status = self._library.fio_client_free(handle)
        finally:
            if status == constants.FIO_E_BUSY:
                self._handle = handle
        if status != constants.FIO_OK:
            raise FioError.from_status(status)

    # Driving

    def drive(self, timeout_ms: int = -1) -> None:
        """Does all work that is due, waiting at most so long for some; negative: until there is some."""
        self.call("fio_drive", timeout_ms)

    def wait(self, op: int) -> None:
        """Drives inside C until the operation with this id is over. Unlike ``Operation.wait`` it cannot
        be interrupted."""
        self.call("fio_wait", op)

    def fd(self) -> int:
        """The descriptor to watch for reading; when it is readable, call ``drive(0)``."""
        return self._value("fio_fd")

    def timeout_ms(self) -> Optional[int]:
        """How long a loop that does not watch ``fd`` may sleep before ``drive``; None: no need at all."""
        wanted = ctypes.c_int64()
        self.call("fio_timeout_ms", ctypes.byref(wanted))
        return None if wanted.value < 0 else wanted.value

    def wakeup(self) -> None:
        """Makes a waiting ``drive`` return, or the next one. Any thread may call this."""
        self._from_any_thread("fio_wakeup")

    def network_changed(self) -> None:
        """Says that the network is another one now, or there again. Any thread may call this."""
        self._from_any_thread("fio_network_changed")

    def cancel(self, op: int) -> None:
        """Asks an operation to end. Any thread may call this."""
        self._from_any_thread("fio_cancel", op)

    # Pairing

    def request_code(self, then: Then = None) -> "Operation[Code]":
        """Asks for a pairing code."""
        return self._start("fio_request_code", _callbacks.on_code, then=then)

    def poll(self, then: Then = None) -> "Operation[None]":
        """Asks the service, at its pace, until the person has decided about the code."""
        return self._start("fio_poll", _callbacks.on_done, then=then)

    def pair(self, show: Callable[[Code], None] = lambda code: None, max_codes: int = 1,
             then: Then = None) -> "Operation[Device]":
        """Does a whole pairing; ``show`` is called for each code."""
        return self._start("fio_pair", max_codes, _callbacks.on_show_code, _callbacks.on_device, then=then, show=show)

    # Authorization

    def refresh(self, then: Then = None) -> "Operation[None]":
        """Renews the tokens now."""
        return self._start("fio_refresh", _callbacks.on_done, then=then)

    def revoke(self, then: Then = None) -> "Operation[None]":
        """Ends the authorization: the tokens on this device are gone when this returns."""
        return self._start("fio_revoke", _callbacks.on_done, then=then)

    def auth_state(self) -> int:
        """A ``FIO_AUTH_…``."""
        return self._value("fio_auth_state")

    def access_token(self) -> str:
        """The access token; a secret."""
        length = ctypes.c_size_t()
        try:
            self.call("fio_access_token", None, 0, ctypes.byref(length))
        except FioError as error:
            if error.status != constants.FIO_E_BUFFER:
                raise
        buffer = ctypes.create_string_buffer(max(length.value, 1))
        self.call("fio_access_token", buffer, length.value, ctypes.byref(length))
        token = buffer.raw[:length.value].decode()
        ctypes.memset(buffer, 0, len(buffer))
        return token

    # Device

    def device_info(self, then: Then = None) -> "Operation[Device]":
        """Fetches device information."""
        return self._start("fio_device_info", _callbacks.on_device, then=then)

    def device_cached(self) -> Optional[Device]:
        """Device information as it was last known, also right after the start and without a network; None if the
        service has not told of the device since it was paired."""
        device = ctypes.POINTER(_abi.DeviceStruct)()
        try:
            self.call("fio_device_cached", ctypes.byref(device))
        except FioError as error:
            if error.status == constants.FIO_E_DEVICE_UNKNOWN:
                return None
            raise
        return Device.from_struct(device.contents)

    def heartbeat(self, then: Then = None) -> "Operation[None]":
        """Tells the service once that the device is there."""
        return self._start("fio_heartbeat", _callbacks.on_done, then=then)

    def set_online(self, online: bool) -> None:
        """Whether the library keeps the device visible as online by heartbeats of its own."""
        self.call("fio_set_online", int(online))

    # Uploads

    @property
    def queue(self) -> Queue[Upload]:
        """All uploads."""
        return Queue(self, lambda id: Upload(self, id))

    def upload(self, description: Optional[Description] = None, **settings: "Unpack[UploadSettings]") -> Upload:
        """Puts an upload into the queue: a ``Description``, or the settings of one as keywords. One whose tag is
        known is refused with FIO_E_UPLOAD_EXISTS, whose ``upload_id`` says which it is."""
        return Upload(self, self.start_upload(description, settings))

    def comment(self, asset_id: str, text: str, frame: Optional[float] = None, then: Then = None) -> "Operation[None]":
        """Makes a comment on an uploaded asset: about a frame, counted from 0, or about the whole."""
        return self._start("fio_comment", asset_id.encode(), text.encode("utf-8", "surrogateescape"),
                           -1.0 if frame is None else frame, _callbacks.on_done, then=then)

    # How C is called

    def start_upload(self, description: Optional[Description], settings: "UploadSettings") -> int:
        """The id of an upload that was put into the queue; ``upload`` calls this."""
        id = ctypes.c_uint64()
        with described(description, settings) as what:
            try:
                self.call("fio_upload_start", what.handle, ctypes.byref(id))
            except FioError as error:
                if error.status == constants.FIO_E_UPLOAD_EXISTS:
                    error.upload_id = id.value
                raise
        return id.value

    def _start(self, function: str, *arguments: Any, then: Then = None,
               show: Optional[Callable[[Code], None]] = None) -> Operation[Any]:
        operation: Operation[Any] = Operation(self, then, show)
        key = _callbacks.registry.add(operation)
        op = ctypes.c_uint64()
        try:
            self.call(function, *arguments, key, ctypes.byref(op))
        finally:
            operation.id = op.value
            # Not started: C will never come back to it.
            if op.value == constants.FIO_OP_NONE:
                _callbacks.registry.remove(key)
        return operation

    def _value(self, function: str, *arguments: Any) -> int:
        """Calls a function that returns a value, or a status if that is negative."""
        handle = self._handle
        if handle is None:
            raise FioError.from_status(constants.FIO_E_CLOSED)
        with _callbacks.collecting():
            value: int = getattr(self._library, function)(handle, *arguments)
        if value < 0:
            raise self._error(handle, value)
        return value

    def call(self, function: str, *arguments: Any) -> None:
        """Calls a function of C that takes this client and returns a status; raises what it reports."""
        self._value(function, *arguments)

    def _from_any_thread(self, function: str, *arguments: Any) -> None:
        with self._remote:
            status = constants.FIO_E_CLOSED
            if self._handle is not None:
                status = getattr(self._library, function)(self._handle, *arguments)
        # Asking for details would enter the client, which is the driving thread's.
        if status != constants.FIO_OK:
            raise FioError.from_status(status)

    def _error(self, handle: int, status: int) -> FioError:
        # The handle is gone, or may go away at any moment: nothing more can be asked of it.
        known = None
        if self._handle == handle and status not in (constants.FIO_E_BUSY, constants.FIO_E_CLOSED):
            known = FioError.from_pointer(self._library.fio_client_error(handle))
        return known if known is not None and known.status == status else FioError.from_status(status)

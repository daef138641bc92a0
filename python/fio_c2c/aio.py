"""The client for asyncio: the loop watches its one descriptor; there is no thread and no polling.

    from fio_c2c.aio import AsyncClient

    async with AsyncClient(client_id="CAM-1", client_secret=secret, client_version="2.16.4") as camera:
        device = await camera.pair(show=lambda code: print("Enter", code.user_code))
        await camera.upload(path="/media/card/B004_C011.mov").wait()
"""

from __future__ import annotations

import asyncio
import contextlib
from types import TracebackType
from typing import TYPE_CHECKING, Any, Awaitable, Callable, Dict, List, Optional, Set, Type, TypeVar
from weakref import WeakSet

from . import constants
from ._handle import byte_array
from ._streams import Events
from .client import Client
from .description import Description
from .errors import FioError
from .operation import Operation
from .queue import Queue
from .results import Code, Device, Event, UploadInfo
from .upload import UploadCalls, delivered

if TYPE_CHECKING:
    from typing_extensions import Unpack

    from .description import UploadSettings
    from .settings import Settings

__all__ = ["AsyncClient", "AsyncUpload", "Events"]

T = TypeVar("T")


class AsyncClient:
    """A device inside an asyncio loop; an asynchronous context manager.

    Takes the settings of a ``Config`` as keywords. Awaiting an operation gives its result or raises its
    ``FioError``; canceling the task that awaits it, or a time-out around it, cancels the operation. What
    ``on_log`` and ``on_event`` raise goes to the loop's exception handler.

    Leaving the block frees the client: what is still awaited ends with FIO_E_CANCELED, uploads go on with
    the next client of the same store. That may hold the loop up for as long as ``fio_client_free`` takes.
    """

    def __init__(self, **settings: "Unpack[Settings]") -> None:
        self._on_event = settings.get("on_event")
        log = settings.get("on_log")
        self._settings = settings
        self._settings["on_event"] = self._heard
        self._settings["on_log"] = None if log is None else self._reporting(log)
        self._client: Optional[Client] = None
        self._fd = -1
        # Why nothing can be done any more, while the block is not left yet.
        self._failure: Optional[FioError] = None
        # Everything somebody awaits; of that, the uploads by id, and the next round of the loop.
        self._promises: Set["asyncio.Future[Any]"] = set()
        self._uploads: Dict[int, Set["asyncio.Future[UploadInfo]"]] = {}
        self._rounds: List["asyncio.Future[None]"] = []
        self._streams: "WeakSet[Events]" = WeakSet()

    async def __aenter__(self) -> "AsyncClient":
        if self._client is not None:
            raise RuntimeError("the client is open already")
        self._loop = asyncio.get_running_loop()
        client = Client(**self._settings)
        try:
            self._fd = client.fd()
            self._loop.add_reader(self._fd, self._drive)
        except BaseException:
            client.close()
            raise
        self._client, self._failure = client, None
        return self

    async def __aexit__(self, kind: Optional[Type[BaseException]], error: Optional[BaseException],
                        trace: Optional[TracebackType]) -> None:
        client, self._client = self._client, None
        if client is None:
            return
        self._loop.remove_reader(self._fd)
        try:
            client.close()
        finally:
            self._end(FioError.from_status(constants.FIO_E_CANCELED), StopAsyncIteration())

    # Pairing and authorization: as the methods of Client.

    async def request_code(self) -> Code:
        """Asks for a pairing code."""
        return await self._over(self._opened().request_code)

    async def poll(self) -> None:
        """Asks the service, at its pace, until the person has decided about the code."""
        await self._over(self._opened().poll)

    async def pair(self, show: Callable[[Code], None] = lambda code: None, max_codes: int = 1) -> Device:
        """Does a whole pairing; ``show`` is called for each code. If it raises, so does this."""
        raised: List[BaseException] = []

        def guarded(code: Code) -> None:
            try:
                show(code)
            except Exception as failure:
                raised.append(failure)
                self._opened().cancel(code.op)

        try:
            return await self._over(self._opened().pair, guarded, max_codes)
        except FioError:
            if raised:
                raise raised[0] from None
            raise

    async def refresh(self) -> None:
        """Renews the tokens now."""
        await self._over(self._opened().refresh)

    async def revoke(self) -> None:
        """Ends the authorization: the tokens on this device are gone at once, whatever the answer is."""
        await self._over(self._opened().revoke)

    def auth_state(self) -> int:
        """A ``FIO_AUTH_…``."""
        return self._opened().auth_state()

    def access_token(self) -> str:
        """The access token; a secret."""
        return self._opened().access_token()

    # Device

    async def device_info(self) -> Device:
        """Fetches device information."""
        return await self._over(self._opened().device_info)

    def device_cached(self) -> Optional[Device]:
        """Device information as it was last known; None if there is none. See ``Client.device_cached``."""
        return self._opened().device_cached()

    async def heartbeat(self) -> None:
        """Tells the service once that the device is there."""
        await self._over(self._opened().heartbeat)

    def set_online(self, online: bool) -> None:
        """Whether the library keeps the device visible as online by heartbeats of its own."""
        self._opened().set_online(online)

    def events(self) -> Events:
        """Everything the library tells from now on, for ``async for``; it ends with the client."""
        self._opened()
        stream = Events()
        self._streams.add(stream)
        return stream

    # Uploads

    @property
    def queue(self) -> "Queue[AsyncUpload]":
        """All uploads."""
        return Queue(self._opened(), self._upload)

    def upload(self, description: Optional[Description] = None, **settings: "Unpack[UploadSettings]") -> "AsyncUpload":
        """Puts an upload into the queue: a ``Description``, or the settings of one as keywords."""
        return self._upload(self._opened().start_upload(description, settings))

    async def comment(self, asset_id: str, text: str, frame: Optional[float] = None) -> None:
        """Makes a comment on an uploaded asset: about a frame, counted from 0, or about the whole."""
        await self._over(self._opened().comment, asset_id, text, frame)

    def wakeup(self) -> None:
        """Makes the loop look after the client: after a clock of your own was moved. Any thread may call
        this."""
        self._opened().wakeup()

    # What the loop does

    def _opened(self) -> Client:
        if self._failure is not None:
            raise self._failure
        if self._client is None:
            raise FioError.from_status(constants.FIO_E_CLOSED)
        return self._client

    def _upload(self, id: int) -> "AsyncUpload":
        return AsyncUpload(self, self._opened(), id)

    def _drive(self) -> None:
        if self._client is None:
            return
        try:
            self._client.drive(0)
        except FioError as failure:
            # It would fail again and again: everybody is told, and the descriptor is left alone.
            self._loop.remove_reader(self._fd)
            self._failure = failure
            self._end(failure, failure)
            return
        except Exception as failure:
            self._report(failure)
        rounds, self._rounds = self._rounds, []
        for promise in rounds:
            _keep(promise, None)

    async def _over(self, start: Callable[..., Operation[T]], *arguments: Any) -> T:
        """Starts an operation and waits for its end; cancels it if the wait is given up."""
        over = self._promise()
        operation = start(*arguments, then=lambda operation: _keep(over, None))
        try:
            await over
        finally:
            if not operation.is_over:
                with contextlib.suppress(FioError):
                    operation.cancel()
                # Its end comes with the next round: now, so that the same one can be started again.
                self._drive()
        return operation.result()

    def _upload_over(self, id: int) -> "Awaitable[UploadInfo]":
        promise = self._promise()
        waiting = self._uploads.setdefault(id, set())
        waiting.add(promise)
        # Waits that were given up are not kept until the upload is over.
        promise.add_done_callback(waiting.discard)
        return promise

    def _driven(self) -> "Awaitable[None]":
        promise = self._promise()
        self._rounds.append(promise)
        return promise

    def _promise(self) -> "asyncio.Future[Any]":
        promise = self._loop.create_future()
        self._promises.add(promise)
        promise.add_done_callback(self._promises.discard)
        return promise

    def _heard(self, event: Event) -> None:
        for stream in list(self._streams):
            stream.put(event)
        if event.kind == constants.FIO_EVENT_UPLOAD and event.upload is not None and event.upload.is_over:
            for promise in self._uploads.pop(event.upload.id, set()):
                _keep(promise, event.upload)
        if self._on_event is not None:
            self._reporting(self._on_event)(event)

    def _end(self, failure: FioError, end: BaseException) -> None:
        for promise in self._promises:
            if not promise.done():
                promise.set_exception(failure)
        self._uploads.clear()
        self._rounds.clear()
        for stream in list(self._streams):
            stream.put(end)

    def _reporting(self, function: Callable[..., None]) -> Callable[..., None]:
        def call(*arguments: Any) -> None:
            try:
                function(*arguments)
            except Exception as failure:
                self._report(failure)

        return call

    def _report(self, failure: Exception) -> None:
        self._loop.call_exception_handler({"message": f"a callback of {self!r} failed", "exception": failure})


class AsyncUpload(UploadCalls):
    """One upload of an ``AsyncClient``, whose ``upload`` and ``queue`` give it."""

    def __init__(self, camera: AsyncClient, client: Client, id: int) -> None:
        super().__init__(client, id)
        self._camera = camera

    async def wait(self) -> UploadInfo:
        """How it stands when it is done; raises the reason if it failed or was skipped, and FIO_E_CANCELED
        if it was canceled. Giving the wait up does not touch the upload."""
        info = self.info()
        return delivered(info if info.is_over else await self._camera._upload_over(self.id))

    async def push(self, offset: int, data: bytes) -> None:
        """Hands over bytes of a pushed recording, as soon as there is room for them."""
        content = byte_array(data)
        while True:
            try:
                return self._push(offset, content)
            except FioError as error:
                if error.status != constants.FIO_E_WOULD_BLOCK:
                    raise
            await self._camera._driven()


def _keep(promise: "asyncio.Future[T]", result: T) -> None:
    if not promise.done():
        promise.set_result(result)

"""Events as an asyncio task takes them."""

from __future__ import annotations

import asyncio
from typing import AsyncIterator, Union

from .results import Event


class Events(AsyncIterator[Event]):
    """``AsyncClient.events``: for ``async for``. Keeps what has not been taken yet, so take it."""

    def __init__(self) -> None:
        self._waiting: "asyncio.Queue[Union[Event, BaseException]]" = asyncio.Queue()

    def put(self, item: Union[Event, BaseException]) -> None:
        """What comes next: an event, or the end."""
        self._waiting.put_nowait(item)

    def __aiter__(self) -> "Events":
        return self

    async def __anext__(self) -> Event:
        item = await self._waiting.get()
        if isinstance(item, BaseException):
            # The end is the end for anybody who asks again.
            self._waiting.put_nowait(item)
            raise item
        return item

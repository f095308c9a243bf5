"""At most so many calls at once, as the endpoint's governor says, and so many a second, as its users do."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from types import TracebackType
from typing import TypeVar

from transfer.bucket import Bucket
from transfer.errors import Throttled
from transfer.governor import Governor
from transfer.layers.layer import Layer, close_pages
from transfer.model import Entry, Page, Span
from transfer.plugin import Prune, Reading, Store

T = TypeVar("T")
Clock = Callable[[], float]
Sleep = Callable[[float], Awaitable[None]]


class Slots:
    """A pool whose size the governor may change at any time. First come, first served."""

    def __init__(self, governor: Governor, clock: Clock, sleep: Sleep, calls: Bucket | None = None) -> None:
        self._governor = governor
        self._calls = calls or Bucket()
        self._clock = clock
        self._sleep = sleep
        self._busy = 0
        self._waiting: deque[asyncio.Future[None]] = deque()

    async def take(self) -> None:
        """Wait for a slot, then for the end of a pause that the provider asked for, and for a turn."""
        if self._waiting or self._busy >= self._governor.limit:
            await self._queue()
        else:
            self._busy += 1
        try:
            while (pause := self._governor.pause(self._clock())) > 0:
                await self._sleep(pause)
            if self._calls.rate is not None:
                await self._calls.spend(1)
        except BaseException:
            self.give_back()
            raise

    def give_back(self) -> None:
        """Leave the slot to the next in line."""
        self._busy -= 1
        self._admit()

    def _admit(self) -> None:
        while self._waiting and self._busy < self._governor.limit:
            first = self._waiting.popleft()
            if not first.done():
                self._busy += 1
                first.set_result(None)

    async def _queue(self) -> None:
        turn = asyncio.get_running_loop().create_future()
        self._waiting.append(turn)
        self._admit()
        try:
            await turn
        except asyncio.CancelledError:
            if not turn.cancelled():
                self.give_back()
            raise

    async def tell(self, call: Callable[[], Awaitable[T]], *, timed: bool = True) -> T:
        """Do ``call`` and let the governor know how it went; unless ``timed``, not how long it took."""
        begun = self._clock()
        try:
            result = await call()
        except Throttled as error:
            self._governor.throttled(self._clock(), error.retry_after)
            raise
        self._governor.succeeded(self._clock() - begun if timed else None)
        return result


class Limit(Layer):
    """Every call holds one slot; a read holds it until it is closed."""

    def __init__(
        self, inner: Store, governor: Governor, clock: Clock, sleep: Sleep, calls: Bucket | None = None
    ) -> None:
        super().__init__(inner)
        self._slots = Slots(governor, clock, sleep, calls)

    async def _call(self, what: str, call: Callable[[], Awaitable[T]], *, timed: bool = True) -> T:
        await self._slots.take()
        try:
            return await self._slots.tell(call, timed=timed)
        finally:
            self._slots.give_back()

    async def list(
        self, prefix: str = "", *, after: str | None = None, resume: str | None = None, prune: Prune | None = None
    ) -> AsyncIterator[Page]:
        """A slot is held while a page is fetched, and not while the caller looks at it.

        Not timed: a page may have been fetched ahead, and the listing's end needs no request.
        """
        pages = self._inner.list(prefix, after=after, resume=resume, prune=prune)
        try:
            while (page := await self._call("list", lambda: anext(pages, None), timed=False)) is not None:
                yield page
        finally:
            await close_pages(pages)

    def read(self, entry: Entry, span: Span | None = None) -> AbstractAsyncContextManager[Reading]:
        return _LimitedRead(self._inner.read(entry, span), self._slots)


class _LimitedRead(AbstractAsyncContextManager[Reading]):
    def __init__(self, inner: AbstractAsyncContextManager[Reading], slots: Slots) -> None:
        self._inner = inner
        self._slots = slots

    async def __aenter__(self) -> Reading:
        await self._slots.take()
        try:
            # What fails later is as often the caller's: only the answer to the request counts.
            return await self._slots.tell(self._inner.__aenter__)
        except BaseException:
            self._slots.give_back()
            raise

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> bool | None:
        try:
            return await self._inner.__aexit__(kind, error, trace)
        finally:
            self._slots.give_back()

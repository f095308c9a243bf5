"""A source to which something happens while it is read."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager

from transfer.layers.layer import Layer
from transfer.model import Entry, Span
from transfer.plugin import Reading, Store

Meddle = Callable[[], Awaitable[None]]


class Meddled(Layer):
    """Something happens to the source when the ``at``-th read of it has been opened, and was not read yet;
    or ``before`` it is opened. Later reads are opened after that.
    """

    def __init__(self, inner: Store, at: int, meddle: Meddle, *, before: bool = False) -> None:
        super().__init__(inner)
        self._left = at
        self._before = before
        self._meddle = meddle
        self._door = asyncio.Lock()

    @asynccontextmanager
    async def read(self, entry: Entry, span: Span | None = None) -> AsyncIterator[Reading]:
        async with AsyncExitStack() as stack:
            async with self._door:
                self._left -= 1
                if self._left == 0 and self._before:
                    await self._meddle()
                reading = await stack.enter_async_context(self._inner.read(entry, span))
                if self._left == 0 and not self._before:
                    await self._meddle()
            yield reading

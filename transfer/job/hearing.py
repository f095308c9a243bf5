"""Word from the source that something has thawed, so that a run that waits looks now and not at its next poll."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from transfer.errors import TransferError
from transfer.event import Listener, Notice
from transfer.plugin import Store
from transfer.tasks import Group

LEAST = 10.0
"""Seconds after a look in which nobody listens, so that what thaws together is looked at together."""
AGAIN = 60.0
"""Seconds after which who could not listen tries again."""
_UNHEARD = "The source can't send word of what has thawed, so it is asked from time to time"


async def sleep(until: asyncio.Event, seconds: float) -> None:
    """Wait for the event. Raises TimeoutError."""
    async with asyncio.timeout(seconds):
        await until.wait()


class Hearing:
    """Listens where a source sends word. That it can't be heard stops nothing, and is told once."""

    def __init__(self, source: Store, listener: Listener) -> None:
        self._source = source
        self._listener = listener
        self._deaf = self._told = False

    @asynccontextmanager
    async def listening(self, woken: Callable[[], None]) -> AsyncIterator[asyncio.Event]:
        """For the length of the block: when word comes, the event is set, and then ``woken`` called."""
        word = asyncio.Event()
        if self._deaf or not self._source.capabilities.tells_thawed:
            yield word
            return
        async with Group() as group:
            task = group.create_task(self._listen(word, woken))
            try:
                yield word
            finally:
                task.cancel()

    async def _listen(self, word: asyncio.Event, woken: Callable[[], None]) -> None:
        await asyncio.sleep(LEAST)
        while not word.is_set():
            try:
                await self._source.thawed()
            except TransferError as error:
                self._tell(error)
                if not error.retryable:
                    self._deaf = True
                    return
                await asyncio.sleep(AGAIN)
            else:
                word.set()
                woken()

    def _tell(self, error: TransferError) -> None:
        if not self._told:
            self._listener(Notice(f"{_UNHEARD}: {error}"))
        self._told = True

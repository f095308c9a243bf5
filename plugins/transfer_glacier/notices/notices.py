"""Waiting until a queue tells that a job of the vault is done."""

from __future__ import annotations

import asyncio

from transfer_glacier import calls
from transfer_glacier.client import Client
from transfer_glacier.notices.message import vault_of
from transfer_glacier.notices.queue import LONGEST, Queue

PAUSE = 2.0
"""Seconds between two requests that brought nothing: others' messages, which stay, must not keep us busy."""
GATHERED = 10.0
"""Seconds for which, after a first message, more of them are taken out."""


class Notices:
    """What a queue is told of one vault; of others it may be told as well."""

    def __init__(self, client: Client, queue: Queue) -> None:
        self._client = client
        self._queue = queue
        self._arn = ""

    async def job_done(self) -> None:
        """Return once it was told of a job that is done, or of several; these messages are gone by then."""
        if not self._arn:
            self._arn = (await calls.describe(self._client)).arn
        while not await self._told(LONGEST):  # noqa: ASYNC110 - it is the queue that waits, and elsewhere
            await asyncio.sleep(PAUSE)
        now = asyncio.get_running_loop().time
        until = now() + GATHERED
        while now() < until and await self._told(1):
            pass

    async def aclose(self) -> None:
        await self._queue.aclose()

    async def _told(self, seconds: int) -> bool:
        """Whether there was a message of the vault. Others are left, and can be received again after a while."""
        messages = await self._queue.receive(seconds)
        ours = [message for message in messages if vault_of(message.body) == self._arn]
        if ours:
            await self._queue.delete(ours)
        return bool(ours)

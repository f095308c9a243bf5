"""Seeing that a store is there, and waiting for one that can't be used before something arrives."""

from __future__ import annotations

import asyncio
from contextlib import suppress

from transfer.errors import Awaited
from transfer.event import Listener, Notice
from transfer.job.hearing import Hearing, sleep
from transfer.plugin import Store

LOOK_EVERY = 300.0
"""Seconds between two looks, where no word comes meanwhile."""


async def checked(store: Store, listener: Listener, *, write: bool, wait: bool) -> None:
    """:meth:`Store.check`; where it raises Awaited and we may ``wait``, again until it does not."""
    told, hearing = False, Hearing(store, listener)
    while True:
        try:
            return await store.check(write=write)
        except Awaited as error:
            if not wait:
                raise
            if not told:
                listener(Notice(f"Waiting: {error}"))
        told = True
        woken = asyncio.Event()
        async with hearing.listening(woken.set):
            with suppress(TimeoutError):
                await sleep(woken, LOOK_EVERY)

"""Keeps a run's limits to their timetable, and to what ``transfer jobs set`` asks for."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

from transfer.checkpoint import mailbox
from transfer.checkpoint.lock import holder
from transfer.controls import Controls, parse_changes
from transfer.errors import Misconfigured
from transfer.event import Listener, Notice

_EVERY = 1.0
"""Seconds."""


@asynccontextmanager
async def following(
    controls: Controls,
    listener: Listener,
    checkpoint: Path | None = None,
    *,
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
) -> AsyncIterator[None]:
    """For the length of the block, which holds the lock of ``checkpoint``. Changes are told to ``listener``."""
    task = asyncio.create_task(_follow(controls, listener, checkpoint, sleep))
    try:
        yield
    finally:
        task.cancel()
        await asyncio.wait([task])
    if not task.cancelled():
        task.result()


async def _follow(
    controls: Controls, listener: Listener, checkpoint: Path | None, sleep: Callable[[float], Awaitable[None]]
) -> None:
    told = str(controls)
    while True:
        await sleep(_EVERY)
        if checkpoint is not None:
            await _take(controls, listener, checkpoint)
        controls.follow()
        if str(controls) != told:
            told = str(controls)
            listener(Notice(f"Limits from now on: {told}."))


async def _take(controls: Controls, listener: Listener, checkpoint: Path) -> None:
    """Do as whoever left words for this run asks, if that can be."""
    words = await asyncio.to_thread(_words, checkpoint)
    if words is None:
        return
    try:
        changes = parse_changes(words)
    except Misconfigured as error:
        listener(Notice(f"'transfer jobs set' asks for what can't be: {error}"))
    else:
        controls.change(changes.bwlimit, changes.tps, changes.transfers)


def _words(checkpoint: Path) -> mailbox.Words | None:
    """What was left for this process, if anything."""
    mine = None if mailbox.taken(checkpoint) else holder(checkpoint)
    return None if mine is None else mailbox.take(checkpoint, mine)

"""What a run takes over from those before it."""

from __future__ import annotations

import time
from dataclasses import dataclass

from transfer.checkpoint import Checkpoint
from transfer.options import Compare, Options

_COPYING = "copying since run"
_UNSETTLED = "unsettled since"


@dataclass(frozen=True, slots=True)
class Memory:
    """``number`` is this run's, ``since`` the first run's of a copy that goes on, ``unfinished`` are
    the keys with an open upload; runs that began from ``unsettled_ns`` on did not complete."""

    number: int = -1
    since: int | None = None
    unfinished: frozenset[str] = frozenset()
    unsettled_ns: int | None = None


async def recollect(checkpoint: Checkpoint, options: Options, *, moves: bool) -> Memory:
    """Begin a run. One that only looks on leaves no trace."""
    number = -1
    unsettled_ns = await _unsettled(checkpoint, moves=moves)
    if moves:
        number = await checkpoint.start_run()
        checkpoint.clear_failures()
    else:
        checkpoint.clear_doomed()
    unfinished = frozenset([upload.key async for upload in checkpoint.open_uploads()])
    return Memory(number, await _since(checkpoint, options, number, moves=moves), unfinished, unsettled_ns)


async def settle(checkpoint: Checkpoint, options: Options) -> None:
    """All went well: the same copy, given again, begins anew."""
    if options.compare is Compare.ALWAYS:
        await checkpoint.remember(_COPYING, "")


async def _unsettled(checkpoint: Checkpoint, *, moves: bool) -> int | None:
    """When the first of the runs began that did not complete; None where the last one did."""
    if checkpoint.resuming:
        noted = await checkpoint.recall(_UNSETTLED)
        return int(noted) if noted else None
    if moves:
        await checkpoint.remember(_UNSETTLED, str(time.time_ns()))
    return None


async def _since(checkpoint: Checkpoint, options: Options, number: int, *, moves: bool) -> int | None:
    if options.compare is not Compare.ALWAYS:
        return None
    noted = await checkpoint.recall(_COPYING)
    if noted:
        return int(noted)
    if moves:
        await checkpoint.remember(_COPYING, str(number))
    return number if moves else None

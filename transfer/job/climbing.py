"""Has a run's lanes find their number by themselves: samples what crossed, and asks the controller."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager

from transfer.budget import Budget
from transfer.controls import Controls
from transfer.descriptors import calls_within_limit
from transfer.goodput import FIRST, MOST, REQUEST, Sample, begin, step
from transfer.governor import Governor
from transfer.lanes import Lanes
from transfer.options import Options
from transfer.plugin import Store

_log = logging.getLogger(__name__)

_INTERVAL = 0.1
"""Seconds between two samples."""
_FAR = 0.03
"""Seconds that a request takes on a path that is long."""


def lanes_of(options: Options, budget: Budget) -> Lanes:
    """The lanes that a run begins with."""
    return Lanes(budget, options.transfers or FIRST)


@asynccontextmanager
async def climbing(
    lanes: Lanes, options: Options, controls: Controls, stores: Collection[Store], governors: Collection[Governor]
) -> AsyncIterator[None]:
    """For the length of the block, ``lanes`` follow the goodput of ``stores``, or the number that controls pin.

    Should that meet a defect, the lanes stay as many as they are, and the log tells.
    """
    task = asyncio.create_task(_climb(lanes, _most(options), controls, stores, governors))
    task.add_done_callback(_tell_defect)
    try:
        yield
    finally:
        task.cancel()
        await asyncio.wait((task,))


def _tell_defect(task: asyncio.Task[None]) -> None:
    if not task.cancelled() and (error := task.exception()) is not None:
        _log.warning("The number of lanes is not followed any more, for a defect", exc_info=error)


def _most(options: Options) -> int:
    return min(options.stores.connections, calls_within_limit(MOST))


async def _climb(
    lanes: Lanes, most: int, controls: Controls, stores: Collection[Store], governors: Collection[Governor]
) -> None:
    state, refused = begin(most), 0
    while True:
        before, refused = refused, sum(governor.refused for governor in governors)
        latency = max((governor.latency or 0.0 for governor in governors), default=0.0)
        moved = _crossed(lanes, stores) + REQUEST * lanes.ended
        sample = Sample(
            time.monotonic(),
            moved,
            lanes.busy,
            throttled=refused > before,
            crowded=lanes.crowded,
            large=lanes.large,
            latency=latency,
        )
        lanes.far = latency > _FAR
        lanes.stragglers.break_off(asyncio.get_running_loop().time(), ending=lanes.spare)
        state = step(state, sample) if controls.transfers is None else begin(most)
        wanted = controls.transfers or state.lanes
        if wanted != lanes.limit:
            lanes.resize(wanted)
        await asyncio.sleep(_INTERVAL)


def _crossed(lanes: Lanes, stores: Collection[Store]) -> int:
    """Bytes that crossed so far, from stores that count them as they do; else those of finished units."""
    counted = [store.traffic for store in stores if store.traffic is not None]
    return sum(each.read + each.written for each in counted) if counted else lanes.carried

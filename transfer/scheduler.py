"""Runs steps: so many at once, to the end, whatever becomes of single ones.

Of the steps that are planned a little ahead, large objects start as soon as there is room for
their parts, and small ones fill the gaps: so no large one is left for the end alone.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable

from transfer.decide import Do, Step
from transfer.event import Outcome
from transfer.lanes import Lanes
from transfer.partition import DEFAULT_PART
from transfer.tasks import Group, closing

_AHEAD = 512
"""Steps that wait, at most."""


class _Queue:
    """Steps of one kind that wait, and the weight of those under way, which ``room`` bounds."""

    __slots__ = ("room", "under_way", "waiting", "weigh")

    def __init__(self, room: Callable[[], int], weigh: Callable[[Step], int]) -> None:
        self.waiting: deque[Step] = deque()
        self.under_way = 0
        self.room = room
        self.weigh = weigh

    def next(self) -> tuple[Step, int] | None:
        """The next step that there is room for, and its weight, which is added to what is under way."""
        if not self.waiting or self.under_way >= self.room():
            return None
        step = self.waiting.popleft()
        weight = self.weigh(step)
        self.under_way += weight
        return step, weight


class Scheduler:
    """``carry_out`` turns a step into its outcome, ``settle`` records it; neither may raise for
    a single object's sake. Once ``stopped`` says so, what is queued is let go.

    As many small objects are under way as there are lanes, so that none has to wait for one; of those
    above ``large`` bytes, as many as have parts for all lanes twice over; and
    ``looks`` that are looked at more closely first.
    """

    def __init__(
        self,
        carry_out: Callable[[Step], Awaitable[Outcome]],
        settle: Callable[[Step, Outcome], Awaitable[None]],
        *,
        lanes: Lanes,
        large: int,
        looks: int,
        stopped: Callable[[], bool],
    ) -> None:
        self._carry_out = carry_out
        self._settle = settle
        self._lanes = lanes
        self._above = large
        self._looks = _Queue(lambda: looks, lambda _: 1)
        self._stopped = stopped
        self._small = _Queue(lambda: lanes.limit, lambda _: 1)
        self._large = _Queue(lambda: 2 * lanes.limit, lambda step: min(lanes.limit, 1 + _size(step) // DEFAULT_PART))
        self._queues = (self._large, self._small, self._looks)
        self._hungry = asyncio.Event()

    async def run(self, steps: AsyncIterator[Step]) -> None:
        """Run all steps; ends when the last has. If ``steps`` raises, those before it still run to their end."""
        broken: Exception | None = None
        self._lanes.watch(self._start)
        try:
            async with Group() as self._group:
                try:
                    await self._feed(steps)
                except Exception as error:
                    broken = error
        finally:
            self._lanes.unwatch(self._start)
        if broken is not None:
            raise broken

    async def _feed(self, steps: AsyncIterator[Step]) -> None:
        async with closing(steps):
            async for step in steps:
                if self._stopped():
                    return
                self._queue_of(step).waiting.append(step)
                self._start()
                if self._waiting >= _AHEAD:
                    self._hungry.clear()
                    await self._hungry.wait()

    @property
    def _waiting(self) -> int:
        return len(self._large.waiting) + len(self._small.waiting) + len(self._looks.waiting)

    def _queue_of(self, step: Step) -> _Queue:
        if step.do is not Do.COPY:
            return self._looks
        return self._large if _size(step) > self._above else self._small

    def _start(self) -> None:
        """Begin whatever there is room for."""
        for queue in self._queues:
            while (found := queue.next()) is not None:
                self._group.create_task(self._work(queue, *found))

    async def _work(self, queue: _Queue, step: Step, weight: int) -> None:
        """Carry out a step, and then another, as long as one waits."""
        try:
            while True:
                if not self._stopped():
                    await self._settle(step, await self._carry_out(step))
                queue.under_way -= weight
                found = queue.next()
                if self._waiting <= _AHEAD // 2:
                    self._hungry.set()
                if found is None:
                    return
                step, weight = found
        except BaseException:
            # The whole run ends: nothing may be begun any more.
            for each in self._queues:
                each.waiting.clear()
            raise


def _size(step: Step) -> int:
    return (step.source.size or 0) if step.source is not None else 0

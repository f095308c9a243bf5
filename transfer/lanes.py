"""Lanes: how many units of work move bytes at once, all objects of a run together.

A unit is a small object, a part of a large one, or a span of a part that is read beside the
others. The number of lanes may change at any time. Nothing here takes time by itself, and
nothing waits with a lane in its hands.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from types import TracebackType

from transfer.budget import Budget
from transfer.stragglers import Stragglers

Helper = Callable[[], bool]
"""Asked whether it has use for a lane that nobody waits for; if so it took it, and gives it back."""


class Line:
    """Those who wait for a lane, in order. Only who stands at the ``door`` waits with its memory taken."""

    __slots__ = ("door", "held", "waiting")

    def __init__(self) -> None:
        self.held = 0
        self.waiting: deque[asyncio.Future[None]] = deque()
        self.door = asyncio.Lock()


class Lanes:
    """Small objects and parts of large ones wait in lines of their own. While both wait, the line that
    holds fewer lanes is served, so that neither keeps the other from moving; helpers get what is left."""

    def __init__(self, budget: Budget, limit: int) -> None:
        self.limit = limit
        self.far = False
        """Whether a request takes so long that it pays to have more of them under way."""
        self.busy = 0
        self.ended = 0
        """Units that were done so far."""
        self.carried = 0
        """Bytes of these."""
        self.stragglers = Stragglers()
        self._budget = budget
        self._small, self._large = Line(), Line()
        self._helpers: deque[Helper] = deque()
        self._watchers: list[Callable[[], None]] = []

    @property
    def memory(self) -> int:
        """Bytes of all buffers that can be had together."""
        return self._budget.total

    @property
    def crowded(self) -> bool:
        """Whether most of the memory is in use."""
        return self._budget.used > self._budget.total // 2

    @property
    def spare(self) -> bool:
        """Whether a quarter of the lanes or more find nothing to do."""
        return 4 * self.busy < 3 * self.limit and not (self._small.waiting or self._large.waiting)

    @property
    def large(self) -> bool:
        """Whether most lanes in use hold parts of large objects."""
        return 2 * self._large.held > self.busy

    def unit(self, size: int, *, large: bool = False) -> Unit:
        """A lane and a buffer of ``size`` bytes, for the length of an ``async with``.

        ``large``: for a part of a large object.         Raises Unsupported for a buffer that could never fit.
        """
        return Unit(self, self._budget, self._large if large else self._small, size)

    def bare(self, *, large: bool = False) -> Lane:
        """A lane without a buffer, for what a provider does by itself."""
        return Lane(self, self._large if large else self._small)

    def resize(self, limit: int) -> None:
        """Have ``limit`` lanes from now on. Those that are too many end as their units do."""
        grown, self.limit = limit > self.limit, limit
        if grown:
            for told in list(self._watchers):
                told()
            self._admit()

    def watch(self, told: Callable[[], None]) -> None:
        """Have ``told`` called whenever there are more lanes."""
        self._watchers.append(told)

    def unwatch(self, told: Callable[[], None]) -> None:
        self._watchers.remove(told)

    def help(self, helper: Helper) -> None:
        """Have ``helper`` asked for as long as it says yes and lanes are spare, in turn with the others.

        A lane that it takes goes back with :meth:`helped`.
        """
        self._helpers.append(helper)
        self._admit()

    def helped(self) -> None:
        """Give back a helper's lane."""
        self.leave(self._large)

    async def enter(self, line: Line) -> None:
        """Wait for a lane; :meth:`leave` gives it back."""
        if self.busy < self.limit:
            self._grant(line)
            return
        turn = asyncio.get_running_loop().create_future()
        line.waiting.append(turn)
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():
                self.leave(line)
            else:
                with suppress(ValueError):
                    line.waiting.remove(turn)
            raise

    def _grant(self, line: Line) -> None:
        self.busy += 1
        line.held += 1

    def leave(self, line: Line) -> None:
        """Leave the lane to whoever is next."""
        self.busy -= 1
        line.held -= 1
        self._admit()

    def _admit(self) -> None:
        while self.busy < self.limit and (line := self._next()) is not None:
            turn = line.waiting.popleft()
            if not turn.done():
                self._grant(line)
                turn.set_result(None)
        while self.busy < self.limit and self._helpers:
            helper = self._helpers.popleft()
            if helper():
                self._grant(self._large)
                self._helpers.append(helper)

    def _next(self) -> Line | None:
        small, large = self._small, self._large
        if not (small.waiting and large.waiting):
            return small if small.waiting else large if large.waiting else None
        return large if large.held <= small.held else small


class Lane:
    """One lane for the length of an ``async with``."""

    __slots__ = ("_lanes", "_line")

    def __init__(self, lanes: Lanes, line: Line) -> None:
        self._lanes = lanes
        self._line = line

    async def __aenter__(self) -> None:
        await self._lanes.enter(self._line)

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._lanes.ended += kind is None
        self._lanes.leave(self._line)


class Unit:
    """One lane and one buffer for the length of an ``async with``."""

    __slots__ = ("_budget", "_lanes", "_line", "_size", "_view")

    def __init__(self, lanes: Lanes, budget: Budget, line: Line, size: int) -> None:
        self._lanes = lanes
        self._budget = budget
        self._line = line
        self._size = size

    async def __aenter__(self) -> memoryview:
        async with self._line.door:
            self._view = await self._budget.take(self._size)
            try:
                await self._lanes.enter(self._line)
            except BaseException:
                self._budget.give_back(self._view, again=True)
                raise
        return self._view

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is None:
            self._lanes.ended += 1
            self._lanes.carried += self._size
        self._budget.give_back(self._view, again=kind is None)
        self._lanes.leave(self._line)

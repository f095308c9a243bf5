"""A token bucket: what flows through it is held to a rate, whoever and however many send it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress

_CATCH_UP = 0.1
"""Seconds whose flow may be made up for: event loops wake late, and idle time is not saved up."""
_GRAIN = 0.001
"""Seconds; timers of event loops know no shorter ones."""
_FLOWS = 2
"""At once, as long as they use up the rate."""
_LOOK = 0.01
"""Seconds between looks whether they do."""


class Bucket:
    """At most ``rate`` units (bytes, or calls) a second on average; None: no limit.

    First come, first served, so those who send in pieces share it evenly. Use it in one event loop.
    """

    def __init__(self, rate: float | None = None, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._rate = rate
        self._clock = clock
        self._free_at = clock()
        """When all that was let through will have had its time."""
        self._turn = asyncio.Lock()
        self._door = asyncio.Lock()
        self._flows = 0
        self._changed = asyncio.Event()

    @property
    def rate(self) -> float | None:
        return self._rate

    def change(self, rate: float | None) -> None:
        """Hold to another rate from now on, those who wait already included."""
        if rate == self._rate:
            return
        self._free_at = self._clock() + self._debt_at(rate)
        self._rate = rate
        self._changed.set()
        self._changed.clear()

    async def spend(self, units: float) -> None:
        """Wait until ``units`` more may pass."""
        if self._rate is None:
            return
        async with self._turn:
            while (wait := self._wait()) > _GRAIN:
                await self._sleep(wait)
            self.charge(units)

    @asynccontextmanager
    async def flow(self) -> AsyncIterator[None]:
        """For the length of the block, a flow of many pieces, begun when there is room beside those that go on.

        If all went on together they would all end together: nothing would be passed on until then, and at
        a low rate each would be silent for so long that servers give it up.
        """
        async with self._door:
            while self._flows >= _FLOWS and self._used_up():
                await self._sleep(max(self._wait(), _LOOK))
            self._flows += 1
        try:
            yield
        finally:
            self._flows -= 1

    def charge(self, units: float) -> None:
        """``units`` pass now, and who comes next waits for them."""
        if self._rate is not None:
            self._free_at = max(self._free_at, self._clock() - _CATCH_UP) + units / self._rate

    def _debt_at(self, rate: float | None) -> float:
        """Seconds for which what was let through holds up others at another rate: no longer than it would have."""
        if rate is None or self._rate is None:
            return 0.0
        return max(0.0, self._wait()) * min(1.0, self._rate / rate)

    def _used_up(self) -> bool:
        """Whether somebody waits, or would have to."""
        return self._rate is not None and (self._turn.locked() or self._wait() > _GRAIN)

    def _wait(self) -> float:
        return 0.0 if self._rate is None else self._free_at - self._clock()

    async def _sleep(self, seconds: float) -> None:
        """For so long, or until the rate is changed."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._changed.wait()

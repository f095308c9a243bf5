"""Many small calls on one thread, while the disk is quick; one each on many, while it is slow.

A system call on a small file takes a microsecond or two. Made from many threads at once it
costs many times that, as each thread gives the interpreter away around it and must get it
back, and handing one call to a thread costs more than the call. A slow disk, or one behind
a network, wants the opposite: as many calls at once as it can serve.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Callable, Generator
from contextlib import suppress
from typing import Any, Generic, TypeVar

from transfer_local.threads import Stop, Threads

T = TypeVar("T")

Phases = Generator[None, None, T]
"""Work that is done in phases; several such works go through each phase together."""

THREADS = 32
_LARGEST = 32
"""Calls in one batch."""
_LONGEST = 0.03
"""Seconds that a batch should take at most."""
_PER_THREAD = 0.001
"""For each so many seconds that a call takes, one more thread."""
_FEWEST = 1
"""A second thread on a quick disk only takes the interpreter away from the first."""
_WEIGHT = 0.2
"""Of the latest batch in the running average."""


class _Call(Generic[T]):
    """A call that somebody waits for. ``ended`` is there once its caller was cancelled."""

    __slots__ = ("ended", "error", "future", "phases", "result", "taken", "told", "work")

    def __init__(self, work: Callable[[], T] | Callable[[], Phases[T]], future: asyncio.Future[T]) -> None:
        self.work = work
        self.future = future
        self.taken = False
        self.told = False
        self.ended: asyncio.Future[None] | None = None
        self.phases: Phases[T] | None = None
        self.result: T | None = None
        self.error: BaseException | None = None

    def begin(self) -> bool:
        """Do the work, or its first phase; tells whether there are more."""
        try:
            result = self.work()
        except BaseException as error:
            self.error = error
            return False
        if isinstance(result, Generator):
            self.phases = result
            return self.go_on()
        self.result = result
        return False

    def go_on(self) -> bool:
        """Do the next phase; tells whether there are more."""
        assert self.phases is not None
        try:
            next(self.phases)
        except StopIteration as end:
            self.result = end.value
            return False
        except BaseException as error:
            self.error = error
            return False
        return True

    def tell(self) -> None:
        """Give the caller what it waits for."""
        self.told = True
        if self.ended is not None and not self.ended.done():
            self.ended.set_result(None)
        if self.future.done():
            return
        if self.error is not None:
            self.future.set_exception(self.error)
        else:
            self.future.set_result(self.result)  # type: ignore[arg-type]


class Batches:
    """Calls of one kind, so that they take similar time."""

    def __init__(self, threads: Threads) -> None:
        self._threads = threads
        self._waiting: deque[_Call[Any]] = deque()
        self._busy = 0
        self._seconds = 0.0

    async def run(self, stop: Stop, work: Callable[[], T]) -> T:
        """Do ``work``; ``stop`` is set when the caller is cancelled. Returns only when it has ended."""
        return await self._run(stop, work)

    async def run_phases(self, stop: Stop, work: Callable[[], Phases[T]]) -> T:
        """The same for work in phases."""
        return await self._run(stop, work)

    async def _run(self, stop: Stop, work: Callable[[], T] | Callable[[], Phases[T]]) -> T:
        loop = asyncio.get_running_loop()
        call: _Call[T] = _Call(work, loop.create_future())
        self._waiting.append(call)
        self._feed()
        try:
            return await call.future
        except asyncio.CancelledError:
            stop.wanted = True
            if call.told:
                raise
            if not call.taken:
                self._waiting.remove(call)
            elif not call.told:
                call.ended = loop.create_future()
                await _end_of(call.ended)
            raise

    def _feed(self) -> None:
        """Hand out what waits to as many threads as are worth it."""
        threads = min(THREADS, max(_FEWEST, int(self._seconds / _PER_THREAD)))
        most = min(_LARGEST, max(1, int(_LONGEST / self._seconds))) if self._seconds else _LARGEST
        while self._waiting and self._busy < threads:
            batch = [self._waiting.popleft() for _ in range(min(most, len(self._waiting)))]
            for call in batch:
                call.taken = True
            self._busy += 1
            self._threads.start(self._work, batch, asyncio.get_running_loop())

    def _work(self, batch: list[_Call[Any]], loop: asyncio.AbstractEventLoop) -> None:
        begun = time.perf_counter()
        going = [call for call in batch if call.begin()]
        while going:
            going = [call for call in going if call.go_on()]
        loop.call_soon_threadsafe(self._done, batch, time.perf_counter() - begun)

    def _done(self, batch: list[_Call[Any]], seconds: float) -> None:
        self._busy -= 1
        self._seconds += _WEIGHT * (seconds / len(batch) - self._seconds)
        for call in batch:
            call.tell()
        self._feed()


async def _end_of(ended: asyncio.Future[None]) -> None:
    while not ended.done():
        # Another cancellation changes nothing: the caller is about to raise the first.
        with suppress(asyncio.CancelledError):
            await asyncio.wait((ended,))


def finish(work: Phases[T]) -> T:
    """All phases, one after the other."""
    try:
        while True:
            next(work)
    except StopIteration as end:
        result: T = end.value
        return result

"""Reads that are far slower than their like are broken off, and begun again over another connection."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from tests.core.rig import memory
from transfer.layers.layer import Layer
from transfer.model import Body, Entry, Metadata, Span
from transfer.pipeline.fetch import fetch
from transfer.plugin import Reading, Store
from transfer.stragglers import Stragglers

_SIZE = 1000


async def _usual(stragglers: Stragglers, seconds: float, count: int) -> None:
    """Reads that take ``seconds`` each."""
    for _ in range(count):
        async with asyncio.timeout(None) as limit:
            with stragglers.watched(limit, _SIZE):
                await asyncio.sleep(seconds)


async def _broken_off(stragglers: Stragglers, after: float, *, ending: bool) -> bool:
    """Whether a read is broken off that is looked at when it has taken ``after`` seconds."""
    try:
        async with asyncio.timeout(None) as limit:
            with stragglers.watched(limit, _SIZE):
                stragglers.break_off(asyncio.get_running_loop().time() + after, ending=ending)
                await asyncio.sleep(0.01)
    except TimeoutError:
        return True
    return False


async def test_what_takes_several_times_as_long_is_broken_off() -> None:
    """The usual time counts, and a shortest one; less patience is had when nothing else is left to do."""
    stragglers = Stragglers()
    await _usual(stragglers, 0.001, 16)
    assert not await _broken_off(stragglers, 1.9, ending=False)
    assert await _broken_off(stragglers, 2.1, ending=False)
    assert not await _broken_off(stragglers, 0.9, ending=True)
    assert await _broken_off(stragglers, 1.1, ending=True)


async def test_nothing_is_broken_off_before_it_is_known_what_is_usual() -> None:
    """A path may be slow."""
    stragglers = Stragglers()
    await _usual(stragglers, 0.0, 15)
    assert not await _broken_off(stragglers, 1000.0, ending=True)


async def test_where_all_become_slow_that_is_soon_the_usual_pace() -> None:
    """Else a path that slows down as a whole would never get anything done."""
    stragglers = Stragglers()
    await _usual(stragglers, 0.0, 64)
    broken = [await _broken_off(stragglers, 10.0, ending=False) for _ in range(64)]
    assert broken[0]
    assert not broken[-1]


class _SlowAtFirst(Layer):
    """The first ``slow`` reads hang until they are broken off."""

    def __init__(self, store: Store, slow: int) -> None:
        super().__init__(store)
        self.slow = slow
        self.reads = 0

    @asynccontextmanager
    async def read(self, entry: Entry, span: Span | None = None) -> AsyncIterator[Reading]:
        self.reads += 1
        async with self._inner.read(entry, span) as reading:
            yield _Hanging(reading) if self.reads <= self.slow else reading


class _Hanging:
    def __init__(self, reading: Reading) -> None:
        self.entry = reading.entry
        self.size = reading.size

    async def readinto(self, view: memoryview) -> int:
        view[:1] = b"?"
        await asyncio.sleep(0.1)
        return len(view)


async def test_a_broken_read_is_done_again_and_has_all_the_time_in_the_end() -> None:
    """Three times it is begun anew; the fourth read is left alone, however slow."""
    inner = memory()
    entry = (await inner.put("k", Body(b"a" * _SIZE), Metadata())).entry
    for slow, reads in ((1, 2), (9, 4)):
        stragglers, store = Stragglers(), _SlowAtFirst(inner, slow)
        await _usual(stragglers, 0.0, 64)
        view = memoryview(bytearray(_SIZE))
        task = asyncio.create_task(fetch(store, entry, None, view, lambda _: None, stragglers))
        while not task.done():
            stragglers.break_off(asyncio.get_running_loop().time() + 10, ending=True)
            await asyncio.sleep(0.005)
        await task
        assert store.reads == reads
        if slow == 1:
            assert bytes(view) == b"a" * _SIZE

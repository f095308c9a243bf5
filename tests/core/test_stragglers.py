"""Reads that are far slower than their like are broken off, and begun again over another connection."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import transfer
from tests.core.rig import MIB, Watched, contents, fill, memory, pattern, quick
from transfer.budget import Budget
from transfer.lanes import Lanes
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
    def __init__(self, reading: Reading, seconds: float = 0.1) -> None:
        self.entry = reading.entry
        self.size = reading.size
        self._seconds = seconds

    async def readinto(self, view: memoryview) -> int:
        view[:1] = b"?"
        await asyncio.sleep(self._seconds)
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


async def test_lanes_are_spare_when_a_quarter_finds_nothing_to_do() -> None:
    """Nobody waits then, and few are busy."""
    lanes = Lanes(Budget(MIB), 4)
    held = [lanes.bare(large=True) for _ in range(4)]
    for lane in held[:2]:
        await lane.__aenter__()
    assert lanes.spare
    await held[2].__aenter__()
    assert not lanes.spare


async def test_one_hanging_span_of_a_far_object_holds_up_nothing() -> None:
    """The run itself looks for such reads, in the spans of parts."""
    source, target = Watched(memory()), memory()
    await fill(source, {"k": pattern(24 * MIB)})
    hanging = asyncio.Event()

    class Far(Layer):
        """The last span hangs once."""

        @asynccontextmanager
        async def read(self, entry: Entry, span: Span | None = None) -> AsyncIterator[Reading]:
            async with self._inner.read(entry, span) as reading:
                last = span is not None and span.offset + span.size == entry.size
                if last and not hanging.is_set():
                    hanging.set()
                    yield _Hanging(reading, seconds=60)
                else:
                    yield reading

    # So many lanes for so little memory: parts are read in spans.
    options = quick(transfers=64, memory=16 * MIB)
    async with asyncio.timeout(20):
        assert (await transfer.sync(Far(source), target, options)).ok
    assert hanging.is_set()
    assert contents(target) == contents(source)

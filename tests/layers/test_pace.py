"""The limit on bytes, around a store: in slices, and never where there is none."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest

from tests.core.rig import memory
from tests.virtual_time import clock, run_virtually
from transfer.bucket import Bucket
from transfer.layers.layer import Layer
from transfer.layers.pace import Pace
from transfer.model import Body, Entry, Metadata, Part, Receipt, Span, Stored, Upload
from transfer.plugin import Reading, Store

KIB = 1024
PLAIN = Metadata()


class Piecemeal(Layer):
    """Sends bit by bit, and notes the bits, or else the size of what came unpaced."""

    paces = True

    def __init__(self, inner: Store) -> None:
        super().__init__(inner)
        self.bits: list[int] = []

    async def put(
        self, key: str, body: Body, metadata: Metadata, *, if_absent: bool = False, read_back: bool = False
    ) -> Stored:
        await self._send(body)
        return await super().put(key, replace(body, pace=None), metadata, if_absent=if_absent)

    async def put_part(self, upload: Upload, part: Part, body: Body) -> Receipt:
        await self._send(body)
        return await super().put_part(upload, part, replace(body, pace=None))

    async def _send(self, body: Body) -> None:
        sent = 0
        while sent < body.size:
            self.bits.append(body.size - sent if body.pace is None else await body.pace(body.size - sent))
            sent += self.bits[-1]


async def parts_of(store: Store, size: int, number: int) -> Upload:
    """Send so many parts at once."""
    upload = await store.begin("big", PLAIN, size=size * number, part_size=size)
    parts = [Part(each + 1, each * size, size) for each in range(number)]
    await asyncio.gather(*(store.put_part(upload, part, Body(bytes(size))) for part in parts))
    return upload


def test_what_is_sent_goes_in_slices() -> None:
    """A store that sends bit by bit sends no faster, and no more at once than a twentieth of a second's."""

    async def work() -> tuple[float, list[int]]:
        inner = Piecemeal(memory())
        store = Pace(inner, written=Bucket(100 * KIB, clock=clock))
        await store.put("k", Body(bytes(100 * KIB)), PLAIN)
        await parts_of(store, 50 * KIB, 4)
        return clock(), inner.bits

    seconds, bits = run_virtually(work())
    assert seconds == pytest.approx(3.0, rel=0.05)
    assert (max(bits), sum(bits)) == (5 * KIB, 300 * KIB)


def test_what_can_not_be_paced_waits_ahead() -> None:
    """A store that sends all at once is called when there is room for all of it."""

    async def work() -> float:
        store = Pace(memory(), written=Bucket(100 * KIB, clock=clock))
        for number in range(4):
            await store.put(f"k{number}", Body(bytes(100 * KIB)), PLAIN)
        return clock()

    assert run_virtually(work()) == pytest.approx(3.0, rel=0.05)


def test_reads_go_in_slices() -> None:
    """Of the same size for all, so that they end together; and their bytes are the right ones."""

    async def work() -> tuple[Mapping[str, float], bytes]:
        store, ended = memory(), dict[str, float]()
        data = bytes(range(256)) * 400
        for key in "ab":
            await store.put(key, Body(data), PLAIN)
        paced = Pace(store, read=Bucket(100 * KIB, clock=clock))

        async def read(key: str) -> bytes:
            view = memoryview(bytearray(len(data) + 7))
            async with paced.read(Entry(key)) as reading:
                assert (reading.entry.key, reading.size) == (key, len(data))
                assert await reading.readinto(view) == len(data)
            ended[key] = clock()
            return bytes(view[: len(data)])

        one, other = await asyncio.gather(read("a"), read("b"))
        assert one == other == data
        async with paced.read(Entry("a"), Span(1, 3)) as reading:
            view = memoryview(bytearray(3))
            assert await reading.readinto(view) == 3
        return ended, bytes(view)

    ended, three = run_virtually(work())
    assert three == b"\1\2\3"
    assert list(ended.values()) == pytest.approx([2.0, 2.0], rel=0.05)


def test_what_is_read_is_passed_on_early() -> None:
    """Eight that each read and then write come near the limit: they are not all reading, then all writing."""

    async def work() -> float:
        source, size = memory(), 200 * KIB
        for number in range(32):
            await source.put(f"{number}", Body(bytes(size)), PLAIN)
        paced = Pace(source, read=Bucket(100 * KIB, clock=clock))
        target = Pace(Piecemeal(memory()), written=Bucket(100 * KIB, clock=clock))
        numbers = iter(range(32))

        async def lane() -> None:
            for number in numbers:
                view = memoryview(bytearray(size))
                async with paced.read(Entry(f"{number}", size=size)) as reading:
                    await reading.readinto(view)
                await target.put(f"{number}", Body(view), PLAIN)

        await asyncio.gather(*(lane() for _ in range(8)))
        return clock()

    assert 64 * 0.95 < run_virtually(work()) < 64 * 1.1


class Slow(Layer):
    """Reads at 10 KiB/s, as one connection over a long way does."""

    @asynccontextmanager
    async def read(self, entry: Entry, span: Span | None = None) -> AsyncIterator[Reading]:
        async with super().read(entry, span) as reading:
            yield SlowReading(reading)


class SlowReading:
    size = None

    def __init__(self, inner: Reading) -> None:
        self.entry = inner.entry
        self._inner = inner

    async def readinto(self, view: memoryview) -> int:
        await asyncio.sleep(len(view) / (10 * KIB))
        return await self._inner.readinto(view)


def test_slow_connections_fill_the_limit_together() -> None:
    """As many go on as it takes."""

    async def work() -> float:
        store = memory()
        await store.put("k", Body(bytes(100 * KIB)), PLAIN)
        paced = Pace(Slow(store), read=Bucket(100 * KIB, clock=clock))

        async def read() -> None:
            async with paced.read(Entry("k", size=100 * KIB)) as reading:
                await reading.readinto(memoryview(bytearray(100 * KIB)))

        await asyncio.gather(*(read() for _ in range(40)))
        return clock()

    assert run_virtually(work()) == pytest.approx(40, rel=0.3)


def test_a_limit_that_is_lifted_lets_a_read_go() -> None:
    """Also one that is under way."""

    async def work() -> float:
        store, bucket = memory(), Bucket(KIB, clock=clock)
        await store.put("k", Body(bytes(1000 * KIB)), PLAIN)
        asyncio.get_running_loop().call_later(10, bucket.change, None)
        async with Pace(store, read=bucket).read(Entry("k")) as reading:
            assert await reading.readinto(memoryview(bytearray(1000 * KIB))) == 1000 * KIB
        return clock()

    assert run_virtually(work()) == pytest.approx(10.0, abs=0.1)


async def test_without_a_limit_nothing_is_touched() -> None:
    """Bodies are sent as they are, and reads are the store's own."""
    inner = Piecemeal(memory())
    store = Pace(inner, read=Bucket(), written=Bucket())
    await store.put("k", Body(bytes(10**6)), PLAIN)
    assert inner.bits == [10**6]
    async with store.read(Entry("k")) as reading, inner.read(Entry("k")) as plain:
        assert type(reading) is type(plain)

"""Whole objects: written, read, in ranges, deleted; nothing half-made is ever seen."""

from __future__ import annotations

import asyncio
import itertools
from contextlib import suppress

from transfer.errors import NotFound, TransferError
from transfer.model import Body, Entry, Metadata, Span
from transfer.plugin import Store
from transfer.testing.checks.harness import (
    PLAIN,
    Stores,
    check,
    checksums,
    exists,
    fetch,
    keys,
    listing,
    noise,
    put,
    put_patiently,
    refused,
)


@check()
async def check_round_trip(stores: Stores) -> None:
    """What was put is read again, byte for byte."""
    store = await stores()
    for size in (1, 1000, 300_000):
        stored = await put(store, f"of {size}", noise(size))
        assert stored.entry.size == size, f"put says {stored.entry.size} bytes of {size}"
        assert await fetch(store, stored.entry) == noise(size), f"other bytes came back, of {size}"
        assert await fetch(store, Entry(f"of {size}")) == noise(size), "a bare key must do for reading"


@check()
async def check_empty_object(stores: Stores) -> None:
    """An object without bytes is an object like any other."""
    store = await stores()
    stored = await put(store, "empty", b"")
    assert stored.entry.size == 0
    assert (await store.stat("empty")).size == 0
    assert await fetch(store, await store.stat("empty")) == b""
    assert await keys(store) == ["empty"]


@check()
async def check_overwrite(stores: Stores) -> None:
    """A second put replaces the first."""
    store = await stores()
    await put(store, "k", noise(2000))
    await put(store, "k", noise(10, seed=1))
    assert await fetch(store, await store.stat("k")) == noise(10, seed=1)
    assert [entry.size for entry in await listing(store)] == [10]


@check()
async def check_body_stays_the_callers(stores: Stores) -> None:
    """A body can be put twice, and its buffer filled anew after put has returned."""
    store = await stores()
    buffer = bytearray(noise(300_000))
    body = Body(memoryview(buffer), checksums(store, noise(300_000)))
    await store.put("one", body, PLAIN)
    await store.put("two", body, PLAIN)
    buffer[:] = bytes(len(buffer))
    for key in ("one", "two"):
        # Compared first: where the assertion fails, nobody wants to read a difference of so many bytes.
        unchanged = await fetch(store, Entry(key)) == noise(300_000)
        assert unchanged, f"'{key}' changed with the caller's buffer"


@check()
async def check_ranges(stores: Stores) -> None:
    """A span gives its bytes and no others; what reaches beyond the end gives what is there, or is refused."""
    store = await stores()
    data = noise(1000)
    entry = (await put(store, "k", data)).entry
    for offset, size in ((0, 1), (999, 1), (0, 1000), (500, 500), (1, 998)):
        got = await fetch(store, entry, Span(offset, size))
        assert got == data[offset : offset + size], f"bytes {offset}+{size} are not what was put"
    for offset, size in ((400, 5000), (1000, 10), (2000, 10)):
        with suppress(TransferError):
            got = await fetch(store, entry, Span(offset, size))
            assert got == data[offset:], f"bytes {offset}+{size}, beyond the end, are not what was put"


@check()
async def check_reading_tells(stores: Stores) -> None:
    """A reading tells of the whole object, also for a span, and how many bytes it will give."""
    store = await stores()
    await put(store, "k", noise(1000))
    known = await store.stat("k")
    for span, size in ((None, 1000), (Span(100, 50), 50)):
        async with store.read(Entry("k"), span) as reading:
            assert reading.entry.key == "k"
            assert reading.entry.size == 1000, f"the object has 1000 bytes, not {reading.entry.size}"
            assert reading.entry.etag == known.etag
            assert reading.size in (None, size), f"announced {reading.size} bytes of {size}"


@check()
async def check_readinto_fills(stores: Stores) -> None:
    """Every view is filled to its end until the bytes are out, then comes nothing."""
    store = await stores()
    data = noise(200_000)
    entry = (await put(store, "k", data)).entry
    view = memoryview(bytearray(70_000))
    counts = []
    async with store.read(entry) as reading:
        for offset in itertools.count(0, 70_000):
            count = await reading.readinto(view)
            counts.append(count)
            assert view[:count] == data[offset : offset + count]
            if not count:
                break
    assert counts == [70_000, 70_000, 60_000, 0], f"views of 70000 were filled with {counts}"


@check()
async def check_reading_left_early(stores: Stores) -> None:
    """A reading may be left before its end, and the store goes on working."""
    store = await stores()
    entry = (await put(store, "k", noise(500_000))).entry
    for _ in range(3):
        async with store.read(entry) as reading:
            await reading.readinto(memoryview(bytearray(10)))
    assert await fetch(store, entry) == noise(500_000)


@check()
async def check_missing(stores: Stores) -> None:
    """What is not there is NotFound."""
    store = await stores()
    await put(store, "here", b"1")
    for key in ("gone", "gone/deeper", "her", "here2"):
        async with refused(NotFound):
            await store.stat(key)
        async with refused(NotFound):
            await fetch(store, Entry(key))


@check()
async def check_delete(stores: Stores) -> None:
    """Deleted objects are gone, others stay, and a key that is not there counts as deleted."""
    store = await stores()
    for key in ("a", "b", "c/d"):
        await put(store, key, b"1")
    doomed, size = ["a", "never was", "c/d"], store.limits.delete_batch
    for start in range(0, len(doomed), size):
        failed = await store.delete(doomed[start : start + size])
        assert not failed, f"not deleted: {dict(failed)}"
    assert await keys(store) == ["b"]
    assert not await exists(store, "a")


@check()
async def check_at_once(stores: Stores) -> None:
    """Many calls at once do not get in each other's way."""
    store = await stores()

    async def one(number: int) -> None:
        data = noise(1000 + number, seed=number)
        entry = (await put_patiently(store, f"f{number % 3}/{number}", data)).entry
        assert await fetch(store, entry) == data, f"object {number} came back as another"

    async with asyncio.TaskGroup() as group:
        for number in range(24):
            group.create_task(one(number))
    assert len(await keys(store)) == 24


@check()
async def check_paced(stores: Stores) -> None:
    """A store that says it is paced asks for every byte ahead of sending it, and takes a turn for each request."""
    store = await stores()
    allowed: list[int] = []
    turns: list[None] = []

    async def pace(most: int) -> int:
        allowed.append(min(most, 100_000))
        return allowed[-1]

    async def turn() -> None:
        turns.append(None)

    if store.traffic is not None:
        store.traffic.turn = turn
    body = Body(noise(300_000), checksums(store, noise(300_000)), pace)
    stored = await store.put("k", body, PLAIN)
    assert await fetch(store, stored.entry) == noise(300_000), "other bytes came back than were sent bit by bit"
    assert sum(allowed) >= 300_000 or not store.paces, f"asked to send only {sum(allowed)} of 300000 bytes"
    assert len(turns) >= 2 or store.traffic is None, f"took {len(turns)} turns for a put and a read"


@check()
async def check_visible_whole(stores: Stores) -> None:
    """While an object is being put, it is there whole or not at all."""
    store = await stores()
    watcher = await stores()
    writing = asyncio.create_task(put(store, "big", noise(4_000_000)))
    while not writing.done():
        await _whole_or_absent(watcher, 4_000_000)
        await asyncio.sleep(0.005)
    await writing
    await _whole_or_absent(watcher, 4_000_000)


@check()
async def check_cancelled_put(stores: Stores) -> None:
    """A put that is cancelled leaves nothing half-made, at whatever moment."""
    store = await stores()
    for wait in (0.0, 0.001, 0.003, 0.01, 0.1):
        writing = asyncio.create_task(put(store, "big", noise(4_000_000)))
        await asyncio.sleep(wait)
        writing.cancel()
        await asyncio.gather(writing, return_exceptions=True)
        await _whole_or_absent(store, 4_000_000)
    await put(store, "after", b"1")
    assert await exists(store, "after")


async def _whole_or_absent(store: Store, size: int) -> None:
    sizes = {entry.size for entry in await listing(store) if entry.key == "big"}
    assert sizes <= {size}, f"a half-made object is visible, of {sizes} bytes"
    if await exists(store, "big"):
        found = await store.stat("big")
        assert found.size == size, f"a half-made object is visible, of {found.size} bytes"


@check()
async def check_closed(stores: Stores) -> None:
    """A store can be closed twice, and what it wrote stays."""
    store = await stores()
    await put(store, "k", b"1", Metadata())
    await store.aclose()
    await store.aclose()
    assert await exists(await stores(), "k")

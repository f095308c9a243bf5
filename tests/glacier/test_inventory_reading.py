"""Inventories are streams: read from either kind of iterator, and never held."""

from __future__ import annotations

import tracemalloc
from collections.abc import AsyncIterator, Callable, Iterator
from functools import partial

import pytest

from tests.glacier.inventories import ARN, TAKEN, as_csv, as_json
from transfer_glacier.inventory.listed import Head, Listed
from transfer_glacier.inventory.reading import Reader, archives, archives_async

HASH = bytes(range(32))


def numbered(count: int) -> list[Listed]:
    return [Listed(f"id{number}", f"archive {number}", number, number, HASH) for number in range(count)]


@pytest.mark.parametrize("form", [as_json, as_csv, partial(as_json, indent=2)])
async def test_asynchronous_chunks(form: Callable[[list[Listed]], bytes]) -> None:
    """The same archives as from an ordinary iterator."""
    data = form(numbered(1000))

    async def chunks() -> AsyncIterator[bytes]:
        for offset in range(0, len(data), 777):
            yield data[offset : offset + 777]

    reader = Reader()
    assert [each async for each in archives_async(chunks(), reader)] == numbered(1000)
    assert reader.head == (Head() if form is as_csv else Head(ARN, TAKEN))


@pytest.mark.parametrize("form", ["json", "csv"])
def test_memory_does_not_grow_with_the_inventory(form: str) -> None:
    """30,000 archives of 300 bytes, 10 MB in all, pass through less than 1 MB."""
    one = numbered(1)
    whole = as_json(one) if form == "json" else as_csv(one)
    record = b'{"ArchiveId"' if form == "json" else b"id0"
    before, after = whole[: whole.index(record)], whole[whole.index(record) :]
    end = b"]}" if form == "json" else b""
    between = b"," if form == "json" else b""
    piece = after.removesuffix(end)

    def chunks() -> Iterator[bytes]:
        yield before
        for _ in range(300):
            yield between.join([piece] * 100) + between
        yield piece + end

    tracemalloc.start()
    try:
        count = sum(1 for _ in archives(chunks()))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert count == 30_001
    assert peak < 1_000_000

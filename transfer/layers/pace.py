"""Bytes cross no faster than a run's limits allow, in slices, so that all parts share them evenly."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, nullcontext
from dataclasses import replace
from typing import TypeVar

from transfer.bucket import Bucket
from transfer.layers.layer import Layer
from transfer.model import Body, Entry, LongBody, Metadata, Part, Receipt, Span, Stored, Upload
from transfer.plugin import Reading, Store

B = TypeVar("B", Body, LongBody)

_SMALLEST, _LARGEST = 1024, 256 * 1024
"""Bytes of a slice."""
_SLICES_A_SECOND = 20


class Pace(Layer):
    """``written`` holds what is put, ``read`` what is read; None: never limited. No cost where there is no limit.

    It is the outermost layer: a write that can't be paced bit by bit waits before it takes a
    slot, and its waiting counts for no timeout.
    """

    def __init__(self, inner: Store, *, read: Bucket | None = None, written: Bucket | None = None) -> None:
        super().__init__(inner)
        unlimited = Bucket()
        self._read = read or unlimited
        self._written = written or unlimited

    def read(self, entry: Entry, span: Span | None = None) -> AbstractAsyncContextManager[Reading]:
        if self._read.rate is None:
            return self._inner.read(entry, span)
        return self._paced_read(entry, span)

    async def put(
        self, key: str, body: Body, metadata: Metadata, *, if_absent: bool = False, read_back: bool = False
    ) -> Stored:
        if self._written.rate is None:
            return await self._inner.put(key, body, metadata, if_absent=if_absent, read_back=read_back)
        async with self._paced(body) as paced:
            return await self._inner.put(key, paced, metadata, if_absent=if_absent, read_back=read_back)

    async def put_part(self, upload: Upload, part: Part, body: Body) -> Receipt:
        if self._written.rate is None:
            return await self._inner.put_part(upload, part, body)
        async with self._paced(body) as paced:
            return await self._inner.put_part(upload, part, paced)

    async def put_long_part(self, upload: Upload, part: Part, body: LongBody) -> Receipt:
        if self._written.rate is None:
            return await self._inner.put_long_part(upload, part, body)
        async with self._paced(body) as paced:
            return await self._inner.put_long_part(upload, part, paced)

    @asynccontextmanager
    async def _paced_read(self, entry: Entry, span: Span | None) -> AsyncIterator[Reading]:
        size = entry.size if span is None else span.size
        async with _turn(self._read, size), self._inner.read(entry, span) as reading:
            yield _PacedReading(reading, self._read)

    @asynccontextmanager
    async def _paced(self, body: B) -> AsyncIterator[B]:
        """The body as the store is to send it; one that can't be paced on its way is waited for here."""
        if self._inner.paces:
            async with _turn(self._written, body.size):
                yield replace(body, pace=self._pace)
        else:
            await self._written.spend(body.size)
            yield body

    async def _pace(self, most: int) -> int:
        size = slice_at(self._written.rate, most)
        await self._written.spend(size)
        return size


def _turn(bucket: Bucket, size: int | None) -> AbstractAsyncContextManager[None]:
    """What goes in one slice need not wait for those that go in many."""
    many = size is None or bucket.rate is None or size > slice_at(bucket.rate, size)
    return bucket.flow() if many else nullcontext()


class _PacedReading:
    def __init__(self, inner: Reading, bucket: Bucket) -> None:
        self._inner = inner
        self._bucket = bucket

    @property
    def entry(self) -> Entry:
        return self._inner.entry

    @property
    def size(self) -> int | None:
        return self._inner.size

    async def readinto(self, view: memoryview) -> int:
        filled = 0
        while True:
            piece = view[filled : filled + slice_at(self._bucket.rate, len(view) - filled)]
            await self._bucket.spend(len(piece))
            got = await self._inner.readinto(piece)
            filled += got
            if got < len(piece) or filled == len(view):
                return filled


def slice_at(rate: float | None, most: int) -> int:
    """Bytes to let through at once, of ``most``: a twentieth of a second's, so that nobody waits for long."""
    return most if rate is None else min(most, _LARGEST, max(_SMALLEST, int(rate / _SLICES_A_SECOND)))

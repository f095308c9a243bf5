"""A stream's chunks, cut into parts, and held against the size that was said for it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Self

from transfer.errors import Unsupported
from transfer.units import format_size


@dataclass(slots=True)
class Pieces:
    """Cuts chunks of any size into parts of the size that is asked for."""

    chunks: AsyncIterator[bytes]
    rest: memoryview = memoryview(b"")

    async def fill(self, view: memoryview) -> int:
        """Fill ``view``, or less at the stream's end; returns the bytes written."""
        filled = 0
        while filled < len(view):
            if not self.rest:
                chunk = await anext(self.chunks, None)
                if chunk is None:
                    break
                self.rest = memoryview(chunk)
            take = min(len(self.rest), len(view) - filled)
            view[filled : filled + take] = self.rest[:take]
            self.rest = self.rest[take:]
            filled += take
        return filled

    async def ended(self) -> bool:
        """Whether nothing is left."""
        byte = bytearray(1)
        return await self.fill(memoryview(byte)) == 0


@dataclass(slots=True)
class Bounded:
    """``chunks``, as long as they are no more than ``most`` bytes together."""

    chunks: AsyncIterator[bytes]
    most: int
    read: int = 0

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> bytes:
        """Raises Unsupported for one too many."""
        chunk = await anext(self.chunks)
        self.read += len(chunk)
        if self.read > self.most:
            raise Unsupported(f"the stream is longer than the {format_size(self.most)} of --max-size")
        return chunk

"""The memory budget: all buffers of a run together, in bytes, first come first served."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from mmap import MAP_ANONYMOUS, MAP_PRIVATE, mmap

from transfer.errors import TransferError, Unsupported

_OVERHEAD = 16 * 1024
"""Charged for every buffer beside its bytes: the request, its headers and tasks."""
_POOLED_FROM = 1024 * 1024
"""Buffers from this size on are kept for reuse: fresh pages cost more than a copy.
They begin at a page of memory, as disks want it that read and write them directly."""

Block = bytearray | mmap


class Budget:
    """Hands out buffers whose sizes never sum to more than ``total``."""

    def __init__(self, total: int) -> None:
        self.total = total
        self.used = 0
        self.peak = 0
        self._waiters: deque[tuple[int, asyncio.Future[None]]] = deque()
        self._pool: dict[int, list[Block]] = {}
        self._pooled = 0

    @property
    def largest(self) -> int:
        """The largest buffer that can ever be had, in bytes."""
        return max(0, self.total - _OVERHEAD)

    def fits(self, size: int) -> bool:
        """Whether a buffer of ``size`` bytes can ever be had."""
        return size + _OVERHEAD <= self.total

    @asynccontextmanager
    async def buffer(self, size: int) -> AsyncIterator[memoryview]:
        """A buffer of ``size`` bytes for the length of the block. Raises as :meth:`take` does."""
        view = await self.take(size)
        again = False
        try:
            yield view
            again = True
        finally:
            self.give_back(view, again=again)

    async def take(self, size: int) -> memoryview:
        """A buffer of ``size`` bytes, to be given back.

        Raises Unsupported if it could never fit, TransferError if the system has not as much.
        """
        if not self.fits(size):
            raise Unsupported(f"needs {size:,} bytes at once, and the memory budget is {self.total:,}; raise --memory")
        await self._reserve(size + _OVERHEAD)
        try:
            return memoryview(self._take(size))
        except (MemoryError, OSError) as error:
            self._release(size + _OVERHEAD)
            raise TransferError(f"the system has no {size:,} bytes of memory left; give less with --memory") from error

    def give_back(self, view: memoryview, *, again: bool) -> None:
        """End the use of a buffer from :meth:`take`.

        After an exception its memory is not to be used ``again``, since a connection that is
        being torn down may still read from it.
        """
        size = len(view)
        if again and isinstance(view.obj, Block):
            self._keep(size, view.obj)
        self._release(size + _OVERHEAD)

    async def _reserve(self, charge: int) -> None:
        if not self._waiters and self.used + charge <= self.total:
            self._charge(charge)
            return
        granted: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        waiter = (charge, granted)
        self._waiters.append(waiter)
        try:
            await granted
        except asyncio.CancelledError:
            if granted.done() and not granted.cancelled():
                self._release(charge)
            else:
                with suppress(ValueError):
                    self._waiters.remove(waiter)
                self._grant()
            raise

    def _charge(self, charge: int) -> None:
        self.used += charge
        self.peak = max(self.peak, self.used)

    def _release(self, charge: int) -> None:
        self.used -= charge
        self._grant()

    def _grant(self) -> None:
        while self._waiters and self.used + self._waiters[0][0] <= self.total:
            charge, granted = self._waiters.popleft()
            if granted.cancelled():
                continue
            self._charge(charge)
            granted.set_result(None)

    def _take(self, size: int) -> Block:
        kept = self._pool.get(size)
        if kept:
            self._pooled -= size
            return kept.pop()
        self._make_room(size)
        if size < _POOLED_FROM:
            return bytearray(size)
        # Shared memory, which is what one gets unasked, makes each page's first touch dearer.
        return mmap(-1, size, flags=MAP_PRIVATE | MAP_ANONYMOUS)

    def _keep(self, size: int, block: Block) -> None:
        if size < _POOLED_FROM or self._pooled + self.used > self.total:
            return
        self._pool.setdefault(size, []).append(block)
        self._pooled += size

    def _make_room(self, size: int) -> None:
        """Drop kept buffers of other sizes, so that kept and used together stay within the total."""
        while self._pooled and self._pooled + self.used > self.total:
            other = next(each for each, blocks in self._pool.items() if blocks)
            self._pool[other].pop()
            self._pooled -= other

"""Sends parts that are larger than the memory: each is read twice, first for its checksums, and then to be sent.

Where a store wants to know a part's checksums ahead of it, and has no more parts to offer, that is the only way.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from dataclasses import dataclass, replace
from itertools import cycle

from transfer import killpoint
from transfer.checksums import Running, hasher
from transfer.errors import Changed, TransferError
from transfer.event import Notice
from transfer.model import Checksums, Entry, LongBody, Part, Receipt, Span, Upload
from transfer.partition import DEFAULT_PART, cut
from transfer.pipeline.fetch import fetch
from transfer.pipeline.proof import ALWAYS, needed
from transfer.pipeline.resume import Plan
from transfer.pipeline.route import Route
from transfer.tasks import closing
from transfer.units import format_size

_BLOCKS = 2 * 64 * 1024


class Unsteady(Changed):
    """The second reading gave other bytes than the first."""


class _Unreadable(TransferError):
    """Carries what the source raised through the target's layers, which would take it for their own."""

    def __init__(self, error: TransferError) -> None:
        super().__init__(error.message)
        self.error = error


def tell_long(route: Route, plan: Plan, upload: Upload) -> None:
    """Let it be known that the source is read twice, which may cost something."""
    size = format_size(upload.part_size)
    route.listener(Notice(f"'{plan.key}' is read twice: it needs parts of {size}, which do not fit into --memory."))


def buffer_size(route: Route) -> int:
    """Bytes to take for each part: two halves of blocks, as disks want them."""
    size = min(DEFAULT_PART, route.budget.largest)
    return size - size % _BLOCKS or size


async def put_long_part(route: Route, plan: Plan, upload: Upload, part: Part, view: memoryview) -> Receipt:
    """Read, and read and send, by way of ``view``. Raises TransferError; Unsteady where it was changed in between."""
    able = route.target.capabilities
    running = Running(needed(able.verifies, plan.check, able.sends))
    span = _Twice(route, plan.entry, part.span, view)
    async with closing(span.read(len(view))) as pieces:
        async for piece in pieces:
            await asyncio.to_thread(running.update, piece)
    checksums = running.digests()
    try:
        receipt = await route.target.put_long_part(upload, part, span.body(checksums))
    except _Unreadable as error:
        raise error.error from None
    killpoint.reach("part")
    return replace(receipt, checksums=checksums)


@dataclass(frozen=True, slots=True)
class _Twice:
    """A span of the source, read by way of ``view``."""

    route: Route
    entry: Entry
    span: Span
    view: memoryview

    async def read(self, step: int) -> AsyncIterator[memoryview]:
        """The bytes in order, ``step`` at once; places in ``view`` are used in turn."""
        places = cycle(range(0, len(self.view) - step + 1, step))
        for piece in cut(self.span.size, step):
            start = next(places)
            view = self.view[start : start + piece.size]
            span = Span(self.span.offset + piece.offset, piece.size)
            await fetch(self.route.source, self.entry, span, view, self.route.listener)
            yield view

    def body(self, checksums: Checksums) -> LongBody:
        """What is sent, each time that it is."""

        async def pieces() -> AsyncGenerator[memoryview, None]:
            again, left = hasher(ALWAYS), self.span.size
            try:
                # Half of the view is filled while the end of the other half may still be on its way.
                async with closing(self.read(len(self.view) // 2)) as halves:
                    async for piece in halves:
                        await asyncio.to_thread(again.update, piece)
                        left -= len(piece)
                        if left == 0 and again.digest() != checksums[ALWAYS]:
                            raise Unsteady(f"'{self.entry.key}' changed while it was read", key=self.entry.key)
                        yield piece
            except TransferError as error:
                raise _Unreadable(error) from error

        return LongBody(self.span.size, checksums, pieces)

"""A stream kept on disk until its length is known, and read from there as an object is.

The file has no name, so that nothing of it is left, however the process ends.
"""

from __future__ import annotations

import asyncio
import os
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import ParamSpec, TypeVar

from transfer.budget import Budget
from transfer.checksums import Hasher, hasher
from transfer.errors import Misconfigured, TransferError
from transfer.job.pieces import Pieces
from transfer.model import Entry, Span
from transfer.pipeline.proof import ALWAYS
from transfer.plugin import Capabilities, Origin, Store
from transfer.units import format_size

P = ParamSpec("P")
T = TypeVar("T")


_STEP = 1024 * 1024
"""Bytes that are written at once; a stream may come in any crumbs."""


@dataclass(frozen=True, slots=True)
class Spool:
    """An open file in ``folder`` that only this process knows."""

    folder: Path
    descriptor: int


@contextmanager
def spool_in(folder: Path) -> Iterator[Spool]:
    """A new file for the length of the block. Raises Misconfigured where none can be made."""
    try:
        file = tempfile.TemporaryFile(dir=folder, buffering=0)  # noqa: SIM115 - closed below
    except OSError as error:
        raise Misconfigured(
            f"--spool can't write to '{folder}': {error.strerror}; name a folder with room for the whole stream."
        ) from None
    with file:
        yield Spool(folder, file.fileno())


async def spooled(spool: Spool, key: str, pieces: Pieces, budget: Budget, now_ns: Callable[[], int]) -> Spooled:
    """Write all of a stream, and offer it as the object ``key``. Raises TransferError where the disk takes no more."""
    size, running = 0, hasher(ALWAYS)
    async with budget.buffer(min(_STEP, budget.largest)) as view:
        while filled := await pieces.fill(view):
            try:
                await _on_thread(_write, spool.descriptor, view[:filled], running)
            except OSError as error:
                raise TransferError(
                    f"--spool can't keep more than {format_size(size)} of the stream in '{spool.folder}': "
                    f"{error.strerror}; name a folder with room for all of it, or give --max-size instead"
                ) from None
            size += filled
    return Spooled(spool, Entry(key, size, modified_ns=now_ns(), checksums={ALWAYS: running.digest()}))


class Spooled(Store):
    """The one object that is in the file. Its checksum was taken on the way in, so a bad disk is noticed."""

    url = "-"
    origin = Origin("spool:", "", "", "")
    capabilities = Capabilities(posix=True)
    """As of any disk, spans of a part are not worth to be read side by side."""

    def __init__(self, spool: Spool, entry: Entry) -> None:
        self.entry = entry
        self._descriptor = spool.descriptor

    async def stat(self, key: str) -> Entry:
        return self.entry

    @asynccontextmanager
    async def read(self, entry: Entry, span: Span | None = None) -> AsyncIterator[_Reading]:
        yield _Reading(self._descriptor, self.entry, span or Span(0, self.entry.size or 0))


class _Reading:
    def __init__(self, descriptor: int, entry: Entry, span: Span) -> None:
        self.entry = entry
        self.size: int | None = span.size
        self._descriptor = descriptor
        self._offset, self._end = span.offset, span.offset + span.size

    async def readinto(self, view: memoryview) -> int:
        wanted = view[: self._end - self._offset]
        try:
            got = await _on_thread(_read, self._descriptor, wanted, self._offset)
        except OSError as error:
            raise TransferError(f"--spool can't be read again: {error.strerror}") from None
        self._offset += got
        return got


def _write(descriptor: int, left: memoryview, running: Hasher) -> None:
    running.update(left)
    while left:
        left = left[os.write(descriptor, left) :]


def _read(descriptor: int, view: memoryview, offset: int) -> int:
    filled = 0
    while filled < len(view) and (got := os.preadv(descriptor, [view[filled:]], offset + filled)):
        filled += got
    return filled


async def _on_thread(function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Call ``function`` on a thread, which in any case ends before this does: the file may be closed behind it."""
    work = asyncio.ensure_future(asyncio.to_thread(function, *args, **kwargs))
    try:
        return await asyncio.shield(work)
    except asyncio.CancelledError:
        await asyncio.wait((work,))
        raise

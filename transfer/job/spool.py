"""A stream kept on disk until its length is known, and read from there as an object is.

The file has no name, so that nothing of it is left, however the process ends.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from transfer.budget import Budget
from transfer.checksums import Hasher, hasher
from transfer.errors import Misconfigured, TransferError
from transfer.job.pieces import Pieces
from transfer.model import Entry, Span
from transfer.pipeline.proof import ALWAYS
from transfer.plugin import Capabilities, Origin, Store
from transfer.tasks import in_thread
from transfer.units import format_size

_STEP = 1024 * 1024
"""Bytes that are written at once; a stream may come in any crumbs."""


@dataclass(frozen=True, slots=True)
class Spool:
    """An open file in ``folder`` that only this process knows."""

    folder: Path
    descriptor: int


@asynccontextmanager
async def spool_in(folder: Path) -> AsyncIterator[Spool]:
    """A new file for the length of the block. Raises Misconfigured where none can be made."""
    file = await in_thread(_opened, folder)
    try:
        yield Spool(folder, file.fileno())
    finally:
        await in_thread(file.close)  # which frees the blocks of all that is in it


def _opened(folder: Path) -> IO[bytes]:
    try:
        return tempfile.TemporaryFile(dir=folder, buffering=0)
    except OSError as error:
        raise Misconfigured(
            f"--spool can't write to '{folder}': {error.strerror}; name a folder with room for the whole stream."
        ) from None


async def spooled(spool: Spool, key: str, pieces: Pieces, budget: Budget, now_ns: Callable[[], int]) -> Spooled:
    """Write all of a stream, and offer it as the object ``key``. Raises TransferError where the disk takes no more."""
    size, running = 0, hasher(ALWAYS)
    async with budget.buffer(min(_STEP, budget.largest)) as view:
        while filled := await pieces.fill(view):
            try:
                await in_thread(_write, spool.descriptor, view[:filled], running)
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
            got = await in_thread(_read, self._descriptor, wanted, self._offset)
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

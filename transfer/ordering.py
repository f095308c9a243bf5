"""Key order: seen to on every key, and made on disk where a listing does not have it.

Key order is that of the keys' UTF-8 bytes. Python compares texts by code points, and UTF-8
was made so that both orders are one; so keys are compared as texts.
"""

from __future__ import annotations

import errno
import heapq
import marshal
import os
import tempfile
from collections.abc import AsyncGenerator, AsyncIterator, Iterable, Iterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from itertools import groupby, islice
from operator import itemgetter
from pathlib import Path
from typing import BinaryIO

from transfer.errors import NoSpace, TransferError
from transfer.model import Entry, Page, Unlisted
from transfer.plain import Plain, plain, restored
from transfer.tasks import in_thread

_PAGE = 1_000
"""Items of a page that comes out."""
_RUN = 20_000
"""Items that are sorted in memory at a time."""
_BLOCK = 250
"""Items of a run that are read at a time; all runs together have one block each in memory."""
_FAN = 64
"""Runs of one length that are merged into a longer one."""

_LENGTH = 8
"""Bytes of the length before a block."""
_place = itemgetter(0, 1)
"""Key, and whether it is an entry."""


class OrderBroken(Exception):
    """A listing gave ``key`` although ``before``, which it gave before, is not less."""

    def __init__(self, key: str, before: str) -> None:
        super().__init__(f"the listing gives {key!r} behind {before!r}")
        self.key = key
        self.before = before


async def checked(pages: AsyncIterator[Page]) -> AsyncIterator[Page]:
    """The same pages, as long as their keys strictly ascend; then raises OrderBroken instead of the page.

    Closes ``pages`` at its end, as does :func:`sorted_on_disk`.
    """
    last: str | None = None
    async with _closing(pages):
        async for page in pages:
            for item in page.items:
                if last is not None and item.key <= last:
                    raise OrderBroken(item.key, last)
                last = item.key
            yield page


async def sorted_on_disk(pages: AsyncIterator[Page], folder: Path) -> AsyncIterator[Page]:
    """All items in key order, after ``pages`` has ended, each key once.

    An entry that was listed more than once is given as it was listed last. Where an entry and
    an unlisted name share a printable key, both are given, the unlisted name first. Memory is
    bounded; the disk holds 100 to 400 bytes an item, in a file in ``folder`` that has no name and
    so goes away with the process, however that ends. Raises NoSpace where the disk is full.
    """
    runs = _Runs(folder)
    try:
        await in_thread(runs.open)
        async with _closing(pages):
            await _fill(runs, pages)
        merged = runs.merged()
        while items := await in_thread(_restored_page, merged):
            yield Page(items)
    except OSError as error:
        raise _explained(error, folder) from error
    finally:
        await in_thread(runs.close)


@dataclass(frozen=True, slots=True)
class _Run:
    """Sorted items in the file's bytes from ``start`` to ``end``, in blocks behind their lengths."""

    start: int
    end: int


class _Runs:
    """Sorted runs in one file, on levels: those above the first are merged of many from the level below."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._file: BinaryIO | None = None
        self._end = 0
        self._levels: list[list[_Run]] = [[]]

    def open(self) -> None:
        self._file = tempfile.TemporaryFile("w+b", dir=self._folder)  # noqa: SIM115 - closed by close

    def close(self) -> None:
        if self._file is not None:
            with suppress(OSError):  # what could not be written before is of no use any more
                self._file.close()

    def add(self, items: list[Plain]) -> None:
        """Sort the items and write them down."""
        items.sort(key=_place)
        start, unique = self._end, _unique(items)
        while self._write_block(unique):
            pass
        self._levels[0].append(_Run(start, self._end))

    async def lengthen(self) -> None:
        """Merge the runs of every level that has many, so that there never are many in all."""
        for level, runs in enumerate(self._levels):
            if len(runs) < _FAN:
                return
            start, items = self._end, self._merge(runs)
            while await in_thread(self._write_block, items):
                pass
            if level + 1 == len(self._levels):
                self._levels.append([])
            self._levels[level + 1].append(_Run(start, self._end))
            runs.clear()

    def merged(self) -> Iterator[Plain]:
        """All items in order."""
        return self._merge([run for runs in reversed(self._levels) for run in runs])

    def _merge(self, runs: Sequence[_Run]) -> Iterator[Plain]:
        """The runs come in the order in which they were listed, and merging keeps it among equal keys."""
        assert self._file is not None
        descriptor = self._file.fileno()
        return _unique(heapq.merge(*(_items(descriptor, run) for run in runs), key=_place))

    def _write_block(self, items: Iterator[Plain]) -> bool:
        """Write the next items at the file's end; False when there are none."""
        block = list(islice(items, _BLOCK))
        if not block:
            return False
        assert self._file is not None
        data = marshal.dumps(block)
        self._file.write(len(data).to_bytes(_LENGTH, "big") + data)
        self._file.flush()
        self._end += _LENGTH + len(data)
        return True


async def _fill(runs: _Runs, pages: AsyncIterator[Page]) -> None:
    batch: list[Plain] = []
    async for page in pages:
        batch += map(plain, page.items)
        if len(batch) >= _RUN:
            await in_thread(runs.add, batch)
            batch = []
            await runs.lengthen()
    await in_thread(runs.add, batch)


def _items(descriptor: int, run: _Run) -> Iterator[Plain]:
    position = run.start
    while position < run.end:
        size = int.from_bytes(os.pread(descriptor, _LENGTH, position), "big")
        yield from marshal.loads(os.pread(descriptor, size, position + _LENGTH))  # noqa: S302 - our own, unnamed file
        position += _LENGTH + size


def _unique(items: Iterable[Plain]) -> Iterator[Plain]:
    """The last of those that share a place."""
    for _, same in groupby(items, key=_place):
        *_, last = same
        yield last


def _explained(error: OSError, folder: Path) -> TransferError:
    kind = NoSpace if error.errno in (errno.ENOSPC, errno.EDQUOT) else TransferError
    return kind(f"A listing that is not in key order can't be sorted in {folder}: {error.strerror}; set TMPDIR")


def _restored_page(items: Iterator[Plain]) -> tuple[Entry | Unlisted, ...]:
    return tuple(map(restored, islice(items, _PAGE)))


@asynccontextmanager
async def _closing(pages: AsyncIterator[Page]) -> AsyncIterator[None]:
    try:
        yield
    finally:
        if isinstance(pages, AsyncGenerator):
            await pages.aclose()

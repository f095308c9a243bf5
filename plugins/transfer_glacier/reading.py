"""Reading an archive, or a span of it, from the output of jobs that have retrieved it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager
from types import TracebackType

from transfer.errors import Changed, Corrupt, Frozen, NotFound, Transient
from transfer.model import Entry, Span
from transfer.plugin import Reading
from transfer.treehash import TreeHasher
from transfer.wire.reading import EmptyReading, extent
from transfer.wire.stream import Stream
from transfer_glacier import calls
from transfer_glacier.archive import Archive
from transfer_glacier.client import Client
from transfer_glacier.cover import Piece, coldness, pieces
from transfer_glacier.entries import entry_of
from transfer_glacier.job import Job
from transfer_glacier.vault import Vault

_THREAD_FROM = 128 * 1024
"""Bytes from which hashing leaves the event loop."""
_TREE_HASH = "x-amz-sha256-tree-hash"


class Retrieved(AbstractAsyncContextManager[Reading]):
    """The reading of ``entry``, or of ``span``, for the length of an ``async with``.

    Raises Frozen where no job has retrieved all of it, or its output is gone.
    """

    def __init__(self, vault: Vault, entry: Entry, span: Span | None) -> None:
        self._vault = vault
        self._entry = entry
        self._span = span
        self._reading: ArchiveReading | None = None

    async def __aenter__(self) -> Reading:
        vault, entry = self._vault, self._entry
        archive = await vault.names.find(entry)
        jobs = await vault.retrievals.of(archive.id)
        found = entry_of(archive, entry.key, coldness(jobs, archive.size, vault.now_ns()))
        wanted = _within(self._span, archive)
        if wanted.size == 0:
            return EmptyReading(found)
        outputs = pieces(jobs, wanted, archive.size, vault.now_ns())
        if outputs is None:
            subject = vault.place.subject(entry.key)
            raise Frozen(f"{subject} must be retrieved from the vault before it can be read", key=entry.key)
        self._reading = ArchiveReading(vault.client, found, outputs, vault.retrievals.gone)
        await self._reading.begin()
        return self._reading

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._reading is not None:
            self._reading.close()


def _within(span: Span | None, archive: Archive) -> Span:
    """What to read. Raises Changed for what lies behind the end."""
    if span is None:
        return Span(0, archive.size)
    if span.offset + span.size > archive.size:
        raise Changed(f"'{archive.name}' is shorter than it was when it was looked at", key=archive.name)
    return span


class ArchiveReading:
    """A read in progress. What comes with a tree hash is compared with it at its end."""

    def __init__(self, client: Client, entry: Entry, outputs: Sequence[Piece], gone: Callable[[Job], None]) -> None:
        self.entry = entry
        self.size: int | None = sum(piece.span.size for piece in outputs)
        self._client = client
        self._gone = gone
        self._waiting = iter(outputs)
        self._output: _Output | None = None

    async def begin(self) -> None:
        """Open the first piece. Raises Frozen where its output is gone by now."""
        await self._next()

    async def readinto(self, view: memoryview) -> int:
        filled = 0
        while filled < len(view) and self._output is not None:
            got = await self._output.readinto(view[filled:])
            filled += got
            if self._output.left == 0:
                await self._next()
        return filled

    def close(self) -> None:
        if self._output is not None:
            self._output.close()
            self._output = None

    async def _next(self) -> None:
        self.close()
        piece = next(self._waiting, None)
        if piece is not None:
            self._output = await self._opened(piece)

    async def _opened(self, piece: Piece) -> _Output:
        key = self.entry.key
        try:
            stream = await calls.output(self._client, piece.job.id, piece.span, key=key)
        except NotFound as error:
            self._gone(piece.job)
            subject = self._client.place.subject(key)
            message = f"{subject} can't be read any more: what was retrieved is gone, and must be asked for again"
            raise Frozen(message, key=key, code=error.code, request_id=error.request_id) from None
        try:
            extent(stream.status, stream.headers, piece.span, key)
        except BaseException:
            stream.close()
            raise
        return _Output(stream, piece.span, key)


class _Output:
    """One reply, and the hash that belongs to it. ``left``: bytes that are still to come."""

    def __init__(self, stream: Stream, span: Span, key: str) -> None:
        self.left = span.size
        self._stream = stream
        self._key = key
        self._expected = stream.headers.get(_TREE_HASH)
        self._hasher = TreeHasher() if self._expected else None

    async def readinto(self, view: memoryview) -> int:
        wanted = view[: self.left]
        got = await self._stream.readinto(wanted)
        self.left -= got
        if got < len(wanted):
            raise Transient(f"'{self._key}' broke off {self.left:,} bytes before its end", key=self._key)
        if self._hasher is not None:
            await self._hash(self._hasher, wanted)
        return got

    async def _hash(self, hasher: TreeHasher, data: memoryview) -> None:
        if len(data) < _THREAD_FROM:
            hasher.update(data)
        else:
            await asyncio.to_thread(hasher.update, data)
        if self.left == 0 and hasher.digest().hex() != self._expected:
            raise Corrupt(
                f"'{self._key}' arrived with other bytes than Glacier has: its tree hash differs", key=self._key
            )

    def close(self) -> None:
        self._stream.close()

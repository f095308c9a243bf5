"""Reads and finishes as the engine does: checked, and again where that failed."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from transfer.checksums import digest
from transfer.errors import Corrupt, NotFound, TransferError
from transfer.layers.layer import Layer
from transfer.model import (
    NO_CHECKSUMS,
    UNPROVEN,
    Algorithm,
    Checksums,
    Entry,
    Metadata,
    Proof,
    Proven,
    Receipt,
    Span,
    Stored,
    Upload,
)
from transfer.plugin import Reading, Store

_TRIES = 8


class Patient(Layer):
    """Stands for the pipeline where the layers are tested without it.

    Only who wants the bytes can try a read again that broke midway; so injected faults in bodies,
    which no layer may hide, end here. Wrong bytes are noticed by the checksums that the store keeps.
    And only who knows the object can tell that an upload is gone because an earlier try finished it.
    """

    def __init__(self, store: Store) -> None:
        super().__init__(store)

    @asynccontextmanager
    async def read(self, entry: Entry, span: Span | None = None) -> AsyncIterator[Reading]:
        told, data = await self._insist(entry)
        chosen = data if span is None else data[span.offset : span.offset + span.size]
        yield _Buffered(told, memoryview(chosen))

    async def finish(
        self,
        upload: Upload,
        receipts: Sequence[Receipt],
        metadata: Metadata,
        *,
        checksums: Checksums = NO_CHECKSUMS,
        if_absent: bool = False,
        read_back: bool = False,
    ) -> Stored:
        try:
            return await self._inner.finish(
                upload, receipts, metadata, checksums=checksums, if_absent=if_absent, read_back=read_back
            )
        except NotFound:
            known = await self._inner.stat(upload.key)
            if known.size != sum(receipt.size for receipt in receipts):
                raise
            common = next((name for name in checksums if known.checksums.get(name) == checksums[name]), None)
            return Stored(known, Proof(Proven.VERIFIED, common) if common else UNPROVEN)

    async def _insist(self, entry: Entry) -> tuple[Entry, bytes]:
        for _ in range(_TRIES - 1):
            try:
                return await self._whole(entry)
            except TransferError as error:
                if not error.retryable:
                    raise
        return await self._whole(entry)

    async def _whole(self, entry: Entry) -> tuple[Entry, bytes]:
        data = bytearray()
        buffer = memoryview(bytearray(256 * 1024))
        async with self._inner.read(entry) as reading:
            while count := await reading.readinto(buffer):
                data += buffer[:count]
        known = await self._inner.stat(entry.key)
        if reading.entry.etag == known.etag and not _intact(known, bytes(data)):
            raise Corrupt(f"Other bytes of '{entry.key}' were read than were written", key=entry.key)
        return reading.entry, bytes(data)


def _intact(known: Entry, data: bytes) -> bool:
    if known.checksums:
        return digest(data, known.checksums) == dict(known.checksums)
    return known.etag is None or "-" in known.etag or known.etag == digest(data, [Algorithm.MD5])[Algorithm.MD5].hex()


class _Buffered:
    def __init__(self, entry: Entry, left: memoryview) -> None:
        self.entry = entry
        self.size: int | None = len(left)
        self._left = left

    async def readinto(self, view: memoryview) -> int:
        count = min(len(view), len(self._left))
        view[:count] = self._left[:count]
        self._left = self._left[count:]
        return count

"""Stores that are broken on purpose, to show that the conformance suite notices.

Each is a layer around a sound store with one fault of a kind that real servers, proxies and
plugins have had. :data:`BROKEN` has them all by name.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import replace

from transfer.errors import NotFound
from transfer.layers.layer import Layer
from transfer.model import (
    NO_CHECKSUMS,
    Body,
    Checksums,
    Entry,
    Metadata,
    Page,
    Part,
    Proof,
    Proven,
    Receipt,
    Span,
    Stored,
    Upload,
)
from transfer.plugin import Prune, Reading, Store


class ListsOutOfOrder(Layer):
    """Each page backwards."""

    async def list(
        self, prefix: str = "", *, after: str | None = None, resume: str | None = None, prune: Prune | None = None
    ) -> AsyncIterator[Page]:
        async for page in self._inner.list(prefix, after=after, resume=resume, prune=prune):
            yield replace(page, items=page.items[::-1])


class RepeatsPage(Layer):
    """The second page comes twice."""

    async def list(
        self, prefix: str = "", *, after: str | None = None, resume: str | None = None, prune: Prune | None = None
    ) -> AsyncIterator[Page]:
        number = 0
        async for page in self._inner.list(prefix, after=after, resume=resume, prune=prune):
            number += 1
            yield page
            if number == 2:
                yield page


class DropsPage(Layer):
    """The second page is missing."""

    async def list(
        self, prefix: str = "", *, after: str | None = None, resume: str | None = None, prune: Prune | None = None
    ) -> AsyncIterator[Page]:
        number = 0
        async for page in self._inner.list(prefix, after=after, resume=resume, prune=prune):
            number += 1
            if number != 2:
                yield page


class EchoesChecksum(Layer):
    """Any checksum is accepted without a look, and called verified."""

    async def put(
        self, key: str, body: Body, metadata: Metadata, *, if_absent: bool = False, read_back: bool = False
    ) -> Stored:
        stored = await self._inner.put(key, Body(body.data), metadata, if_absent=if_absent)
        claimed = Proof(Proven.VERIFIED, next(iter(body.checksums), ""))
        return replace(stored, proof=claimed if body.checksums else stored.proof)

    async def put_part(self, upload: Upload, part: Part, body: Body) -> Receipt:
        return await self._inner.put_part(upload, part, Body(body.data))


class LosesTail(Layer):
    """Of a larger body, the last byte is lost."""

    async def put(
        self, key: str, body: Body, metadata: Metadata, *, if_absent: bool = False, read_back: bool = False
    ) -> Stored:
        if body.size < 100_000:
            return await self._inner.put(key, body, metadata, if_absent=if_absent)
        stored = await self._inner.put(key, Body(memoryview(body.data)[:-1]), metadata, if_absent=if_absent)
        return replace(stored, entry=replace(stored.entry, size=body.size))


class IgnoresRange(Layer):
    """Every read gives the whole object."""

    def read(self, entry: Entry, span: Span | None = None) -> AbstractAsyncContextManager[Reading]:
        return self._inner.read(entry)


class StaleEtag(Layer):
    """Goes on telling the ETag under which it first saw a key, and reads without a look at it."""

    def __init__(self, inner: Store) -> None:
        super().__init__(inner)
        self._first: dict[str, str | None] = {}

    async def put(
        self, key: str, body: Body, metadata: Metadata, *, if_absent: bool = False, read_back: bool = False
    ) -> Stored:
        stored = await self._inner.put(key, body, metadata, if_absent=if_absent)
        return replace(stored, entry=self._stale(stored.entry))

    async def stat(self, key: str) -> Entry:
        return self._stale(await self._inner.stat(key))

    def read(self, entry: Entry, span: Span | None = None) -> AbstractAsyncContextManager[Reading]:
        return self._inner.read(replace(entry, etag=None), span)

    def _stale(self, entry: Entry) -> Entry:
        return replace(entry, etag=self._first.setdefault(entry.key, entry.etag))


class ErrorInside200(Layer):
    """Finishing answers that all is well, and there is no object: the error was in the body of the reply."""

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
        stored = await self._inner.finish(upload, receipts, metadata, checksums=checksums, if_absent=if_absent)
        await self._inner.delete([upload.key])
        return stored


class MixesUpParts(Layer):
    """Parts make the object in the order in which they arrived."""

    def __init__(self, inner: Store) -> None:
        super().__init__(inner)
        self._arrived: dict[str, list[Body]] = {}

    async def put_part(self, upload: Upload, part: Part, body: Body) -> Receipt:
        receipt = await self._inner.put_part(upload, part, body)
        self._arrived.setdefault(upload.id, []).append(Body(bytes(body.data)))
        return receipt

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
        stored = await self._inner.finish(upload, receipts, metadata, checksums=checksums, if_absent=if_absent)
        data = b"".join(bytes(body.data) for body in self._arrived.pop(upload.id, []))
        await self._inner.put(upload.key, Body(data), metadata)
        return stored


class ForgetsMetadata(Layer):
    """The bytes arrive, what was to travel with them does not."""

    async def put(
        self, key: str, body: Body, metadata: Metadata, *, if_absent: bool = False, read_back: bool = False
    ) -> Stored:
        return await self._inner.put(key, body, Metadata(), if_absent=if_absent)


class ForgetsMetadataOfUploads(Layer):
    """Only what was written in parts loses its metadata."""

    async def begin(self, key: str, metadata: Metadata, *, size: int | None, part_size: int) -> Upload:
        return await self._inner.begin(key, Metadata(), size=size, part_size=part_size)


class ShowsHalf(Layer):
    """While a body arrives, what is there of it can be seen, and stays when the sender goes away."""

    async def put(
        self, key: str, body: Body, metadata: Metadata, *, if_absent: bool = False, read_back: bool = False
    ) -> Stored:
        if if_absent:
            return await self._inner.put(key, body, metadata, if_absent=True)
        await self._inner.put(key, Body(memoryview(body.data)[: body.size // 2]), metadata)
        await asyncio.sleep(0.2 if body.size > 1_000_000 else 0)
        return await self._inner.put(key, body, metadata)


class ShowsUnfinished(Layer):
    """The parts of an upload can be seen under its key before it is finished."""

    async def put_part(self, upload: Upload, part: Part, body: Body) -> Receipt:
        await self._inner.put(upload.key, body, Metadata())
        return await self._inner.put_part(upload, part, body)


class KeepsBuffer(Layer):
    """Writes what is in the caller's buffer later on, when it is needed."""

    def __init__(self, inner: Store) -> None:
        super().__init__(inner)
        self._kept: dict[str, tuple[Body, Metadata]] = {}

    async def put(
        self, key: str, body: Body, metadata: Metadata, *, if_absent: bool = False, read_back: bool = False
    ) -> Stored:
        stored = await self._inner.put(key, body, metadata, if_absent=if_absent)
        self._kept[key] = Body(body.data), metadata
        return stored

    @asynccontextmanager
    async def read(self, entry: Entry, span: Span | None = None) -> AsyncIterator[Reading]:
        if kept := self._kept.pop(entry.key, None):
            await self._inner.put(entry.key, *kept)
        async with self._inner.read(entry, span) as reading:
            yield reading


class OverwritesAlways(Layer):
    """Ignores the condition of a write."""

    async def put(
        self, key: str, body: Body, metadata: Metadata, *, if_absent: bool = False, read_back: bool = False
    ) -> Stored:
        return await self._inner.put(key, body, metadata)


class IgnoresChange(Layer):
    """Reads whatever is there now."""

    def read(self, entry: Entry, span: Span | None = None) -> AbstractAsyncContextManager[Reading]:
        return self._inner.read(Entry(entry.key), span)


class MissingIsEmpty(Layer):
    """Says of an object that is not there that it is empty."""

    async def stat(self, key: str) -> Entry:
        try:
            return await self._inner.stat(key)
        except NotFound:
            return Entry(key, 0)


BROKEN: Mapping[str, type[Layer]] = {
    broken.__name__: broken
    for broken in (
        ListsOutOfOrder,
        RepeatsPage,
        DropsPage,
        EchoesChecksum,
        LosesTail,
        IgnoresRange,
        StaleEtag,
        ErrorInside200,
        MixesUpParts,
        ForgetsMetadata,
        ForgetsMetadataOfUploads,
        ShowsHalf,
        ShowsUnfinished,
        KeepsBuffer,
        OverwritesAlways,
        IgnoresChange,
        MissingIsEmpty,
    )
}

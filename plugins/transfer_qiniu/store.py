"""One bucket's folder as a store."""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import replace

from transfer.errors import TransferError
from transfer.model import (
    NO_CHECKSUMS,
    Body,
    Checksums,
    Entry,
    Metadata,
    Page,
    Part,
    Receipt,
    Span,
    Stored,
    Thaw,
    Upload,
)
from transfer.plugin import Origin, Prune, Reading, Store
from transfer_qiniu import copying, deleting, fetching, forms, listing, thawing, uploads
from transfer_qiniu.classes import refuse_unknown
from transfer_qiniu.client import Client
from transfer_qiniu.config import BLOCK, CAPABILITIES, LIMITS, Settings
from transfer_qiniu.hosts import uc_address
from transfer_qiniu.reading import Read


class KodoStore(Store):
    """The objects of one bucket whose names start with the prefix."""

    paces = True

    def __init__(self, client: Client, settings: Settings, *, asked_class: str | None = None) -> None:
        self.url = client.place.url
        self.traffic = client.traffic
        account = client.transport.signer.account
        self.origin = Origin(settings.rs or uc_address(settings), account, client.place.bucket, client.place.prefix)
        self.capabilities = replace(CAPABILITIES, ordered=settings.ordered)
        self.limits = LIMITS
        if settings.comparable_hash:
            self.limits = replace(LIMITS, min_part=BLOCK, max_part=BLOCK, max_object=LIMITS.max_parts * BLOCK)
        self._client = client
        self._asked_class = asked_class

    async def check(self, *, write: bool) -> None:
        self.empty = await listing.probe(self._client)
        if write:
            refuse_unknown(self._asked_class)
            key = f".transfer-probe-{secrets.token_hex(8)}"
            await uploads.abort(self._client, await uploads.begin(self._client, key, size=None, part_size=BLOCK))
        else:
            await self._client.greet()

    async def list(
        self, prefix: str = "", *, after: str | None = None, resume: str | None = None, prune: Prune | None = None
    ) -> AsyncIterator[Page]:
        async for page in listing.pages(self._client, prefix, after=after, resume=resume):
            yield page

    async def stat(self, key: str) -> Entry:
        return (await self._client.look(key)).entry

    def read(self, entry: Entry, span: Span | None = None) -> AbstractAsyncContextManager[Reading]:
        return Read(self._client, entry, span)

    async def put(
        self, key: str, body: Body, metadata: Metadata, *, if_absent: bool = False, read_back: bool = False
    ) -> Stored:
        return await forms.put(self._client, key, body, metadata, if_absent=if_absent)

    async def begin(self, key: str, metadata: Metadata, *, size: int | None, part_size: int) -> Upload:
        return await uploads.begin(self._client, key, size=size, part_size=part_size)

    async def put_part(self, upload: Upload, part: Part, body: Body) -> Receipt:
        return await uploads.put_part(self._client, upload, part, body)

    async def parts(self, upload: Upload) -> Sequence[Receipt]:
        return await uploads.parts(self._client, upload)

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
        return await uploads.finish(self._client, upload, receipts, metadata, if_absent=if_absent)

    async def abort(self, upload: Upload) -> None:
        await uploads.abort(self._client, upload)

    async def copy(
        self, origin: Origin, entry: Entry, key: str, metadata: Metadata, *, if_absent: bool = False
    ) -> Stored:
        return await copying.copy(self._client, origin, entry, key, metadata, if_absent=if_absent)

    async def update(self, entry: Entry, metadata: Metadata) -> Stored:
        return await copying.update(self._client, entry, metadata)

    async def delete(self, keys: Sequence[str]) -> Mapping[str, TransferError]:
        return await deleting.delete(self._client, keys)

    async def thaw(self, entry: Entry, days: int, tier: str, span: Span | None = None) -> Thaw:
        if span is not None:
            self._unsupported("thaw of a span")
        return await thawing.thaw(self._client, entry, days, tier)

    async def signed_url(self, entry: Entry, seconds: int) -> str:
        return await self._client.signed_url(entry.key, seconds)

    async def fetch(
        self,
        url: str,
        entry: Entry,
        key: str,
        metadata: Metadata,
        *,
        checksums: Checksums = NO_CHECKSUMS,
        replacing: Entry | None = None,
        if_absent: bool = False,
    ) -> Upload:
        return await fetching.fetch(
            self._client, url, entry, key, metadata, checksums=checksums, replacing=replacing, if_absent=if_absent
        )

    async def fetched(self, fetch: Upload) -> Stored | None:
        return await fetching.fetched(self._client, fetch)

    async def containers(self) -> Sequence[str]:
        return await listing.buckets(self._client)

    async def aclose(self) -> None:
        await self._client.aclose()

"""One bucket's folder as a store."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import replace

from transfer.errors import Changed, TransferError, Unsupported
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
from transfer.restxml import buckets, listing, multipart, probe, proof, thawing
from transfer.restxml.bucket import Bucket
from transfer.restxml.copying import Copying, copy_part
from transfer.restxml.deleting import Deleting
from transfer.restxml.reading import Read
from transfer.restxml.results import made_entry
from transfer.restxml.verifier import Verifier, sent_with


class RestXmlStore(Store):
    """The objects of one bucket whose names start with the prefix. ``home`` names the provider's place, or its like."""

    paces = True

    def __init__(self, bucket: Bucket, home: str) -> None:
        client = bucket.client
        self.url = client.place.url
        self.traffic = client.traffic
        self.limits = client.dialect.limits
        self.origin = Origin(home, client.account, client.place.bucket, client.place.prefix)
        self._bucket = bucket
        self._never_overwrites = True
        self._copying = Copying(bucket)
        self._deleting = Deleting(bucket)
        self._settle(bucket.verifier)

    async def check(self, *, write: bool) -> None:
        client = self._bucket.client
        # A listing of one key tells more than a HEAD: errors come with a document, and it is what we will need.
        query = {**client.dialect.listing, "max-keys": "1", "prefix": client.place.prefix}
        reply = await client.call("GET", None, query)
        self.empty = listing.is_empty(reply.body, client.place.prefix)
        if write:
            await probe.may_write(self._bucket)
            self._never_overwrites = await probe.never_overwrites(self._bucket)
        self._settle(await self._find_verifier(ask=write))

    async def list(
        self, prefix: str = "", *, after: str | None = None, resume: str | None = None, prune: Prune | None = None
    ) -> AsyncIterator[Page]:
        found = listing.pages(
            self._bucket.client, prefix, after=after, resume=resume, prune=prune, ordered=self.capabilities.ordered
        )
        async for page in found:
            yield page

    async def stat(self, key: str) -> Entry:
        return await self._bucket.with_tags(await self._bucket.head(key))

    def read(self, entry: Entry, span: Span | None = None) -> AbstractAsyncContextManager[Reading]:
        return Read(self._bucket, entry, span)

    async def put(
        self, key: str, body: Body, metadata: Metadata, *, if_absent: bool = False, read_back: bool = False
    ) -> Stored:
        bucket = self._bucket
        bucket.refuse_folded(key, body.size)
        headers, lost = bucket.making(metadata)
        headers.update(sent_with(bucket.verifier, body.checksums), **(bucket.dialect.if_absent if if_absent else {}))
        if if_absent:
            await self._refuse_existing(key)
        reply = await bucket.client.call("PUT", key, {}, headers, body.data, pace=body.pace)
        made = made_entry(bucket.dialect, key, body.size, metadata, reply.headers)
        return Stored(made, proof.of_put(bucket.verifier, body.checksums, made), lost)

    async def begin(self, key: str, metadata: Metadata, *, size: int | None, part_size: int) -> Upload:
        return await multipart.begin(self._bucket, key, metadata, size=size, part_size=part_size)

    async def put_part(self, upload: Upload, part: Part, body: Body) -> Receipt:
        return await multipart.put_part(self._bucket, upload, part, body)

    async def copy_part(self, upload: Upload, part: Part, origin: Origin, entry: Entry) -> Receipt:
        return await copy_part(self._bucket, upload, part, origin, entry)

    async def parts(self, upload: Upload) -> Sequence[Receipt]:
        return await multipart.parts(self._bucket, upload)

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
        if if_absent:
            await self._refuse_existing(upload.key)
        return await multipart.finish(
            self._bucket, upload, receipts, metadata, checksums=checksums, if_absent=if_absent
        )

    async def abort(self, upload: Upload) -> None:
        await multipart.abort(self._bucket, upload)

    async def uploads(self, key: str) -> Sequence[Upload]:
        return await multipart.uploads(self._bucket, key)

    async def copy(
        self, origin: Origin, entry: Entry, key: str, metadata: Metadata, *, if_absent: bool = False
    ) -> Stored:
        if if_absent:
            await self._refuse_existing(key, heeded=self._bucket.dialect.if_absent_copies)
        return await self._copying.copy(origin, entry, key, metadata, if_absent=if_absent)

    async def update(self, entry: Entry, metadata: Metadata) -> Stored:
        return await self._copying.update(entry, metadata)

    async def delete(self, keys: Sequence[str]) -> Mapping[str, TransferError]:
        return await self._deleting.delete(keys)

    async def thaw(self, entry: Entry, days: int, tier: str, span: Span | None = None) -> Thaw:
        if not self.capabilities.thaw or span is not None:
            self._unsupported("thaw")
        return await thawing.thaw(self._bucket, entry, days, tier)

    async def signed_url(self, entry: Entry, seconds: int) -> str:
        if not self.capabilities.signs:
            self._unsupported("signed_url")
        query = {"versionId": entry.version} if entry.version else {}
        return await self._bucket.client.signed_url(entry.key, query, seconds)

    async def containers(self) -> Sequence[str]:
        return await buckets.names(self._bucket.client)

    async def aclose(self) -> None:
        await self._bucket.client.aclose()

    async def _find_verifier(self, *, ask: bool) -> Verifier:
        """What the server does about checksums; with ``ask``, it may be written to in order to find out."""
        return self._bucket.verifier

    def _settle(self, verifier: Verifier) -> None:
        """Tell what was found out."""
        self._bucket.verifier = verifier
        self.capabilities = replace(
            self._bucket.dialect.capabilities,
            ordered=self._is_ordered(),
            class_names=self._class_names(),
            if_absent=self._never_overwrites,
            # A key of the user's own goes with each request, in headers that no address holds.
            signs=not self._bucket.encryption.key,
            verifies=verifier.algorithms,
            lists_cold=self._bucket.client.lists_thaws,
        )

    def _is_ordered(self) -> bool:
        return self._bucket.dialect.capabilities.ordered

    def _class_names(self) -> tuple[str, ...]:
        return self._bucket.dialect.capabilities.class_names

    async def _refuse_existing(self, key: str, *, heeded: bool = True) -> None:
        """Look first: an imitator may not know the condition that is sent with the write, if it is ``heeded`` at all.

        Raises Unsupported where the provider does not heed it.
        """
        if not self._never_overwrites:
            raise Unsupported(f"'{key}' can't be written only if it is absent: the bucket keeps versions", key=key)
        if not (heeded and self._bucket.client.endpoint.genuine) and await self._bucket.exists(key):
            raise Changed(f"'{key}' is there already", key=key)

"""One bucket's folder as a store."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import replace

from transfer.errors import Changed, TransferError
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
    Upload,
)
from transfer.plugin import Origin, Prune, Reading, Store
from transfer_s3 import listing, multipart, probe, proof
from transfer_s3.bucket import FOLDING, IF_ABSENT, Bucket
from transfer_s3.config import CAPABILITIES, LIMITS, Settings
from transfer_s3.copying import Copying, copy_part
from transfer_s3.deleting import Deleting
from transfer_s3.reading import Read
from transfer_s3.remembered import recall, remember, state_dir
from transfer_s3.results import made_entry
from transfer_s3.verifier import Verifier, sent_with

_AWS = "https://s3.amazonaws.com"


class S3Store(Store):
    """The objects of one bucket whose names start with the prefix."""

    limits = LIMITS
    paces = True

    def __init__(self, bucket: Bucket, settings: Settings, address: str | None) -> None:
        client = bucket.client
        self.url = client.place.url
        self.traffic = client.traffic
        home = address.rstrip("/") if address and not client.endpoint.aws else _AWS
        home += ".cn" * (home == _AWS and client.endpoint.host.endswith(".cn"))
        self.origin = Origin(home, client.account, client.place.bucket, client.place.prefix)
        self._bucket = bucket
        self._settings = settings
        self._copying = Copying(bucket)
        self._deleting = Deleting(bucket)
        self._settle(bucket.verifier)

    async def check(self, *, write: bool) -> None:
        client = self._bucket.client
        # A listing of one key tells more than a HEAD: errors come with a document, and it is what we will need.
        query = {"list-type": "2", "max-keys": "1", "prefix": client.place.prefix}
        reply = await client.call("GET", None, query)
        self.empty = listing.is_empty(reply.body, client.place.prefix)
        if write:
            await probe.may_write(self._bucket)
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
        headers.update(sent_with(bucket.verifier, body.checksums), **(IF_ABSENT if if_absent else {}))
        if if_absent:
            await self._refuse_existing(key)
        reply = await bucket.client.call("PUT", key, {}, headers, body.data, pace=body.pace)
        made = made_entry(key, body.size, metadata, reply.headers)
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
            await self._refuse_existing(key)
        return await self._copying.copy(origin, entry, key, metadata, if_absent=if_absent)

    async def update(self, entry: Entry, metadata: Metadata) -> Stored:
        return await self._copying.update(entry, metadata)

    async def delete(self, keys: Sequence[str]) -> Mapping[str, TransferError]:
        return await self._deleting.delete(keys)

    async def aclose(self) -> None:
        await self._bucket.client.aclose()

    async def _find_verifier(self, *, ask: bool) -> Verifier:
        """What the server does about checksums; it is asked only if we may write and nobody remembers."""
        bucket, client = self._bucket, self._bucket.client
        if self._settings.verify or client.endpoint.aws:
            return bucket.verifier
        folder, server = state_dir(self._settings.state_dir), client.server
        known = await asyncio.to_thread(recall, folder, self.origin.endpoint, server)
        if known is None and ask:
            known = await probe.find_verifier(bucket)
            await asyncio.to_thread(remember, folder, self.origin.endpoint, server, known)
        return known or bucket.verifier

    def _settle(self, verifier: Verifier) -> None:
        self._bucket.verifier = verifier
        ordered = self._settings.ordered
        if ordered is None:
            ordered = not self._bucket.client.server.startswith(FOLDING)
        self.capabilities = replace(CAPABILITIES, ordered=ordered, verifies=verifier.algorithms)

    async def _refuse_existing(self, key: str) -> None:
        """Look first: servers other than AWS may not know the condition that is sent with the write."""
        if not self._bucket.client.endpoint.aws and await self._bucket.exists(key):
            raise Changed(f"'{key}' is there already", key=key)

"""A vault as a store: archives by their names, which a journal beside it knows."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import replace
from typing import TypeVar

from transfer.costs import Estimate
from transfer.errors import TransferError, Transient, Unsupported
from transfer.model import (
    NO_CHECKSUMS,
    Body,
    Checksums,
    Entry,
    LongBody,
    Metadata,
    Page,
    Part,
    Receipt,
    Span,
    Stored,
    Thaw,
    Upload,
)
from transfer.plugin import Meter, Origin, Prune, Reading, Store
from transfer_glacier import calls, deleting, founding, listing, thawing, uploading
from transfer_glacier.billing import Billing, VaultMeter
from transfer_glacier.config import CAPABILITIES, LIMITS
from transfer_glacier.names import Names
from transfer_glacier.notices.notices import Notices
from transfer_glacier.opening import Opened
from transfer_glacier.reading import Retrieved
from transfer_glacier.retrievals import Retrievals
from transfer_glacier.turns import Turns
from transfer_glacier.vault import Vault


class GlacierStore(Store):
    """The newest archives of the names that start with the prefix. ``remedy`` is what to do where nobody answers."""

    paces = True
    finishes_again = True
    limits = LIMITS

    def __init__(self, vault: Vault, remedy: str) -> None:
        client = vault.client
        place, endpoint = client.place, client.endpoint
        self.url = place.url
        self.traffic = client.traffic
        self.origin = Origin(endpoint.url("", ""), client.account, place.vault, place.prefix)
        # Versions are listed behind their names, among which others may lie.
        ordered, told = not vault.settings.versions, vault.notices is not None
        self.capabilities = replace(CAPABILITIES, ordered=ordered, tells_thawed=told)
        self._vault = vault
        self._remedy = remedy

    async def check(self, *, write: bool) -> None:
        await self._vault.billing.see()
        try:
            await founding.found(self._vault)
        except Transient as error:
            if error.code is None:  # no answer, and perhaps not the server that was meant
                raise Transient(f"{error.message}; {self._remedy}") from None
            raise
        self.empty = not await self._vault.names.page("", None)
        if write:
            await self._vault.names.start()  # an archive could not be written down once it is there
            await uploading.try_out(self._vault)

    async def list(
        self, prefix: str = "", *, after: str | None = None, resume: str | None = None, prune: Prune | None = None
    ) -> AsyncIterator[Page]:
        async for page in listing.pages(self._vault, prefix, after=after, resume=resume):
            yield page

    async def stat(self, key: str) -> Entry:
        return await listing.look(self._vault, key)

    def read(self, entry: Entry, span: Span | None = None) -> AbstractAsyncContextManager[Reading]:
        return Retrieved(self._vault, entry, span)

    async def put(
        self, key: str, body: Body, metadata: Metadata, *, if_absent: bool = False, read_back: bool = False
    ) -> Stored:
        _refuse_condition(if_absent=if_absent)
        return await uploading.put(self._vault, key, body, metadata)

    async def begin(self, key: str, metadata: Metadata, *, size: int | None, part_size: int) -> Upload:
        return await uploading.begin(self._vault, key, metadata, size=size, part_size=part_size)

    async def put_part(self, upload: Upload, part: Part, body: Body) -> Receipt:
        return await uploading.put_part(self._vault, upload, part, body)

    async def put_long_part(self, upload: Upload, part: Part, body: LongBody) -> Receipt:
        return await uploading.put_part(self._vault, upload, part, body)

    async def parts(self, upload: Upload) -> Sequence[Receipt]:
        return await uploading.parts(self._vault, upload)

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
        _refuse_condition(if_absent=if_absent)
        return await uploading.finish(self._vault, upload, receipts, metadata, checksums)

    async def abort(self, upload: Upload) -> None:
        await uploading.abort(self._vault, upload)

    async def uploads(self, key: str) -> Sequence[Upload]:
        return await uploading.uploads(self._vault, key)

    async def delete(self, keys: Sequence[str]) -> Mapping[str, TransferError]:
        return await deleting.delete(self._vault, keys)

    async def thaw(self, entry: Entry, days: int, tier: str, span: Span | None = None) -> Thaw:
        return await thawing.thaw(self._vault, entry, tier, span)

    async def thaws(self) -> Sequence[Thaw]:
        return await thawing.thaws(self._vault)

    async def thawed(self) -> None:
        if self._vault.notices is None:
            self._unsupported("thawed")
        await self._vault.notices.job_done()
        self._vault.retrievals.doubt()

    async def meter(self) -> Meter:
        vault = self._vault
        return VaultMeter(await vault.billing.new(), vault.names, vault.now_s(), keeps=vault.settings.each_alone)

    async def spent(self) -> Estimate:
        return (await self._vault.billing.spent()).estimate()

    async def containers(self) -> Sequence[str]:
        return [vault.name async for vault in calls.vaults(self._vault.client)]

    async def aclose(self) -> None:
        await self._vault.names.aclose()
        if self._vault.notices is not None:
            await self._vault.notices.aclose()
        await self._vault.client.aclose()


def _refuse_condition(*, if_absent: bool) -> None:
    if if_absent:
        raise Unsupported("A vault can't be told to refuse a name that is there already")


S = TypeVar("S", bound=GlacierStore)


def store_of(opened: Opened, kind: type[S]) -> S:
    """The store that was opened; nothing is sent yet."""
    client, settings = opened.client, opened.settings
    names = Names(client.place, founding.locator(client, settings), settings.journal_encoding)
    retrievals = Retrievals(client)
    turns = Turns(names.turns, retrievals.doubt)
    notices = Notices(client, opened.queue) if opened.queue is not None else None
    billing = Billing(client.region, settings.prices)
    return kind(Vault(client, settings, names, retrievals, turns, billing, notices), opened.remedy)

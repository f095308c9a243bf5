"""What every layer is: a store that hands each call on to the one that it wraps."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from typing import TypeVar

from transfer.costs import Estimate
from transfer.errors import TransferError
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
from transfer.plugin import Capabilities, Limits, Meter, Origin, Prune, Reading, Store, Traffic

T = TypeVar("T")


class Layer(Store):
    """Delegates everything, each plain call by way of :meth:`_call`, which a layer overrides.

    ``list`` and ``read`` go on for a while, so a layer overrides them by themselves. The
    attributes are read from the wrapped store each time, since its
    :meth:`~transfer.plugin.Store.check` may refine them.
    """

    def __init__(self, inner: Store) -> None:
        self._inner = inner

    @property
    def url(self) -> str:  # type: ignore[override]
        return self._inner.url

    @property
    def origin(self) -> Origin:  # type: ignore[override]
        return self._inner.origin

    @property
    def capabilities(self) -> Capabilities:  # type: ignore[override]
        return self._inner.capabilities

    @property
    def limits(self) -> Limits:  # type: ignore[override]
        return self._inner.limits

    @property
    def traffic(self) -> Traffic | None:  # type: ignore[override]
        return self._inner.traffic

    @property
    def private(self) -> bool:  # type: ignore[override]
        return self._inner.private

    @property
    def paces(self) -> bool:  # type: ignore[override]
        return self._inner.paces

    @property
    def finishes_again(self) -> bool:  # type: ignore[override]
        return self._inner.finishes_again

    @property
    def empty(self) -> bool:  # type: ignore[override]
        return self._inner.empty

    async def check(self, *, write: bool) -> None:
        await self._call(f"check {self.url}", lambda: self._inner.check(write=write))

    def list(
        self, prefix: str = "", *, after: str | None = None, resume: str | None = None, prune: Prune | None = None
    ) -> AsyncIterator[Page]:
        return self._inner.list(prefix, after=after, resume=resume, prune=prune)

    async def stat(self, key: str) -> Entry:
        return await self._call(f"stat {key}", lambda: self._inner.stat(key))

    def read(self, entry: Entry, span: Span | None = None) -> AbstractAsyncContextManager[Reading]:
        return self._inner.read(entry, span)

    async def put(
        self, key: str, body: Body, metadata: Metadata, *, if_absent: bool = False, read_back: bool = False
    ) -> Stored:
        return await self._call(
            f"put {key}", lambda: self._inner.put(key, body, metadata, if_absent=if_absent, read_back=read_back)
        )

    async def begin(self, key: str, metadata: Metadata, *, size: int | None, part_size: int) -> Upload:
        return await self._call(
            f"begin {key}", lambda: self._inner.begin(key, metadata, size=size, part_size=part_size)
        )

    async def put_part(self, upload: Upload, part: Part, body: Body) -> Receipt:
        return await self._call(
            f"put part {part.number} of {upload.key}", lambda: self._inner.put_part(upload, part, body)
        )

    async def put_long_part(self, upload: Upload, part: Part, body: LongBody) -> Receipt:
        return await self._call(
            f"put part {part.number} of {upload.key}", lambda: self._inner.put_long_part(upload, part, body)
        )

    async def copy_part(self, upload: Upload, part: Part, origin: Origin, entry: Entry) -> Receipt:
        return await self._call(
            f"copy part {part.number} of {upload.key}", lambda: self._inner.copy_part(upload, part, origin, entry)
        )

    async def parts(self, upload: Upload) -> Sequence[Receipt]:
        return await self._call(f"list parts of {upload.key}", lambda: self._inner.parts(upload))

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
        return await self._call(
            f"finish {upload.key}",
            lambda: self._inner.finish(
                upload, receipts, metadata, checksums=checksums, if_absent=if_absent, read_back=read_back
            ),
        )

    async def abort(self, upload: Upload) -> None:
        await self._call(f"abort {upload.key}", lambda: self._inner.abort(upload))

    async def uploads(self, key: str) -> Sequence[Upload]:
        return await self._call(f"list uploads of {key}", lambda: self._inner.uploads(key))

    async def copy(
        self, origin: Origin, entry: Entry, key: str, metadata: Metadata, *, if_absent: bool = False
    ) -> Stored:
        return await self._call(
            f"copy {key}", lambda: self._inner.copy(origin, entry, key, metadata, if_absent=if_absent)
        )

    async def update(self, entry: Entry, metadata: Metadata) -> Stored:
        return await self._call(f"update {entry.key}", lambda: self._inner.update(entry, metadata))

    async def delete(self, keys: Sequence[str]) -> Mapping[str, TransferError]:
        return await self._call(f"delete {len(keys)} objects", lambda: self._inner.delete(keys))

    async def thaw(self, entry: Entry, days: int, tier: str, span: Span | None = None) -> Thaw:
        return await self._call(f"thaw {entry.key}", lambda: self._inner.thaw(entry, days, tier, span))

    async def thaws(self) -> Sequence[Thaw]:
        return await self._call("list thaws", self._inner.thaws)

    async def thawed(self) -> None:
        """No layer has a part in it: it lasts for hours, in which it must hold no slot, and who waits has tries."""
        await self._inner.thawed()

    async def meter(self) -> Meter:
        return await self._inner.meter()

    async def spent(self) -> Estimate:
        return await self._inner.spent()

    async def signed_url(self, entry: Entry, seconds: int) -> str:
        return await self._call(f"sign {entry.key}", lambda: self._inner.signed_url(entry, seconds))

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
        return await self._call(
            f"fetch {key}",
            lambda: self._inner.fetch(
                url, entry, key, metadata, checksums=checksums, replacing=replacing, if_absent=if_absent
            ),
        )

    async def fetched(self, fetch: Upload) -> Stored | None:
        return await self._call(f"look for {fetch.key}", lambda: self._inner.fetched(fetch))

    async def containers(self) -> Sequence[str]:
        return await self._call("list the buckets", self._inner.containers)

    async def aclose(self) -> None:
        await self._inner.aclose()

    async def _call(self, what: str, call: Callable[[], Awaitable[T]]) -> T:
        """Do ``call``, in whichever way this layer does calls; ``what`` names it to people."""
        return await call()


async def close_pages(pages: AsyncIterator[Page]) -> None:
    """End a listing that may have been left early, if it is one that can be ended."""
    if isinstance(pages, AsyncGenerator):
        await pages.aclose()

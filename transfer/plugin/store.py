"""The store protocol: one side of a transfer."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import NoReturn, Protocol

from transfer.costs import Estimate
from transfer.errors import TransferError, Unsupported
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
from transfer.plugin.abilities import Capabilities, Limits
from transfer.plugin.meter import Meter

Prune = Callable[[str], bool]
"""Asked with a folder's key (ending in ``/``): may the listing leave it out altogether?"""


@dataclass(slots=True)
class Traffic:
    """Bytes of objects that have crossed a store's border so far, counted as they cross and not when a call ends."""

    read: int = 0
    written: int = 0
    turn: Callable[[], Awaitable[None]] | None = None
    """Where it is there, the store awaits it ahead of each request that it sends, of whatever kind."""


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a store's objects are, comparable with another store's.

    ``endpoint`` names the place (scheme and host, ``file:`` for disks); ``account`` tells
    credentials apart without revealing them; ``container`` is the bucket (or, on disk, the
    empty string); ``prefix`` is what keys are relative to: empty, or ending in ``/``.
    """

    endpoint: str
    account: str
    container: str
    prefix: str


class Reading(Protocol):
    """A read in progress."""

    @property
    def entry(self) -> Entry:
        """The object as the reply tells of it; for a ranged read ``size`` is still the whole object's."""

    @property
    def size(self) -> int | None:
        """Bytes that this read will give; None where the store can't tell ahead."""

    async def readinto(self, view: memoryview) -> int:
        """Fill ``view`` as far as bytes are left; return how many were written into it.

        Less than ``len(view)`` means the end. Raises Transient when the body breaks or is
        shorter than announced, Changed when the source changed underway.
        """


class Store:
    """One side of a transfer: a bucket with a prefix, or a folder."""

    url: str
    """For people; safe to print."""
    origin: Origin
    capabilities: Capabilities = Capabilities()
    limits: Limits = Limits()
    traffic: Traffic | None = None
    """Kept by stores behind a network; None where calls are so short that counting ended ones is as good."""
    private: bool = False
    """Whether what is in it is seen by this process alone, so that no other can open it."""
    paces: bool = False
    """Whether :meth:`put`, :meth:`put_part` and :meth:`put_long_part` send bit by bit, and heed ``body.pace``."""
    finishes_again: bool = False
    """Whether :meth:`finish`, made again soon after it succeeded, makes the same object once more and not another."""
    empty: bool = False
    """Whether :meth:`check` has seen that nothing is in it, where that cost no request more."""

    async def check(self, *, write: bool) -> None:
        """See that the store is there and reachable, and find out what it can do.

        With ``write``, also that it may be written to, leaving nothing behind. Without,
        nothing is written at all. Raises Misconfigured, NotFound, Denied.
        """
        self._unsupported("check")

    def list(
        self, prefix: str = "", *, after: str | None = None, resume: str | None = None, prune: Prune | None = None
    ) -> AsyncIterator[Page]:
        """All entries whose key starts with ``prefix``, in pages, each key once.

        ``after`` leaves out keys up to and including it (only where ``ordered``); ``resume``
        goes on behind a page of an earlier, equal call. ``prune`` is a hint.
        """
        self._unsupported("list")

    async def stat(self, key: str) -> Entry:
        """The object with every field known. Raises NotFound."""
        self._unsupported("stat")

    def read(self, entry: Entry, span: Span | None = None) -> AbstractAsyncContextManager[Reading]:
        """Open the object, or a span of it, for reading, guarded against change.

        Raises Changed if the object is not any more as ``entry`` knows it (ETag, version,
        identity; fields that are None are not compared), NotFound, Frozen, Denied.
        """
        self._unsupported("read")

    async def put(
        self, key: str, body: Body, metadata: Metadata, *, if_absent: bool = False, read_back: bool = False
    ) -> Stored:
        """Write a whole object; it becomes visible whole or not at all."""
        self._unsupported("put")

    async def begin(self, key: str, metadata: Metadata, *, size: int | None, part_size: int) -> Upload:
        """Open a multipart upload. Nothing becomes visible before :meth:`finish`."""
        self._unsupported("begin")

    async def put_part(self, upload: Upload, part: Part, body: Body) -> Receipt:
        """Send one part; parts may come in any order, and again. Raises NotFound if the upload is gone."""
        self._unsupported("put_part")

    async def put_long_part(self, upload: Upload, part: Part, body: LongBody) -> Receipt:
        """Like :meth:`put_part`, of bytes that are read as they are sent. ``body`` has the checksums that a put has."""
        self._unsupported("put_long_part")

    async def copy_part(self, upload: Upload, part: Part, origin: Origin, entry: Entry) -> Receipt:
        """Have the provider copy ``part.span`` of ``entry`` at ``origin`` as a part."""
        self._unsupported("copy_part")

    async def parts(self, upload: Upload) -> Sequence[Receipt]:
        """The parts that the provider holds, by number. Raises NotFound if the upload is gone."""
        self._unsupported("parts")

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
        """Make the object out of its parts, which come sorted by number.

        ``checksums`` are the whole object's, where they could be combined from the parts'.
        Raises NotFound if the upload is gone (perhaps because an earlier finish succeeded).
        """
        self._unsupported("finish")

    async def abort(self, upload: Upload) -> None:
        """Drop the upload and its parts. An upload that is gone already is no error."""
        self._unsupported("abort")

    async def uploads(self, key: str) -> Sequence[Upload]:
        """The open multipart uploads of exactly this key; ``extra["initiated_ns"]`` tells when.

        Raises Unsupported where the provider has no listing of them.
        """
        self._unsupported("uploads")

    async def copy(
        self, origin: Origin, entry: Entry, key: str, metadata: Metadata, *, if_absent: bool = False
    ) -> Stored:
        """Have the provider copy an object of a store at ``origin`` to ``key`` here.

        ``metadata`` replaces the source's. Only where endpoint and account are the same.
        """
        self._unsupported("copy")

    async def update(self, entry: Entry, metadata: Metadata) -> Stored:
        """Replace the metadata of an object, whose bytes stay. Raises Unsupported where that can't be done in place."""
        self._unsupported("update")

    async def delete(self, keys: Sequence[str]) -> Mapping[str, TransferError]:
        """Delete up to ``limits.delete_batch`` objects; returns those that failed and why.

        A key that is not there counts as deleted.
        """
        self._unsupported("delete")

    async def thaw(self, entry: Entry, days: int, tier: str, span: Span | None = None) -> Thaw:
        """Ask for a cold object, or a span of it, to be made readable for ``days``.

        ``tier`` is one of ``capabilities.thaw_tiers``, or empty for the provider's own. Asked again while it goes on,
        or while the bytes are readable, it tells so and costs nothing more. Raises Unsupported for what needs no
        thaw, and where days, tier or span can't be had; Throttled where the provider has no room for that tier now.
        """
        self._unsupported("thaw")

    async def thaws(self) -> Sequence[Thaw]:
        """What was asked for lately, by whomever, and whatever came of it: at least all of the last 24 hours."""
        self._unsupported("thaws")

    async def thawed(self) -> None:
        """Return once word has come that something has thawed, which may be never. It is cancelled when nobody waits.

        Word may be late, come twice or be lost: it is a reason to look now, and :meth:`thaws` or :meth:`stat` tells
        what is so. Raises what keeps it from coming.
        """
        self._unsupported("thawed")

    async def meter(self) -> Meter:
        """A new one, by which to tell what a plan will cost here. Raises Misconfigured where prices can't be had."""
        self._unsupported("meter")

    async def spent(self) -> Estimate:
        """What was asked for through this object comes to, by the same prices."""
        self._unsupported("spent")

    async def signed_url(self, entry: Entry, seconds: int) -> str:
        """An address from which anybody can GET the object for ``seconds``, or until the credentials end.

        It leads to the version that ``entry`` names, or else to whatever has its key then. Treat it as a secret.
        """
        self._unsupported("signed_url")

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
        """Ask the provider to get the object at ``url``, of which ``entry`` tells, and to write it as ``key``.

        Returns as soon as that is to be done, with what :meth:`fetched` is asked by: an upload without parts, whose
        ``part_size`` is 0, and whose ``extra["initiated_ns"]`` tells when. Of ``metadata`` goes along what can't be
        set later; the rest is :meth:`update`'s. ``checksums`` are the object's, as far as they are known: the
        provider is to write nothing else. ``replacing`` is what ``key`` has now. ``url`` is a secret.
        """
        self._unsupported("fetch")

    async def fetched(self, fetch: Upload) -> Stored | None:
        """The object, once the provider has written it; None while it is at work.

        Proven where it compared ``checksums``. Raises NotFound where it has tried and nothing was written: it may try
        again by itself, so the caller asks once more after a while.
        """
        self._unsupported("fetched")

    async def containers(self) -> Sequence[str]:
        """The names of all containers that may be seen, of a store that :meth:`Service.open_all` made."""
        self._unsupported("containers")

    async def aclose(self) -> None:
        """Let go of connections and threads. Idempotent."""

    def _unsupported(self, verb: str) -> NoReturn:
        raise Unsupported(f"{type(self).__name__} has no '{verb}'")

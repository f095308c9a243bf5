"""A store in this process's memory: the smallest one that can do everything.

It is the template for a new plugin, and the reference for what each call means.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace

from transfer.errors import Changed, TransferError, Unsupported
from transfer.model import (
    NO_CHECKSUMS,
    UNPROVEN,
    Algorithm,
    Body,
    Checksums,
    Entry,
    Kind,
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
from transfer.plugin import Origin, Prune, Store, StoreOptions
from transfer_memory.bucket import Bucket, Object, Pending, assemble, bucket, compare, receive
from transfer_memory.config import CAPABILITIES, LIMITS, PAGE


class MemoryStore(Store):
    """The objects of one named bucket whose names start with the prefix."""

    capabilities = CAPABILITIES
    limits = LIMITS

    private = True

    def __init__(self, origin: Origin, options: StoreOptions) -> None:
        self.origin = origin
        self.url = f"memory://{origin.container}/{origin.prefix}"
        self._bucket = bucket(origin.container)
        self._tags = options.tags

    async def check(self, *, write: bool) -> None:
        """Always there, always writable."""
        prefix = self.origin.prefix
        self.empty = not any(name.startswith(prefix) for name in self._bucket.objects)

    async def list(
        self, prefix: str = "", *, after: str | None = None, resume: str | None = None, prune: Prune | None = None
    ) -> AsyncIterator[Page]:
        # Code points sort as their UTF-8 bytes do.
        start = self.origin.prefix + prefix
        names = sorted(name for name in self._bucket.objects if name.startswith(start) and name != self.origin.prefix)
        begin = max((bisect_right(names, self.origin.prefix + key) for key in (after, resume) if key), default=0)
        for first in range(begin, len(names), PAGE):
            chosen = names[first : first + PAGE]
            there = [(name, self._bucket.objects[name]) for name in chosen if name in self._bucket.objects]
            yield Page(tuple(self._listed(name, found) for name, found in there), resume=self._key(chosen[-1]))

    async def stat(self, key: str) -> Entry:
        return self._known(key, self._bucket.get(self._name(key)))

    @asynccontextmanager
    async def read(self, entry: Entry, span: Span | None = None) -> AsyncIterator[MemoryReading]:
        found = _unchanged(self._bucket, self._name(entry.key), entry)
        whole = memoryview(found.data)
        chosen = whole if span is None else whole[span.offset : span.offset + span.size]
        yield MemoryReading(self._known(entry.key, found), chosen)

    async def put(
        self, key: str, body: Body, metadata: Metadata, *, if_absent: bool = False, read_back: bool = False
    ) -> Stored:
        name = self._name(key)
        piece = await receive(body, key)
        checksums = {Algorithm.CRC64NVME: piece.checksums[Algorithm.CRC64NVME]}
        made = self._bucket.set(name, Object(piece.data, metadata, piece.etag, checksums), if_absent=if_absent)
        return Stored(self._known(key, made), _proof((body.checksums,)))

    async def begin(self, key: str, metadata: Metadata, *, size: int | None, part_size: int) -> Upload:
        upload_id = f"upload-{next(self._bucket.ids)}"
        self._bucket.uploads[upload_id] = Pending(self._name(key), metadata, part_size, size)
        return Upload(key, upload_id, size, part_size)

    async def put_part(self, upload: Upload, part: Part, body: Body) -> Receipt:
        pending = self._bucket.pending(upload.id)
        piece = await receive(body, f"{upload.key}, part {part.number}")
        pending.parts[part.number] = piece
        return Receipt(part.number, body.size, piece.etag, body.checksums)

    async def copy_part(self, upload: Upload, part: Part, origin: Origin, entry: Entry) -> Receipt:
        pending = self._bucket.pending(upload.id)
        found = _unchanged(self._at(origin), origin.prefix + entry.key, entry)
        piece = await receive(Body(found.data[part.offset : part.offset + part.size]), upload.key)
        pending.parts[part.number] = piece
        return Receipt(part.number, len(piece.data), piece.etag, piece.checksums)

    async def parts(self, upload: Upload) -> Sequence[Receipt]:
        held = self._bucket.pending(upload.id).parts
        return [Receipt(number, len(held[number].data), held[number].etag) for number in sorted(held)]

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
        made = assemble(self._bucket.pending(upload.id), receipts)
        compare(made.checksums, checksums, upload.key)
        self._bucket.set(self._name(upload.key), made, if_absent=if_absent)
        del self._bucket.uploads[upload.id]
        proof = _proof((checksums,) if checksums else (receipt.checksums for receipt in receipts))
        return Stored(self._known(upload.key, made), proof)

    async def abort(self, upload: Upload) -> None:
        self._bucket.uploads.pop(upload.id, None)

    async def uploads(self, key: str) -> Sequence[Upload]:
        return [
            Upload(key, upload_id, open_.size, open_.part_size, {"initiated_ns": str(open_.began_ns)})
            for upload_id, open_ in self._bucket.uploads.items()
            if open_.name == self._name(key)
        ]

    async def copy(
        self, origin: Origin, entry: Entry, key: str, metadata: Metadata, *, if_absent: bool = False
    ) -> Stored:
        name = self._name(key)
        found = _unchanged(self._at(origin), origin.prefix + entry.key, entry)
        made = self._bucket.set(name, Object(found.data, metadata, found.etag, found.checksums), if_absent=if_absent)
        # Both sides' checksums were computed here, of the bytes themselves.
        return Stored(self._known(key, made), Proof(Proven.VERIFIED, Algorithm.CRC64NVME))

    async def update(self, entry: Entry, metadata: Metadata) -> Stored:
        return await self.copy(self.origin, entry, entry.key, metadata)

    async def delete(self, keys: Sequence[str]) -> Mapping[str, TransferError]:
        for key in keys:
            self._bucket.objects.pop(self._name(key), None)
        return {}

    def _name(self, key: str) -> str:
        """The object's full name in the bucket. Raises Unsupported for a key that can't be one."""
        try:
            size = len((self.origin.prefix + key).encode())
        except UnicodeEncodeError:
            raise Unsupported(f"The key {key!a} is not valid Unicode", key=key) from None
        if not key or size > (LIMITS.max_key or size):
            raise Unsupported(f"A key has 1 to {LIMITS.max_key} bytes, '{key}' has {size}", key=key)
        return self.origin.prefix + key

    def _key(self, name: str) -> str:
        return name.removeprefix(self.origin.prefix)

    def _at(self, origin: Origin) -> Bucket:
        if origin.endpoint != self.origin.endpoint:
            raise Unsupported(f"Objects at '{origin.endpoint}' can't be copied inside this process")
        return bucket(origin.container)

    def _listed(self, name: str, found: Object) -> Entry:
        """The little that a provider's listing tells."""
        return Entry(self._key(name), len(found.data), modified_ns=found.modified_ns, etag=found.etag)

    def _known(self, key: str, found: Object) -> Entry:
        """Everything there is to know of an object."""
        posix = found.metadata.posix
        return Entry(
            key,
            len(found.data),
            mtime_ns=posix.mtime_ns,
            modified_ns=found.modified_ns,
            etag=found.etag,
            checksums=found.checksums,
            metadata=found.metadata if self._tags else replace(found.metadata, tags=None),
            storage_class=found.metadata.storage_class,
            kind=Kind.OBJECT if posix.link_target is None else Kind.SYMLINK,
        )


class MemoryReading:
    """A read in progress; the object can't change underway."""

    def __init__(self, entry: Entry, left: memoryview) -> None:
        self.entry = entry
        self.size: int | None = len(left)
        self._left = left

    async def readinto(self, view: memoryview) -> int:
        size = min(len(view), len(self._left))
        view[:size] = self._left[:size]
        self._left = self._left[size:]
        return size


def _unchanged(where: Bucket, name: str, entry: Entry) -> Object:
    """The object, if it still is as the entry knows it. Raises Changed, NotFound."""
    found = where.get(name)
    if entry.etag not in (None, found.etag):
        raise Changed(f"'{entry.key}' has changed since it was listed", key=entry.key, code="PreconditionFailed")
    return found


def _proof(claimed: Iterable[Checksums]) -> Proof:
    """What it proves that these checksums, of the whole or of every part, were compared with our own."""
    pieces = tuple(claimed)
    for algorithm in CAPABILITIES.verifies:
        if pieces and all(algorithm in piece for piece in pieces):
            return Proof(Proven.VERIFIED, algorithm)
    return UNPROVEN

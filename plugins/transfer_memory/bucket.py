"""The buckets of this process: what a provider would have on its side of the wire."""

from __future__ import annotations

import itertools
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

from transfer.checksums import combine, digest_off_loop, md5_etag
from transfer.errors import Changed, Corrupt, NotFound, Unsupported
from transfer.model import Algorithm, Body, Checksums, Metadata, Receipt


@dataclass(frozen=True, slots=True)
class Piece:
    """Bytes that have arrived, with the checksums that were computed of them here."""

    data: bytes
    checksums: Checksums

    @property
    def etag(self) -> str:
        return self.checksums[Algorithm.MD5].hex()


@dataclass(frozen=True, slots=True)
class Object:
    """An object, never changed once it is there: writing replaces it."""

    data: bytes
    metadata: Metadata
    etag: str
    checksums: Checksums
    modified_ns: int = field(default_factory=time.time_ns)


@dataclass(frozen=True, slots=True)
class Pending:
    """A multipart upload and the parts that it has so far."""

    name: str
    metadata: Metadata
    part_size: int
    size: int | None
    began_ns: int = field(default_factory=time.time_ns)
    parts: dict[int, Piece] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Bucket:
    """Objects by their full name, and open uploads by their id."""

    objects: dict[str, Object] = field(default_factory=dict)
    uploads: dict[str, Pending] = field(default_factory=dict)
    ids: itertools.count[int] = field(default_factory=lambda: itertools.count(1))

    def get(self, name: str) -> Object:
        """The object called ``name``. Raises NotFound."""
        try:
            return self.objects[name]
        except KeyError:
            raise NotFound(f"There is no object '{name}'", key=name) from None

    def set(self, name: str, made: Object, *, if_absent: bool) -> Object:
        """Make the object visible. Raises Changed where one may not be replaced."""
        if if_absent and name in self.objects:
            raise Changed(f"'{name}' came into being meanwhile", key=name)
        self.objects[name] = made
        return made

    def pending(self, upload_id: str) -> Pending:
        """The open upload of that id. Raises NotFound."""
        try:
            return self.uploads[upload_id]
        except KeyError:
            raise NotFound(f"There is no upload '{upload_id}'") from None


_buckets: dict[str, Bucket] = {}


def bucket(name: str) -> Bucket:
    """The bucket of that name, the same for every store of this process; made at its first use."""
    return _buckets.setdefault(name, Bucket())


async def receive(body: Body, what: str) -> Piece:
    """Take a body in, as a server does: copy it, compute checksums, refuse what differs.

    Raises Corrupt.
    """
    data = bytes(body.data)
    computed = await digest_off_loop(data, (Algorithm.CRC64NVME, Algorithm.MD5))
    compare(computed, body.checksums, what)
    return Piece(data, computed)


def compare(computed: Checksums, claimed: Checksums, what: str) -> None:
    """Raises Corrupt if a checksum that came with the bytes is not the one computed of them."""
    for algorithm in computed.keys() & claimed.keys():
        if computed[algorithm] != claimed[algorithm]:
            raise Corrupt(f"The bytes of '{what}' do not match their {algorithm}", key=what, code="BadDigest")


def assemble(pending: Pending, receipts: Sequence[Receipt]) -> Object:
    """The object that the named parts make, in that order.

    Raises Corrupt where a part is missing or another, Unsupported without any.
    """
    if not receipts:
        raise Unsupported(f"The upload of '{pending.name}' has no part", key=pending.name)
    pieces = [_held(pending, receipt) for receipt in receipts]
    crc64 = combine(Algorithm.CRC64NVME, [(p.checksums[Algorithm.CRC64NVME], len(p.data)) for p in pieces])
    return Object(
        data=b"".join(piece.data for piece in pieces),
        metadata=pending.metadata,
        etag=md5_etag([piece.checksums[Algorithm.MD5] for piece in pieces]),
        checksums={Algorithm.CRC64NVME: crc64},
    )


def _held(pending: Pending, receipt: Receipt) -> Piece:
    piece = pending.parts.get(receipt.number)
    if piece is None or piece.etag != receipt.etag:
        raise Corrupt(
            f"Part {receipt.number} of '{pending.name}' is not the one that was sent",
            key=pending.name,
            code="InvalidPart",
        )
    compare(piece.checksums, receipt.checksums, pending.name)
    return piece

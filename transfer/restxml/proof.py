"""What a server's replies prove about an object, and nothing more."""

from __future__ import annotations

from collections.abc import Sequence

from transfer.checksums import md5_etag
from transfer.errors import Corrupt
from transfer.model import UNPROVEN, Algorithm, Checksums, Entry, Part, Proof, Proven, Receipt
from transfer.restxml.verifier import Verifier, md5_of


def of_put(verifier: Verifier, sent: Checksums, made: Entry) -> Proof:
    """What a PUT proves that had the checksums ``sent`` of its bytes. Raises Corrupt."""
    algorithm = verifier.kept
    if algorithm is not None and algorithm in sent:
        told = compare(sent, made)
        # What it was sent it has compared by itself.
        return Proof(Proven.VERIFIED, algorithm) if algorithm in (told, verifier.sent) else UNPROVEN
    if verifier is Verifier.MD5 and Algorithm.MD5 in sent:
        return Proof(Proven.VERIFIED, Algorithm.MD5)
    if verifier is Verifier.NONE or Algorithm.MD5 not in sent:
        return UNPROVEN
    if md5_of(made.etag) == sent[Algorithm.MD5]:
        return Proof(Proven.VERIFIED, "etag")
    if verifier is Verifier.ETAG and not made.encrypted_etag:
        compare_etag(sent, made.etag, made.key)
    return UNPROVEN


def compare_etag(sent: Checksums, etag: str | None, key: str) -> None:
    """Raise Corrupt if an ETag that is known to be an MD5 is another one than that of the bytes sent."""
    computed = md5_of(etag)
    if computed is not None and Algorithm.MD5 in sent and computed != sent[Algorithm.MD5]:
        raise Corrupt(f"'{key}' arrived with other bytes than were sent: its ETag differs", key=key)


def compare_part(sent: Checksums, told: Checksums, part: Part, key: str) -> None:
    """Raise Corrupt if the server computed another checksum of a part than we did."""
    if any(told.get(algorithm, digest) != digest for algorithm, digest in sent.items()):
        raise Corrupt(f"Part {part.number} of '{key}' arrived with other bytes than were sent", key=key)


def of_parts(verifier: Verifier, sent: Checksums, receipts: Sequence[Receipt], told: Sequence[Entry]) -> Proof:
    """What a finished multipart upload proves; ``sent`` are the whole object's checksums.

    ``told`` is the object as the reply and as a HEAD tell of it. Raises Corrupt.
    """
    algorithm = verifier.kept
    for made in told:
        compare(sent, made)
        if algorithm is not None and algorithm in sent and algorithm in made.checksums:
            return Proof(Proven.VERIFIED, algorithm)
    ours = [receipt.checksums[Algorithm.MD5] for receipt in receipts if Algorithm.MD5 in receipt.checksums]
    if verifier is not Verifier.NONE and len(ours) == len(receipts) and md5_etag(ours) in [made.etag for made in told]:
        return Proof(Proven.VERIFIED, "etag")
    return UNPROVEN


def of_copy(source: Entry, made: Entry) -> Proof:
    """What two entries prove of each other: equal ETags that are MD5s, or equal checksums. Raises Corrupt."""
    if md5_of(source.etag) is not None and source.etag == made.etag:
        return Proof(Proven.VERIFIED, "etag")
    common = compare(source.checksums, made)
    return Proof(Proven.VERIFIED, common) if common is not None and source.size == made.size else UNPROVEN


def compare(ours: Checksums, made: Entry) -> Algorithm | None:
    """The algorithm by which the two agree; None where they have none in common. Raises Corrupt."""
    for algorithm, digest in made.checksums.items():
        if algorithm in ours:
            if ours[algorithm] != digest:
                message = f"'{made.key}' has another {algorithm} at the server than the bytes sent"
                raise Corrupt(message, key=made.key)
            return algorithm
    return None

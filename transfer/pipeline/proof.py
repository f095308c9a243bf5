"""Which checksums to take, and what they prove. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache

from transfer.checksums import combinable, combine, md5_etag
from transfer.model import UNPROVEN, Algorithm, Checksums, Entry, Proof, Proven, Receipt

ALWAYS = Algorithm.CRC64NVME
"""Taken of everything: costs next to nothing, combines over parts, and the checkpoint keeps it."""

_BY_COST = (
    Algorithm.CRC64NVME,
    Algorithm.CRC64XZ,
    Algorithm.CRC32C,
    Algorithm.CRC32,
    Algorithm.SHA256,
    Algorithm.TREE_SHA256,
    Algorithm.SHA1,
    Algorithm.MD5,
)


def source_check(checksums: Checksums, *, in_parts: Sequence[int] = ()) -> Algorithm | None:
    """The cheapest checksum of the source's with which what was read can be checked.

    ``in_parts`` has the parts' sizes, where the object is not read in one go.
    """
    for algorithm in _BY_COST:
        if algorithm in checksums and (not in_parts or combinable(algorithm, in_parts)):
            return algorithm
    return None


@cache
def needed(
    verifies: tuple[Algorithm, ...], check: Algorithm | None, sends: tuple[Algorithm, ...] = ()
) -> frozenset[Algorithm]:
    """The checksums to take in one pass over the bytes."""
    wanted = {ALWAYS, *verifies[:1], *sends}
    if check is not None:
        wanted.add(check)
    return frozenset(wanted)


def whole(receipts: Sequence[Receipt]) -> Checksums:
    """The object's checksums, as far as its parts' combine. Receipts in order."""
    if not receipts:
        return {}
    common = frozenset.intersection(*(frozenset(receipt.checksums) for receipt in receipts))
    sizes = [receipt.size for receipt in receipts]
    return {
        algorithm: combine(algorithm, [(receipt.checksums[algorithm], receipt.size) for receipt in receipts])
        for algorithm in common
        if combinable(algorithm, sizes)
    }


def agreed(ours: Sequence[Receipt], theirs: Sequence[Receipt]) -> Mapping[int, Receipt]:
    """Of our receipts, by number, those that the provider's list of parts bears out.

    Number and size must agree and an ETag or a checksum too; whatever both know must not differ.
    """
    held = {receipt.number: receipt for receipt in theirs}
    return {receipt.number: receipt for receipt in ours if _bears_out(receipt, held.get(receipt.number))}


def _bears_out(ours: Receipt, theirs: Receipt | None) -> bool:
    if theirs is None or theirs.size != ours.size:
        return False
    common = ours.checksums.keys() & theirs.checksums.keys()
    verdicts = [ours.checksums[algorithm] == theirs.checksums[algorithm] for algorithm in common]
    if ours.etag is not None and theirs.etag is not None:
        verdicts.append(ours.etag == theirs.etag)
    return bool(verdicts) and all(verdicts)


def recognise(entry: Entry, size: int, checksums: Checksums, receipts: Sequence[Receipt] = ()) -> Proof:
    """What an object at the target proves about bytes with these ``checksums``, made of these parts."""
    if entry.size != size:
        return UNPROVEN
    for algorithm in _BY_COST:
        if algorithm in checksums and algorithm in entry.checksums:
            same = checksums[algorithm] == entry.checksums[algorithm]
            return Proof(Proven.VERIFIED, algorithm) if same else UNPROVEN
    if receipts and entry.etag is not None and entry.etag == _composite_etag(receipts):
        return Proof(Proven.VERIFIED, "multipart etag")
    return UNPROVEN


def _composite_etag(receipts: Sequence[Receipt]) -> str | None:
    digests = [receipt.checksums.get(Algorithm.MD5) for receipt in receipts]
    return None if None in digests else md5_etag([digest for digest in digests if digest is not None])

"""From a stored object to its proof, reading back where nothing else can prove."""

from __future__ import annotations

from dataclasses import replace

from transfer.decide import same_etag
from transfer.errors import Corrupt, Denied, Frozen
from transfer.model import UNPROVEN, Algorithm, Checksums, Entry, Proof, Proven, Stored
from transfer.options import Verify
from transfer.pipeline.fetch import digest_of
from transfer.pipeline.proof import ALWAYS, recognise, source_check
from transfer.pipeline.route import Route


def check_source(entry: Entry, checksums: Checksums, check: Algorithm | None) -> None:
    """Raise Corrupt unless what was read has the checksum that the source keeps."""
    if check is not None and checksums[check] != entry.checksums[check]:
        raise Corrupt(
            f"what was read of '{entry.key}' has another {check} than its store keeps; "
            "it was damaged on the way or at rest",
            key=entry.key,
        )


def wants_staged_read_back(route: Route, check: Algorithm | None) -> bool:
    """Whether a target that can read back before anything becomes visible is to do so."""
    if not route.target.capabilities.staged:
        return False
    return check is None or route.options.verify is Verify.READBACK


async def settle(route: Route, stored: Stored, checksums: Checksums, check: Algorithm | None) -> Stored:
    """The stored object with its final proof.

    A disk's write of bytes that the source's checksum vouches for is verified; whatever is
    still unproven, or was to be read back in any case, is read back. Raises Corrupt if that
    gives other bytes.
    """
    if route.options.verify is Verify.READBACK:
        if stored.proof.proven is Proven.READ_BACK:
            return stored
        return await _read_back(route, stored, checksums)
    if stored.proof.proven is not Proven.UNPROVEN:
        return stored
    if check is not None and route.target.capabilities.staged:
        return replace(stored, proof=Proof(Proven.VERIFIED, check))
    return await _read_back(route, stored, checksums)


async def settle_copy(route: Route, source: Entry, stored: Stored) -> Stored:
    """The proof of a copy that the provider made: both sides' checksums, else both sides' bytes."""
    if stored.proof.proven is not Proven.UNPROVEN and route.options.verify is not Verify.READBACK:
        return stored
    found = await route.target.stat(stored.entry.key)
    proof = recognise(found, source.size or 0, source.checksums)
    if _same_etag(source, found):
        proof = Proof(Proven.VERIFIED, "etag")
    if proof.proven is Proven.VERIFIED and route.options.verify is not Verify.READBACK:
        return replace(stored, proof=proof)
    read = await digest_of(route.source, source, ALWAYS, route.lanes, route.listener)
    return await _read_back(route, replace(stored, entry=found), {ALWAYS: read})


async def settle_fetch(route: Route, source: Entry, stored: Stored, *, sure: bool) -> Stored:
    """The proof of an object that the provider fetched: what it compared, or both sides keep; else what reads back.

    For who accepts what is unproven nothing is read, unless the provider refused a checksum (it is not ``sure``).
    """
    options = route.options
    if options.verify is not Verify.READBACK:
        known = _recognised(source, stored)
        if known.proof.proven is not Proven.UNPROVEN or (sure and options.allow_unproven):
            return known
    kept = {name: value for name, value in source.checksums.items() if sure or name is not Algorithm.MD5}
    check = source_check(kept) or ALWAYS
    expected = kept.get(check) or await digest_of(route.source, source, check, route.lanes, route.listener)
    return await _read_back(route, stored, {check: expected}, check)


def _recognised(source: Entry, stored: Stored) -> Stored:
    """With the proof that lies in what both sides tell, where it has none."""
    if stored.proof.proven is not Proven.UNPROVEN:
        return stored
    proof = recognise(stored.entry, source.size or 0, source.checksums)
    if proof.proven is Proven.UNPROVEN and _same_etag(source, stored.entry):
        proof = Proof(Proven.VERIFIED, "etag")
    return replace(stored, proof=proof)


def _same_etag(source: Entry, found: Entry) -> bool:
    common = found.checksums.keys() & source.checksums.keys()
    return not common and not found.encrypted_etag and same_etag(source, found)


async def _read_back(route: Route, stored: Stored, checksums: Checksums, check: Algorithm = ALWAYS) -> Stored:
    try:
        found = await digest_of(route.target, stored.entry, check, route.lanes, route.listener)
    except (Denied, Frozen):
        return replace(stored, proof=UNPROVEN)
    if found != checksums[check]:
        raise Corrupt(f"'{stored.entry.key}' reads back from the target with other bytes than were sent")
    return replace(stored, proof=Proof(Proven.READ_BACK, check))

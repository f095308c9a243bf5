"""Telling one's own object from another's, after a conditional write whose reply was lost."""

from __future__ import annotations

from dataclasses import replace

from transfer.checksums import digest_off_loop
from transfer.errors import Changed
from transfer.model import UNPROVEN, Algorithm, Body, Checksums, Entry, Proof, Proven, Stored
from transfer.plugin import Store


async def written_before(store: Store, key: str, body: Body, error: Changed) -> Stored:
    """The object at ``key`` if it holds just ``body``; else raises ``error``."""
    found = await store.stat(key)
    if found.size != body.size:
        raise error
    common = _common(found.checksums, body.checksums)
    if not common and found.checksums:
        # What it keeps was computed of what it got, and is taken of the body for once.
        body = replace(body, checksums=await digest_off_loop(body.data, found.checksums))
        common = _common(found.checksums, body.checksums)
    if common and all(found.checksums[algorithm] == body.checksums[algorithm] for algorithm in common):
        checked = [algorithm for algorithm in store.capabilities.verifies if algorithm in common]
        return Stored(found, Proof(Proven.VERIFIED, checked[0]) if checked else UNPROVEN)
    if not common and not found.encrypted_etag and found.etag == await _md5(body):
        return Stored(found, Proof(Proven.VERIFIED, Algorithm.MD5))
    raise error


async def copied_before(store: Store, key: str, source: Entry, error: Changed) -> Stored:
    """The object at ``key`` if it has the content of ``source``; else raises ``error``."""
    found = await store.stat(key)
    common = _common(found.checksums, source.checksums)
    if found.size != source.size:
        raise error
    alike = all(found.checksums[algorithm] == source.checksums[algorithm] for algorithm in common)
    if alike and (common or (found.etag is not None and found.etag == source.etag)):
        return Stored(found, UNPROVEN)
    raise error


def _common(one: Checksums, other: Checksums) -> list[Algorithm]:
    return [algorithm for algorithm in one if algorithm in other]


async def _md5(body: Body) -> str:
    digests = await digest_off_loop(body.data, [Algorithm.MD5])
    return digests[Algorithm.MD5].hex()

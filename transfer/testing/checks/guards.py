"""What protects from loss: checksums, conditions, and proofs that tell the truth."""

from __future__ import annotations

from transfer.checksums import combinable, digest
from transfer.errors import Changed, Corrupt
from transfer.model import Algorithm, Body, Checksums, Entry, Proven, Span, Stored
from transfer.plugin import Store
from transfer.testing.checks.harness import (
    PLAIN,
    TOLD_AFTERWARDS,
    Stores,
    agree,
    check,
    exists,
    fetch,
    listing,
    noise,
    part_size,
    put,
    refused,
    upload,
)


def _wrong(algorithm: Algorithm) -> Checksums:
    """The checksum of other bytes."""
    return digest(b"something else", [algorithm])


@check()
async def check_read_guarded(stores: Stores) -> None:
    """Reading what has changed since it was listed raises Changed."""
    store = await stores()
    stored = (await put(store, "k", noise(1000))).entry
    listed, known = (await listing(store))[0], await store.stat("k")
    assert await fetch(store, listed) == noise(1000)
    await put(store, "k", noise(1000, seed=1))
    for old in (stored, listed, known):
        for span in (None, Span(10, 20)):
            async with refused(Changed):
                await fetch(store, old, span)
    assert await fetch(store, Entry("k")) == noise(1000, seed=1)


@check(lambda able: able.if_absent)
async def check_put_if_absent(stores: Stores) -> None:
    """With ``if_absent`` nothing is ever overwritten."""
    store = await stores()
    await put(store, "k", b"first", if_absent=True)
    async with refused(Changed):
        await put(store, "k", b"second", if_absent=True)
    assert await fetch(store, await store.stat("k")) == b"first"


@check(lambda able: bool(able.verifies))
async def check_wrong_checksum(stores: Stores) -> None:
    """A body whose checksum is wrong is refused; where the server itself refuses it, what was there before stays."""
    store = await stores()
    await put(store, "old", b"as it was")
    # What is compared with the reply leaves the object there already.
    for algorithm in sorted(store.capabilities.verifies, key=lambda algorithm: algorithm in TOLD_AFTERWARDS):
        for key in ("old", "new"):
            async with refused(Corrupt):
                await store.put(key, Body(noise(1000), _wrong(algorithm)), PLAIN)
        if algorithm not in TOLD_AFTERWARDS:
            assert not await exists(store, "new"), f"stored in spite of a wrong {algorithm}"
            assert await fetch(store, await store.stat("old")) == b"as it was"


@check()
async def check_proof_of_put(stores: Stores) -> None:
    """A proof says *verified* where the store verifies the checksum that was sent, and never without any."""
    store = await stores()
    for algorithm in store.capabilities.verifies:
        stored = await store.put("k", Body(b"bytes", digest(b"bytes", [algorithm])), PLAIN)
        assert stored.proof.proven is Proven.VERIFIED, f"{algorithm} is verified here, but: {stored.proof}"
    unproven = await store.put("k", Body(b"bytes"), PLAIN)
    assert unproven.proof.proven is not Proven.VERIFIED, "verified without any checksum"


@check()
async def check_no_false_proof(stores: Stores) -> None:
    """Bytes that differ from their checksum are never called verified."""
    store = await stores()
    for algorithm in (Algorithm.CRC64NVME, Algorithm.CRC32C, Algorithm.MD5, Algorithm.SHA256):
        try:
            stored = await store.put("k", Body(b"bytes", _wrong(algorithm)), PLAIN)
        except Corrupt:
            continue
        assert stored.proof.proven is Proven.UNPROVEN, f"a wrong {algorithm} was {stored.proof}"


@check()
async def check_true_checksums(stores: Stores) -> None:
    """Every checksum that the store tells of an object is that of its bytes; what it verifies and keeps, it tells."""
    store = await stores()
    able = store.capabilities
    kept = {algorithm for algorithm in able.verifies[:1] if algorithm in able.keeps}
    await _tells_truth(store, await put(store, "put", noise(5000)), noise(5000), kept)
    if able.multipart:
        part = part_size(store)
        data = noise(2 * part + 1)
        combined = {algorithm for algorithm in kept if combinable(algorithm, (part, part, 1))}
        await _tells_truth(store, await upload(store, "parts", data), data, combined)


async def _tells_truth(store: Store, stored: Stored, data: bytes, kept: set[Algorithm]) -> None:
    key = stored.entry.key
    known = await store.stat(key)
    async with store.read(Entry(key)) as reading:
        told = (stored.entry, known, reading.entry, *await listing(store, key))
    for entry in told:
        assert dict(entry.checksums) == digest(data, entry.checksums), f"'{key}' has other checksums"
    assert kept <= known.checksums.keys(), f"stat('{key}') tells only {', '.join(known.checksums) or 'nothing'}"


@check()
async def check_stored_agrees(stores: Stores) -> None:
    """What a put, a stat, a reading and a listing tell of one object agrees."""
    store = await stores()
    written = [(await put(store, "put", noise(1000))).entry]
    if store.capabilities.multipart:
        written.append((await upload(store, "parts", noise(2 * part_size(store)))).entry)
    for stored in written:
        known = await store.stat(stored.key)
        assert known.size is not None
        assert known.etag or known.version or known.identity, "nothing tells a change of the object"
        agree(stored, known)
        async with store.read(Entry(stored.key)) as reading:
            agree(reading.entry, known)
    for entry in await listing(store):
        agree(entry, await store.stat(entry.key))

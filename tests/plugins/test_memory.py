"""What is particular to stores in memory; the rest is in the conformance suite."""

from __future__ import annotations

import asyncio
import uuid
from dataclasses import replace

import pytest

from transfer.checksums import digest
from transfer.errors import Changed, Corrupt, Misconfigured, Unsupported
from transfer.model import Algorithm, Body, Entry, Kind, Metadata, Part, Posix, Proven
from transfer.plugin import Location, Store, StoreOptions
from transfer.testing.checks.harness import checksums, keys, put
from transfer_memory import plugin


async def opened(bucket: str, prefix: str = "", *, tags: bool = False) -> Store:
    location = Location(f"memory://{bucket}/{prefix}", "memory", bucket, prefix)
    return await plugin.open(location, StoreOptions(tags=tags))


@pytest.fixture
def bucket() -> str:
    return uuid.uuid4().hex


async def test_stores_of_one_bucket_share_it(bucket: str) -> None:
    """Two stores of one name see the same objects, each below its own prefix; other names are other buckets."""
    await put(await opened(bucket, "a"), "k", b"1")
    assert await keys(await opened(bucket)) == ["a/k"]
    assert await keys(await opened(bucket, "a/")) == ["k"]
    assert await keys(await opened(bucket + "2")) == []


async def test_bucket_must_be_named() -> None:
    """A URL without a bucket is refused."""
    with pytest.raises(Misconfigured, match="names no bucket"):
        await opened("")


@pytest.mark.parametrize("key", ["", "x" * 1025, "\ud800"])
async def test_impossible_keys_are_refused(bucket: str, key: str) -> None:
    """A key must have 1 to 1,024 bytes of valid UTF-8."""
    with pytest.raises(Unsupported):
        await put(await opened(bucket), key, b"1")


async def test_md5_alone_verifies_an_upload(bucket: str) -> None:
    """Where every part came with an MD5, the object is verified by it."""
    store = await opened(bucket)
    upload = await store.begin("k", Metadata(), size=4, part_size=2)
    bodies = [Body(data, digest(data, [Algorithm.MD5])) for data in (b"ab", b"cd")]
    receipts = [await store.put_part(upload, Part(n, 2 * n - 2, 2), body) for n, body in enumerate(bodies, 1)]
    stored = await store.finish(upload, receipts, Metadata())
    assert str(stored.proof) == "verified (md5)"
    assert stored.entry.checksums.keys() == {Algorithm.CRC64NVME}


async def test_receipt_of_other_bytes_is_refused(bucket: str) -> None:
    """A receipt whose checksum is not the part's does not make an object."""
    store = await opened(bucket)
    upload = await store.begin("k", Metadata(), size=2, part_size=2)
    receipt = await store.put_part(upload, Part(1, 0, 2), Body(b"ab", checksums(store, b"ab")))
    with pytest.raises(Corrupt):
        await store.finish(upload, [replace(receipt, checksums=checksums(store, b"xy"))], Metadata())
    with pytest.raises(Unsupported):
        await store.finish(upload, [], Metadata())


async def test_copy_goes_from_bucket_to_bucket(bucket: str) -> None:
    """A copy between buckets of the process is verified; from elsewhere it is not possible."""
    source, target = await opened(bucket, "a"), await opened(bucket + "2")
    entry = (await put(source, "k", b"1")).entry
    stored = await target.copy(source.origin, entry, "copy", Metadata())
    assert stored.proof.proven is Proven.VERIFIED
    with pytest.raises(Unsupported):
        await target.copy(replace(source.origin, endpoint="https://elsewhere"), entry, "copy", Metadata())
    with pytest.raises(Changed):
        await target.copy(source.origin, replace(entry, etag="other"), "copy", Metadata())


async def test_kept_symlink_is_one(bucket: str) -> None:
    """An object that keeps a link's target is told of as a symlink, with its own mtime."""
    store = await opened(bucket)
    await put(store, "link", b"there", Metadata(posix=Posix(mtime_ns=5, link_target="there")))
    entry = await store.stat("link")
    assert (entry.kind, entry.mtime_ns) == (Kind.SYMLINK, 5)


async def test_tags_are_told_when_asked_for(bucket: str) -> None:
    """Without ``tags`` in the options they are not known."""
    await put(await opened(bucket, tags=True), "k", b"1", Metadata(tags={"a": "b"}))
    for tags, expected in ((True, {"a": "b"}), (False, None)):
        metadata = (await (await opened(bucket, tags=tags)).stat("k")).metadata
        assert metadata is not None
        assert metadata.tags == expected


async def test_listing_goes_on_while_objects_vanish(bucket: str) -> None:
    """Objects deleted during a listing are left out of what is still to come."""
    store = await opened(bucket)
    for number in range(1500):
        await put(store, f"{number:04}", b"")
    told = []
    async for page in store.list():
        told += [item.key for item in page.items]
        await store.delete([f"{number:04}" for number in range(1000, 1499)])
    assert told == [f"{number:04}" for number in (*range(1000), 1499)]


async def test_uploads_at_once_are_apart(bucket: str) -> None:
    """Two uploads of one key do not mix."""
    store = await opened(bucket)
    one, two = await asyncio.gather(*(store.begin("k", Metadata(), size=1, part_size=1) for _ in range(2)))
    receipt = await store.put_part(one, Part(1, 0, 1), Body(b"1"))
    await store.put_part(two, Part(1, 0, 1), Body(b"2"))
    await store.finish(one, [receipt], Metadata())
    async with store.read(Entry("k")) as reading:
        view = memoryview(bytearray(2))
        assert await reading.readinto(view) == 1
    assert bytes(view[:1]) == b"1"
    assert [upload.id for upload in await store.uploads("k")] == [two.id]

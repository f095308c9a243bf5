"""Reads of OSS and COS give what was stored, writes are proven, and nothing is overwritten that must not be."""

from __future__ import annotations

import gzip
from typing import Any

import pytest

import transfer
from tests.core.rig import Heard, memory, quick
from tests.emulators.controls import Fault
from tests.plugins.emulated import EmulatedPlace, read
from tests.plugins.natives import Native
from transfer.checksums import digest
from transfer.errors import Changed, Corrupt, Unsupported
from transfer.model import UNPROVEN, Algorithm, Body, Entry, Metadata, Part, Proven, Span

TEXT = b'{"some": "text"}' * 128


async def test_what_is_stored_compressed_comes_as_it_is(place: EmulatedPlace[Any]) -> None:
    """With the header that says so."""
    store = await place.open()
    packed = gzip.compress(TEXT)
    await store.put("k.gz", Body(packed), Metadata(content_type="text/plain", content_encoding="gzip"))
    data, entry = await read(store, Entry("k.gz"))
    assert data == packed
    assert entry.metadata is not None
    assert (entry.metadata.content_type, entry.metadata.content_encoding) == ("text/plain", "gzip")
    assert (entry.size, set(entry.checksums)) == (len(packed), {Algorithm.CRC64XZ})


async def test_what_the_default_domain_adds_is_not_the_objects(place: EmulatedPlace[Any]) -> None:
    """It makes browsers download; there it is not known what the object's own disposition is."""
    store = await place.open()
    await store.put("k", Body(b"x"), Metadata(content_disposition="inline"))
    entry = await store.stat("k")
    assert entry.metadata is not None
    assert entry.metadata.content_disposition == "inline"
    place.server.controls.switches.default_domain = True
    for found in (await store.stat("k"), (await read(store, Entry("k")))[1]):
        assert found.metadata is not None
        assert found.metadata.content_disposition is None
        assert found.metadata.user == {}


async def test_it_does_not_travel(place: EmulatedPlace[Any]) -> None:
    """Not to another bucket either, to which an object is sent through here."""
    place.server.controls.switches.default_domain = True
    await (await place.open()).put("k", Body(b"x"), Metadata())
    target = memory()
    assert (await transfer.sync(await place.open(), target, quick())).ok
    metadata = (await target.stat("k")).metadata
    assert metadata is not None
    assert (metadata.content_disposition, metadata.user) == (None, {})


async def test_a_version_is_pinned(place: EmulatedPlace[Any]) -> None:
    """What was looked at is what is read, although it was overwritten since; without versions it is a change."""
    place.bucket.versioning = "Enabled"
    store = await place.open()
    await store.put("k", Body(b"old"), Metadata())
    entry = await store.stat("k")
    assert entry.version == place.held("k").id
    await store.put("k", Body(b"new"), Metadata())
    assert (await read(store, entry))[0] == b"old"
    assert (await read(store, entry, Span(1, 2)))[0] == b"ld"
    place.bucket.versioning = ""
    await store.put("other", Body(b"old"), Metadata())
    before = await store.stat("other")
    assert before.version is None
    await store.put("other", Body(b"new"), Metadata())
    with pytest.raises(Changed):
        await read(store, before)


async def test_never_overwriting_is_not_claimed_where_it_means_nothing(place: EmulatedPlace[Any]) -> None:
    """Both heed the header only while the bucket never kept versions."""
    store = await place.open()
    await store.check(write=True)
    assert store.capabilities.if_absent
    await store.put("k", Body(b"1"), Metadata(), if_absent=True)
    with pytest.raises(Changed, match="is there already"):
        await store.put("k", Body(b"2"), Metadata(), if_absent=True)
    for status in ("Enabled", "Suspended"):
        place.bucket.versioning = status
        store = await place.open()
        await store.check(write=True)
        assert not store.capabilities.if_absent
        with pytest.raises(Unsupported, match="the bucket keeps versions"):
            await store.put("k", Body(b"3"), Metadata(), if_absent=True)
    assert place.held("k").blob.bytes() == b"1"


async def test_nor_where_nobody_may_ask(place: EmulatedPlace[Any]) -> None:
    """Whether the bucket keeps versions can be a secret; then it may well keep them."""
    store = await place.open()
    place.server.fail(Fault("refuse", "get_versioning", status=403, code="AccessDenied"))
    await store.check(write=True)
    assert not store.capabilities.if_absent


async def test_immutable_holds_in_a_bucket_with_versions(place: EmulatedPlace[Any]) -> None:
    """The engine looks first, where the server does not heed the header."""
    place.bucket.versioning = "Enabled"
    source, store = memory(), await place.open()
    await store.put("k", Body(b"theirs"), Metadata())
    for key in ("k", "new"):
        await source.put(key, Body(b"ours!"), Metadata())
    result = await transfer.sync(source, await place.open(), quick(immutable=True), listener=Heard())
    assert (result.totals.copied, result.totals.failed) == (1, 1)
    assert [version.blob.bytes() for version in place.bucket.chain("k")] == [b"theirs"]


async def test_archived_objects_fail_one_by_one(native: Native, place: EmulatedPlace[Any]) -> None:
    """Where nothing is to be thawed the others arrive; the sentence says what must be done."""
    store = await place.open()
    await store.put("cold", Body(b"cold"), Metadata(storage_class=native.archive))
    await store.put("warm", Body(b"warm"), Metadata())
    result = await transfer.sync(await place.open(), memory(), quick(thaw=False))
    assert (result.totals.copied, result.totals.failed) == (1, 1)
    assert "must be restored" in (result.failures[0].error or "")


async def test_what_a_write_proves(place: EmulatedPlace[Any]) -> None:
    """The server's own CRC is compared with ours; where it tells another, the bytes are not taken for right."""
    store = await place.open()
    await store.check(write=True)
    assert store.capabilities.verifies == (Algorithm.CRC64XZ,)
    body = Body(b"data", digest(b"data", (Algorithm.CRC64XZ,)))
    stored = await store.put("k", body, Metadata())
    assert (stored.proof.proven, stored.proof.by) == (Proven.VERIFIED, Algorithm.CRC64XZ)
    assert (await store.put("k", Body(b"data"), Metadata())).proof == UNPROVEN
    place.server.fail(Fault("wrong crc", "put_object"))
    with pytest.raises(Corrupt, match="has another crc64xz at the server than the bytes sent"):
        await store.put("k", body, Metadata())
    upload = await store.begin("k", Metadata(), size=4, part_size=4)
    place.server.fail(Fault("wrong crc", "put_part"))
    with pytest.raises(Corrupt, match="Part 1 of 'k' arrived with other bytes"):
        await store.put_part(upload, Part(1, 0, 4), body)
    receipt = await store.put_part(upload, Part(1, 0, 4), body)
    place.server.fail(Fault("wrong crc", "complete"))
    with pytest.raises(Corrupt, match="another crc64xz"):
        await store.finish(upload, [receipt], Metadata(), checksums=body.checksums)


async def test_many_are_deleted_with_one_request(place: EmulatedPlace[Any]) -> None:
    """Whatever their names; those that a document can't spell alone."""
    store = await place.open("p")
    keys = ["a", "a b+%", "ü/日本", "<&>", "\x01low", "missing", *(f"n{number}" for number in range(20))]
    for key in keys:
        if key != "missing":
            await store.put(key, Body(b""), Metadata())
    assert await store.delete(keys) == {}
    assert place.bucket.empty
    assert (place.calls["delete_many"], place.calls["delete_object"]) == (1, 1)


async def test_listings_of_awkward_names(
    native: Native, place: EmulatedPlace[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """They come back as they were put, over many pages, in the order of their bytes."""
    monkeypatch.setitem(native.dialect.listing, "max-keys", "2")
    store = await place.open("p")
    names = ["a", "a b", "a+b", "a%2Fb", "ä", "日本/語", "q?x=1&y=2", "~", "'(*)!", "x/../y", "\x01"]
    keys = sorted(names, key=str.encode)
    for key in keys:
        await store.put(key, Body(b""), Metadata())
    pages = [page async for page in store.list()]
    assert [item.key for page in pages for item in page.items] == keys
    assert len(pages) == len(keys) // 2 + 1
    again = [page async for page in store.list(resume=pages[2].resume)]
    assert [item.key for page in again for item in page.items] == keys[6:]
    after = [page async for page in store.list(after=keys[4])]
    assert [item.key for page in after for item in page.items] == keys[5:]

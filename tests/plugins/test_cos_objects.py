"""Reads give what was stored and nothing else; versions, archived and appendable objects are what they are."""

from __future__ import annotations

import gzip
from collections.abc import Awaitable
from typing import Any

import pytest

import transfer
from tests.core.rig import Heard, memory, quick
from tests.emulators.controls import Fault
from tests.plugins.cosplace import KEYS, CosPlace, location, sdk
from tests.plugins.emulated import listed, read, turn
from tests.plugins.scripted import document, scripted
from transfer.checksums import digest
from transfer.errors import Changed, Corrupt, Denied, Frozen, Unsupported
from transfer.model import UNPROVEN, Algorithm, Body, Entry, Metadata, Part, Proven, Span
from transfer.plugin import StoreOptions
from transfer.restxml.client import Client
from transfer.wire.http import Reply
from transfer_cos import plugin
from transfer_cos.dialect import COS

TEXT = b'{"some": "text"}' * 128


async def test_what_is_stored_compressed_comes_as_it_is(cos: CosPlace) -> None:
    """With the header that says so."""
    store = await cos.open()
    packed = gzip.compress(TEXT)
    await store.put("k.gz", Body(packed), Metadata(content_type="text/plain", content_encoding="gzip"))
    data, entry = await read(store, Entry("k.gz"))
    assert data == packed
    assert entry.metadata is not None
    assert (entry.metadata.content_type, entry.metadata.content_encoding) == ("text/plain", "gzip")
    assert (entry.size, set(entry.checksums)) == (len(packed), {Algorithm.CRC64XZ})


async def test_what_the_default_domain_adds_is_not_the_objects(cos: CosPlace) -> None:
    """It makes browsers download; there it is not known what the object's own disposition is."""
    store = await cos.open()
    await store.put("k", Body(b"x"), Metadata(content_disposition="inline"))
    entry = await store.stat("k")
    assert entry.metadata is not None
    assert entry.metadata.content_disposition == "inline"
    cos.server.controls.switches.default_domain = True
    for found in (await store.stat("k"), (await read(store, Entry("k")))[1]):
        assert found.metadata is not None
        assert found.metadata.content_disposition is None
        assert found.metadata.user == {}


async def test_it_does_not_travel(cos: CosPlace) -> None:
    """Not to another bucket either, to which an object is sent through here."""
    cos.server.controls.switches.default_domain = True
    await (await cos.open()).put("k", Body(b"x"), Metadata())
    target = memory()
    assert (await transfer.sync(await cos.open(), target, quick())).ok
    metadata = (await target.stat("k")).metadata
    assert metadata is not None
    assert (metadata.content_disposition, metadata.user) == (None, {})


async def test_packages_do_not_come_through_the_default_domain(cos: CosPlace) -> None:
    """That is told for each, with the remedy."""
    store = await cos.open()
    await store.put("app.apk", Body(b"x"), Metadata())
    cos.server.controls.switches.default_domain = True
    with pytest.raises(Denied, match="may not be downloaded through COS's own domain: bind a domain to the bucket"):
        await read(store, Entry("app.apk"))


async def test_a_version_is_pinned(cos: CosPlace) -> None:
    """What was looked at is what is read, although it was overwritten since; without versions it is a change."""
    cos.bucket.versioning = "Enabled"
    store = await cos.open()
    await store.put("k", Body(b"old"), Metadata())
    entry = await store.stat("k")
    assert entry.version == cos.held("k").id
    await store.put("k", Body(b"new"), Metadata())
    assert (await read(store, entry))[0] == b"old"
    assert (await read(store, entry, Span(1, 2)))[0] == b"ld"
    cos.bucket.versioning = ""
    await store.put("other", Body(b"old"), Metadata())
    before = await store.stat("other")
    assert before.version is None
    await store.put("other", Body(b"new"), Metadata())
    with pytest.raises(Changed):
        await read(store, before)


async def test_never_overwriting_is_not_claimed_where_it_means_nothing(cos: CosPlace) -> None:
    """COS heeds the header only while the bucket never kept versions."""
    store = await cos.open()
    await store.check(write=True)
    assert store.capabilities.if_absent
    await store.put("k", Body(b"1"), Metadata(), if_absent=True)
    with pytest.raises(Changed, match="is there already"):
        await store.put("k", Body(b"2"), Metadata(), if_absent=True)
    for status in ("Enabled", "Suspended"):
        cos.bucket.versioning = status
        store = await cos.open()
        await store.check(write=True)
        assert not store.capabilities.if_absent
        with pytest.raises(Unsupported, match="the bucket keeps versions"):
            await store.put("k", Body(b"3"), Metadata(), if_absent=True)
    assert cos.held("k").blob.bytes() == b"1"


async def test_nor_where_nobody_may_ask(cos: CosPlace) -> None:
    """Whether the bucket keeps versions can be a secret; then it may well keep them."""
    store = await cos.open()
    cos.server.fail(Fault("refuse", "get_versioning", status=403, code="AccessDenied"))
    await store.check(write=True)
    assert not store.capabilities.if_absent


async def test_immutable_holds_in_a_bucket_with_versions(cos: CosPlace) -> None:
    """The engine looks first, where the server does not heed the header."""
    cos.bucket.versioning = "Enabled"
    source, store = memory(), await cos.open()
    await store.put("k", Body(b"theirs"), Metadata())
    for key in ("k", "new"):
        await source.put(key, Body(b"ours!"), Metadata())
    result = await transfer.sync(source, await cos.open(), quick(immutable=True), listener=Heard())
    assert (result.totals.copied, result.totals.failed) == (1, 1)
    assert [version.blob.bytes() for version in cos.bucket.chain("k")] == [b"theirs"]


async def test_an_appendable_object(cos: CosPlace) -> None:
    """Its ETag is not the MD5 of its bytes; its CRC is what it is checked by. It can be overwritten by a whole."""
    client = sdk(cos)
    client.append_object(cos.bucket.name, "log", 0, b"one ")
    client.append_object(cos.bucket.name, "log", 4, b"two")
    store, target = await cos.open(), memory()
    entry = await store.stat("log")
    assert set(entry.checksums) == {Algorithm.CRC64XZ}
    assert (await read(store, entry))[0] == b"one two"
    heard = Heard()
    assert (await transfer.sync(await cos.open(), target, quick(), listener=heard)).ok
    assert heard.outcomes["log"].checksum is not None
    assert (await transfer.sync(await cos.open(), target, quick())).totals.copied == 0
    await store.put("log", Body(b"whole"), Metadata())
    assert cos.held("log").kind == "Normal"


@pytest.mark.parametrize(
    ("storage_class", "tier", "hours"),
    [("ARCHIVE", "Expedited", 1), ("ARCHIVE", "Standard", 6), ("ARCHIVE", "", 6), ("DEEP_ARCHIVE", "Bulk", 49)],
)
async def test_an_archived_object(cos: CosPlace, storage_class: str, tier: str, hours: int) -> None:
    """It is frozen until it is thawed: asked for, asked again, done, and frozen again after its days."""
    store = await cos.open()
    await store.put("k", Body(b"cold"), Metadata(storage_class=storage_class))
    entry = await store.stat("k")
    assert entry.storage_class == (await listed(store))["k"].storage_class == storage_class
    with pytest.raises(Frozen, match="is in cold storage and must be restored before it can be read"):
        await read(store, entry)
    await store.thaw(entry, 2, tier)
    await store.thaw(entry, 2, tier)  # 409: it goes on
    with pytest.raises(Frozen):
        await read(store, entry)
    turn(cos, hours=hours)
    await store.thaw(entry, 2, tier)  # 200: for longer
    assert (await read(store, entry))[0] == b"cold"
    assert [seen.status for seen in cos.server.controls.seen if seen.verb == "restore"] == [202, 409, 200]
    turn(cos, days=3)
    with pytest.raises(Frozen):
        await read(store, entry)


async def test_a_thaw_that_can_not_be(cos: CosPlace) -> None:
    """A tier that the class lacks, and an object that needs none, are told."""
    store = await cos.open()
    await store.put("deep", Body(b"cold"), Metadata(storage_class="DEEP_ARCHIVE"))
    with pytest.raises(Unsupported, match="The tier 'Expedited' is not valid"):
        await store.thaw(await store.stat("deep"), 1, "Expedited")
    await store.put("warm", Body(b"warm"), Metadata())
    with pytest.raises(Unsupported, match="is of a class that needs no thawing"):
        await store.thaw(await store.stat("warm"), 1, "")


async def test_archived_objects_fail_one_by_one(cos: CosPlace) -> None:
    """The others arrive; the sentence says what must be done."""
    store = await cos.open()
    await store.put("cold", Body(b"cold"), Metadata(storage_class="ARCHIVE"))
    await store.put("warm", Body(b"warm"), Metadata())
    result = await transfer.sync(await cos.open(), memory(), quick())
    assert (result.totals.copied, result.totals.failed) == (1, 1)
    assert "must be restored" in (result.failures[0].error or "")


async def test_tags_of_an_object_without_any(cos: CosPlace) -> None:
    """Be it that COS says there is no such set."""
    store = await cos.open("", StoreOptions(tags=True))
    await store.put("k", Body(b"x"), Metadata())
    cos.server.fail(Fault("refuse", "get_tagging", status=404, code="NoSuchTagSet"))
    for _ in range(2):
        metadata = (await store.stat("k")).metadata
        assert metadata is not None
        assert metadata.tags == {}


async def test_what_a_write_proves(cos: CosPlace) -> None:
    """The server's own CRC is compared with ours; where it tells another, the bytes are not taken for right."""
    store = await cos.open()
    await store.check(write=True)
    assert store.capabilities.verifies == (Algorithm.CRC64XZ,)
    body = Body(b"data", digest(b"data", (Algorithm.CRC64XZ,)))
    stored = await store.put("k", body, Metadata())
    assert (stored.proof.proven, stored.proof.by) == (Proven.VERIFIED, Algorithm.CRC64XZ)
    assert (await store.put("k", Body(b"data"), Metadata())).proof == UNPROVEN
    cos.server.fail(Fault("wrong crc", "put_object"))
    with pytest.raises(Corrupt, match="has another crc64xz at the server than the bytes sent"):
        await store.put("k", body, Metadata())
    upload = await store.begin("k", Metadata(), size=4, part_size=4)
    cos.server.fail(Fault("wrong crc", "put_part"))
    with pytest.raises(Corrupt, match="Part 1 of 'k' arrived with other bytes"):
        await store.put_part(upload, Part(1, 0, 4), body)
    receipt = await store.put_part(upload, Part(1, 0, 4), body)
    cos.server.fail(Fault("wrong crc", "complete"))
    with pytest.raises(Corrupt, match="another crc64xz"):
        await store.finish(upload, [receipt], Metadata(), checksums=body.checksums)


async def test_what_is_cut_off_on_its_way_is_not_taken_for_whole(
    cos: CosPlace, monkeypatch: pytest.MonkeyPatch
) -> None:
    """COS drops what comes behind the length that it was told, and says nothing; its CRC does."""
    store = await cos.open()
    await store.check(write=True)
    _cut(monkeypatch)
    body = Body(b"data", digest(b"data", (Algorithm.CRC64XZ,)))
    with pytest.raises(Corrupt, match="another crc64xz"):
        await store.put("k", body, Metadata())
    assert cos.held("k").blob.bytes() == b"dat"
    upload = await store.begin("k", Metadata(), size=4, part_size=4)
    with pytest.raises(Corrupt, match="Part 1 of 'k' arrived with other bytes"):
        await store.put_part(upload, Part(1, 0, 4), body)


def _cut(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the last byte of each body get lost."""
    call = Client._call

    def cut(self: Any, method: str, key: Any, query: Any, headers: Any, body: bytes, **more: Any) -> Awaitable[Reply]:
        return call(self, method, key, query, headers, body[:-1], **more)

    monkeypatch.setattr(Client, "_call", cut)


async def test_parts_are_contiguous(cos: CosPlace) -> None:
    """COS wants them so. A run numbers them so; another list of parts is refused, and the upload stays."""
    store = await cos.open()
    upload = await store.begin("k", Metadata(), size=2 << 20, part_size=1 << 20)
    data = bytes(1 << 20)
    first, third = [await store.put_part(upload, Part(n, 0, 1 << 20), Body(data)) for n in (1, 3)]
    with pytest.raises(Corrupt, match="parts at the server that are not the ones sent"):
        await store.finish(upload, [first, third], Metadata())
    second = await store.put_part(upload, Part(2, 0, 1 << 20), Body(data))
    assert [receipt.number for receipt in await store.parts(upload)] == [1, 2, 3]
    assert (await store.finish(upload, [first, second], Metadata())).entry.size == 2 << 20


async def test_uploads_of_awkward_names_are_found(cos: CosPlace) -> None:
    """Although COS says in a word of its own that it encodes names."""
    store = await cos.open("p q")
    for key in ("ü +%&", "a", "a b", "ü +%&/more"):
        await store.begin(key, Metadata(), size=None, part_size=1)
    (found,) = await store.uploads("ü +%&")
    await store.abort(found)
    assert await store.uploads("ü +%&") == []
    assert len(cos.bucket.uploads) == 3


async def test_many_are_deleted_with_one_request(cos: CosPlace) -> None:
    """Whatever their names; those that a document can't spell alone."""
    store = await cos.open("p")
    keys = ["a", "a b+%", "ü/日本", "<&>", "\x01low", "missing", *(f"n{number}" for number in range(20))]
    for key in keys:
        if key != "missing":
            await store.put(key, Body(b""), Metadata())
    assert await store.delete(keys) == {}
    assert cos.bucket.empty
    assert (cos.calls["delete_many"], cos.calls["delete_object"]) == (1, 1)


async def test_listings_of_awkward_names(cos: CosPlace, monkeypatch: pytest.MonkeyPatch) -> None:
    """They come back as they were put, over many pages, in the order of their bytes."""
    monkeypatch.setitem(COS.listing, "max-keys", "2")
    store = await cos.open("p")
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


async def test_a_page_without_objects_is_not_the_end() -> None:
    """The next one begins where COS says, in the encoding of names."""
    head = "<ListBucketResult><EncodingType>url</EncodingType>"
    more = f"{head}<IsTruncated>true</IsTruncated><NextMarker>p/a%20%C3%BC</NextMarker></ListBucketResult>"
    last = f"{head}<IsTruncated>false</IsTruncated><Contents><Key>p/b</Key><Size>1</Size></Contents></ListBucketResult>"

    async with scripted(lambda asked: document(last if "marker" in asked.target else more)) as server:
        settings = {"endpoint": server.endpoint, **KEYS}
        store = await plugin.open(location("b-1", "p", settings), StoreOptions())
        pages = [page async for page in store.list()]
        await store.aclose()
    assert [[item.key for item in page.items] for page in pages] == [[], ["b"]]
    assert "marker=p%2Fa%20%C3%BC" in server.asked[1].target

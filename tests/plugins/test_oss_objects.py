"""Reads give what was stored and nothing else; symlinks, appendable and archived objects are what they are."""

from __future__ import annotations

import gzip

import pytest

import transfer
from tests.core.rig import Heard, memory, quick
from tests.plugins.emulated import listed, read, turn
from tests.plugins.ossplace import OssPlace, sdk
from transfer.errors import Changed, Frozen, TransferError, Unsupported
from transfer.model import Algorithm, Body, Entry, Kind, Metadata, Span

TEXT = b'{"some": "text"}' * 128


async def test_text_is_not_compressed_on_its_way(oss: OssPlace) -> None:
    """OSS does that for who accepts it, and then tells no ETag and no length."""
    store = await oss.open()
    await store.put("k", Body(TEXT), Metadata(content_type="application/json"))
    data, entry = await read(store, Entry("k"))
    assert data == TEXT
    assert (entry.size, entry.metadata and entry.metadata.content_encoding) == (len(TEXT), None)
    assert entry.etag == oss.held("k").etag
    assert Algorithm.CRC64XZ in entry.checksums


async def test_what_is_stored_compressed_comes_as_it_is(oss: OssPlace) -> None:
    """With the header that says so."""
    store = await oss.open()
    packed = gzip.compress(TEXT)
    await store.put("k.gz", Body(packed), Metadata(content_type="text/plain", content_encoding="gzip"))
    data, entry = await read(store, Entry("k.gz"))
    assert data == packed
    assert entry.metadata is not None
    assert (entry.metadata.content_type, entry.metadata.content_encoding) == ("text/plain", "gzip")


async def test_what_the_default_domain_adds_is_not_the_objects(oss: OssPlace) -> None:
    """It makes browsers download; there it is not known what the object's own disposition is."""
    store = await oss.open()
    await store.put("k", Body(b"x"), Metadata(content_disposition="inline"))
    entry = await store.stat("k")
    assert entry.metadata is not None
    assert entry.metadata.content_disposition == "inline"
    oss.server.controls.switches.default_domain = True
    for found in (await store.stat("k"), (await read(store, Entry("k")))[1]):
        assert found.metadata is not None
        assert found.metadata.content_disposition is None
        assert found.metadata.user == {}


async def test_a_version_is_pinned(oss: OssPlace) -> None:
    """What was looked at is what is read, although it was overwritten since; without versions it is a change."""
    oss.bucket.versioning = "Enabled"
    store = await oss.open()
    await store.put("k", Body(b"old"), Metadata())
    entry = await store.stat("k")
    assert entry.version == oss.held("k").id
    await store.put("k", Body(b"new"), Metadata())
    assert (await read(store, entry))[0] == b"old"
    assert (await read(store, entry, Span(1, 2)))[0] == b"ld"
    oss.bucket.versioning = ""
    await store.put("other", Body(b"old"), Metadata())
    before = await store.stat("other")
    await store.put("other", Body(b"new"), Metadata())
    with pytest.raises(Changed):
        await read(store, before)


async def test_never_overwriting_is_not_claimed_where_it_means_nothing(oss: OssPlace) -> None:
    """OSS heeds the header only while the bucket never kept versions."""
    store = await oss.open()
    await store.check(write=True)
    assert store.capabilities.if_absent
    await store.put("k", Body(b"1"), Metadata(), if_absent=True)
    with pytest.raises(Changed, match="is there already"):
        await store.put("k", Body(b"2"), Metadata(), if_absent=True)
    for status in ("Enabled", "Suspended"):
        oss.bucket.versioning = status
        store = await oss.open()
        await store.check(write=True)
        assert not store.capabilities.if_absent
        with pytest.raises(Unsupported, match="the bucket keeps versions"):
            await store.put("k", Body(b"3"), Metadata(), if_absent=True)
    assert oss.held("k").blob.bytes() == b"1"


async def test_immutable_holds_in_a_bucket_with_versions(oss: OssPlace) -> None:
    """The engine looks first, where the server does not heed the header."""
    oss.bucket.versioning = "Enabled"
    source, store = memory(), await oss.open()
    await store.put("k", Body(b"theirs"), Metadata())
    for key in ("k", "new"):
        await source.put(key, Body(b"ours!"), Metadata())
    heard = Heard()
    result = await transfer.sync(source, await oss.open(), quick(immutable=True), listener=heard)
    assert (result.totals.copied, result.totals.failed) == (1, 1)
    assert [version.blob.bytes() for version in oss.bucket.chain("k")] == [b"theirs"]


async def test_a_symlink_reads_as_what_it_points_at(oss: OssPlace) -> None:
    """As with ossutil and rclone. A listing can only tell its name, as all else there is the link's own."""
    store = await oss.open()
    await store.put("aim", Body(b"the target"), Metadata(content_type="text/x"))
    turn(oss, hours=1)
    sdk(oss).put_symlink("aim", "link", headers={"x-oss-meta-who": "me"})
    assert (await listed(store))["link"] == Entry("link")
    entry = await store.stat("link")
    assert (entry.size, entry.kind, entry.metadata and entry.metadata.user) == (10, Kind.OBJECT, {"who": "me"})
    assert (await read(store, entry))[0] == b"the target"
    assert (await read(store, Entry("link"), Span(4, 6)))[0] == b"target"


async def test_symlinks_are_copied_as_what_they_point_at(oss: OssPlace) -> None:
    """Once: the next run moves nothing, and the one after a change of the target moves it again."""
    store, target = await oss.open(), memory()
    await store.put("aim", Body(b"the target"), Metadata())
    sdk(oss).put_symlink("aim", "link")
    sdk(oss).put_symlink("nowhere", "dangling")
    result = await transfer.sync(await oss.open(), target, quick())
    assert (result.totals.copied, result.totals.failed) == (2, 1)
    assert "'dangling' is a symlink to an object that does not exist" in (result.failures[0].error or "").replace(
        f"oss://{oss.bucket.name}/", ""
    )
    async with target.read(await target.stat("link")) as reading:
        view = memoryview(bytearray(20))
        assert bytes(view[: await reading.readinto(view)]) == b"the target"
    await store.delete(["dangling"])
    again = await transfer.sync(await oss.open(), target, quick())
    assert (again.ok, again.totals.copied) == (True, 0)
    await store.put("aim", Body(b"new target"), Metadata())
    assert (await transfer.sync(await oss.open(), target, quick())).totals.copied == 2
    assert (await target.stat("link")).etag == (await target.stat("aim")).etag


async def test_an_appendable_object(oss: OssPlace) -> None:
    """Its ETag looks like an MD5 and is none; its CRC is what it is checked by. It can be overwritten by a whole."""
    bucket = sdk(oss)
    bucket.append_object("log", 0, b"one ")
    bucket.append_object("log", 4, b"two")
    store, target = await oss.open(), memory()
    entry = await store.stat("log")
    assert set(entry.checksums) == {Algorithm.CRC64XZ}
    assert (await read(store, entry))[0] == b"one two"
    heard = Heard()
    assert (await transfer.sync(await oss.open(), target, quick(), listener=heard)).ok
    assert heard.outcomes["log"].checksum is not None
    assert (await transfer.sync(await oss.open(), target, quick())).totals.copied == 0
    await store.put("log", Body(b"whole"), Metadata())
    assert oss.held("log").kind == "Normal"


async def test_an_archived_object(oss: OssPlace) -> None:
    """It is frozen until it is thawed: asked for, asked again, done, and frozen again after its days."""
    store = await oss.open()
    await store.put("k", Body(b"cold"), Metadata(storage_class="ColdArchive"))
    entry = await store.stat("k")
    assert entry.storage_class == "ColdArchive"
    with pytest.raises(Frozen, match="is in cold storage and must be restored before it can be read"):
        await read(store, entry)
    await store.thaw(entry, 2, "Standard")
    await store.thaw(entry, 2, "Standard")  # 409: it goes on
    with pytest.raises(Frozen):
        await read(store, entry)
    turn(oss, hours=6)
    await store.thaw(entry, 2, "Standard")  # 200: for longer
    assert (await read(store, entry))[0] == b"cold"
    assert [seen.status for seen in oss.server.controls.seen if seen.verb == "restore"] == [202, 409, 200]
    turn(oss, days=3)
    with pytest.raises(Frozen):
        await read(store, entry)


async def test_a_thaw_without_a_tier(oss: OssPlace) -> None:
    """The provider's usual one; the class Archive has no other, and takes seven days at most."""
    store = await oss.open()
    await store.put("k", Body(b"cold"), Metadata(storage_class="Archive"))
    entry = await store.stat("k")
    await store.thaw(entry, 7, "")
    thaw = oss.held("k").thaw
    assert thaw is not None
    assert (thaw.tier, thaw.days) == ("Standard", 7)
    turn(oss, minutes=2)
    with pytest.raises(TransferError):
        await store.thaw(entry, 8, "")
    await store.put("warm", Body(b"warm"), Metadata())
    with pytest.raises(Unsupported, match="is of a class or a kind for which OSS does not do this"):
        await store.thaw(await store.stat("warm"), 1, "")


async def test_archived_objects_fail_one_by_one(oss: OssPlace) -> None:
    """The others arrive; the sentence says what must be done."""
    store = await oss.open()
    await store.put("cold", Body(b"cold"), Metadata(storage_class="Archive"))
    await store.put("warm", Body(b"warm"), Metadata())
    result = await transfer.sync(await oss.open(), memory(), quick())
    assert (result.totals.copied, result.totals.failed) == (1, 1)
    assert "must be restored" in (result.failures[0].error or "")

"""Symlinks, compression, appendable and archived objects at OSS; the rest is in ``test_native_objects.py``."""

from __future__ import annotations

import pytest

import transfer
from tests.core.rig import Heard, memory, quick
from tests.plugins.emulated import listed, read, turn
from tests.plugins.ossplace import OssPlace, sdk
from transfer.errors import Frozen, TransferError, Unsupported
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

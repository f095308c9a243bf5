"""Copies that OSS makes itself: within a region, whole or in parts, and never of anything but what was looked at."""

from __future__ import annotations

from dataclasses import replace

import pytest

import transfer
from tests.core.rig import MIB, Heard, pattern, quick
from tests.emulators.oss import Oss
from tests.emulators.running import serving
from tests.plugins.ossplace import OssPlace, sdk
from transfer.errors import Changed, Frozen, Unsupported
from transfer.model import Algorithm, Body, Metadata, Part, Proven
from transfer.plugin import StoreOptions
from transfer_oss import dialect
from transfer_oss.config import LIMITS


async def test_a_copy(oss: OssPlace) -> None:
    """Any name, to another bucket; the metadata is what is given, the proof the checksums of both sides."""
    other = oss.server.fresh_bucket().name
    source, target = await oss.open("p"), await oss.open("q", StoreOptions(tags=True), bucket=other)
    stored = await source.put("ü +%?&", Body(b"data"), Metadata(user={"old": "1"}, tags={"old": "1"}))
    metadata = Metadata(user={"new": "2"}, storage_class="IA", tags={"new": "2"})
    made = await target.copy(source.origin, await source.stat("ü +%?&"), "copy ü", metadata)
    assert made.proof.proven is Proven.VERIFIED
    assert made.entry.etag == stored.entry.etag
    found = await target.stat("copy ü")
    assert found.metadata is not None
    assert (found.metadata.user, found.metadata.tags, found.storage_class) == ({"new": "2"}, {"new": "2"}, "IA")


async def test_tags_are_not_carried_unasked(oss: OssPlace) -> None:
    """As on all other ways."""
    store = await oss.open()
    await store.put("k", Body(b"data"), Metadata(tags={"a": "1"}))
    await store.copy(store.origin, await store.stat("k"), "copy", Metadata())
    assert (oss.held("k").tags, oss.held("copy").tags) == ({"a": "1"}, {})


async def test_what_was_made_in_parts_is_compared_by_its_crc(oss: OssPlace) -> None:
    """Its ETag is no MD5, and the copy's is another one."""
    store = await oss.open()
    upload = await store.begin("k", Metadata(), size=200_001, part_size=200_000)
    receipts = [
        await store.put_part(upload, Part(number, offset, size), Body(bytes(size)))
        for number, offset, size in ((1, 0, 200_000), (2, 200_000, 1))
    ]
    await store.finish(upload, receipts, Metadata())
    (listed,) = [item async for page in store.list() for item in page.items]
    made = await store.copy(store.origin, listed, "copy", Metadata())  # type: ignore[arg-type]
    assert (made.proof.proven, made.proof.by) == (Proven.VERIFIED, Algorithm.CRC64XZ)


async def test_a_copy_of_what_has_changed(oss: OssPlace) -> None:
    """It is refused by the server, and so is one that would overwrite."""
    store = await oss.open()
    await store.put("k", Body(b"old"), Metadata())
    entry = await store.stat("k")
    await store.put("k", Body(b"new"), Metadata())
    with pytest.raises(Changed):
        await store.copy(store.origin, entry, "copy", Metadata())
    await store.put("there", Body(b"there"), Metadata())
    with pytest.raises(Changed, match="is there already"):
        await store.copy(store.origin, await store.stat("k"), "there", Metadata(), if_absent=True)
    assert oss.held("there").blob.bytes() == b"there"


async def test_a_copy_of_a_version(oss: OssPlace) -> None:
    """The one that was looked at."""
    oss.bucket.versioning = "Enabled"
    store = await oss.open()
    await store.put("k", Body(b"old"), Metadata())
    entry = await store.stat("k")
    await store.put("k", Body(b"new"), Metadata())
    await store.copy(store.origin, entry, "copy", Metadata())
    assert oss.held("copy").blob.bytes() == b"old"


async def test_a_copy_of_an_archived_object(oss: OssPlace) -> None:
    """It must be thawed first."""
    store = await oss.open()
    await store.put("k", Body(b"cold"), Metadata(storage_class="Archive"))
    with pytest.raises(Frozen):
        await store.copy(store.origin, await store.stat("k"), "copy", Metadata())


async def test_new_metadata_for_an_object(oss: OssPlace) -> None:
    """A copy onto itself, which keeps its class, and its tags where none are given."""
    store = await oss.open()
    await store.put("k", Body(b"data"), Metadata(storage_class="IA", tags={"a": "1"}))
    await store.update(await store.stat("k"), Metadata(user={"new": "1"}))
    held = oss.held("k")
    assert (held.meta, held.storage_class, held.tags) == ({"new": "1"}, "IA", {"a": "1"})
    assert held.blob.bytes() == b"data"


async def test_a_sync_within_a_region_moves_no_bytes(oss: OssPlace, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is too large for one copy is copied in parts, here with a smaller limit on both sides."""
    oss.server.service.limits.copy = MIB
    other = oss.server.fresh_bucket()
    source = await oss.open()
    await source.put("small", Body(b"data"), Metadata(user={"who": "me"}))
    await source.put("large", Body(pattern(3 * MIB + 5)), Metadata(user={"who": "me"}))
    _small_copies(monkeypatch)
    heard = Heard()
    places = (await oss.open(), await oss.open(bucket=other.name))
    oss.server.controls.reset()
    result = await transfer.sync(*places, quick(), listener=heard)
    assert (result.ok, result.totals.copied, result.totals.sent_bytes) == (True, 2, 0)
    assert (oss.calls["copy_object"], oss.calls["copy_part"]) == (1, 4)
    assert oss.calls["get_object"] == oss.calls["put_object"] == oss.calls["put_part"] == 0
    large = other.current("large")
    assert large is not None
    assert (large.blob.bytes(), large.meta) == (pattern(3 * MIB + 5), {"who": "me"})
    proof = heard.outcomes["large"].proof
    assert proof is not None
    assert proof.proven is Proven.VERIFIED


async def test_a_large_object_is_not_copied_onto_itself(oss: OssPlace, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is sent again, which the sentence says."""
    _small_copies(monkeypatch)
    store = await oss.open()
    await store.put("k", Body(bytes(MIB + 1)), Metadata())
    with pytest.raises(Unsupported, match="is larger than OSS copies onto itself: send it again"):
        await store.update(await store.stat("k"), Metadata())


async def test_across_regions_it_goes_through_here(oss: OssPlace) -> None:
    """OSS copies within one region only, and we do not ask it for more."""
    with serving(lambda folder: Oss(folder, "cn-beijing")) as elsewhere:
        far = elsewhere.fresh_bucket()
        await (await oss.open()).put("k", Body(b"data"), Metadata())
        target = await oss.open(bucket=far.name, endpoint=elsewhere.endpoint, region="cn-beijing")
        assert (await transfer.sync(await oss.open(), target, quick())).ok
        assert elsewhere.controls.calls["copy_object"] == 0
        found = far.current("k")
        assert found is not None
        assert found.blob.bytes() == b"data"


def _small_copies(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let copies be large from a MiB on."""
    monkeypatch.setattr("transfer_oss.opening.OSS", replace(dialect.OSS, limits=replace(LIMITS, max_copy=MIB)))


@pytest.mark.parametrize("large", [False, True], ids=["whole", "in parts"])
async def test_a_symlink_is_not_copied_by_the_provider(
    oss: OssPlace, monkeypatch: pytest.MonkeyPatch, large: bool
) -> None:
    """That would copy the link, which there may lead nowhere: what it points at goes through here."""
    other = oss.server.fresh_bucket()
    data = pattern(2 * MIB + 5) if large else b"the target"
    _small_copies(monkeypatch)
    source = await oss.open("tree")
    await (await oss.open()).put("aim", Body(data), Metadata())
    sdk(oss).put_symlink("aim", "tree/link")
    await source.put("plain", Body(b"plain"), Metadata())
    result = await transfer.sync(source, await oss.open("tree", bucket=other.name), quick())
    assert (result.ok, result.totals.copied) == (True, 2)
    made = other.current("tree/link")
    assert made is not None
    assert (made.kind, made.blob.bytes()) == ("Multipart" if large else "Normal", data)


async def test_new_metadata_for_a_symlink(oss: OssPlace) -> None:
    """It can't be given by a copy, which the caller is told, so that the object is sent again."""
    store = await oss.open()
    await store.put("aim", Body(b"the target"), Metadata())
    sdk(oss).put_symlink("aim", "link")
    with pytest.raises(Unsupported, match="'link' is a symlink, of which OSS would copy the link"):
        await store.update(await store.stat("link"), Metadata(user={"new": "1"}))
    assert oss.held("link").kind == "Symlink"

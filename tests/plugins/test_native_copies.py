"""Copies that OSS and COS make: within a region, whole or in parts, and of nothing but what was looked at."""

from __future__ import annotations

from typing import Any

import pytest

import transfer
from tests.core.rig import MIB, Heard, pattern, quick
from tests.emulators.running import serving
from tests.plugins.emulated import EmulatedPlace
from tests.plugins.natives import Native
from transfer.errors import Changed, Frozen, Unsupported
from transfer.model import Algorithm, Body, Metadata, Part, Proven
from transfer.plugin import StoreOptions


async def test_a_copy(native: Native, place: EmulatedPlace[Any]) -> None:
    """Any name, to another bucket; the metadata is what is given, the proof the checksums of both sides."""
    other = native.bucket(place).name
    source, target = await place.open("p"), await place.open("q", StoreOptions(tags=True), bucket=other)
    stored = await source.put("ü +%?&", Body(b"data"), Metadata(user={"old": "1"}, tags={"old": "1"}))
    metadata = Metadata(user={"new": "2"}, storage_class=native.infrequent, tags={"new": "2"})
    made = await target.copy(source.origin, await source.stat("ü +%?&"), "copy ü", metadata)
    assert made.proof.proven is Proven.VERIFIED
    assert made.entry.etag == stored.entry.etag
    found = await target.stat("copy ü")
    assert found.metadata is not None
    assert (found.metadata.user, found.metadata.tags, found.storage_class) == (
        {"new": "2"},
        {"new": "2"},
        native.infrequent,
    )


async def test_tags_are_not_carried_unasked(place: EmulatedPlace[Any]) -> None:
    """As on all other ways."""
    store = await place.open()
    await store.put("k", Body(b"data"), Metadata(tags={"a": "1"}))
    await store.copy(store.origin, await store.stat("k"), "copy", Metadata())
    assert (place.held("k").tags, place.held("copy").tags) == ({"a": "1"}, {})


async def test_what_was_made_in_parts_is_compared_by_its_crc(native: Native, place: EmulatedPlace[Any]) -> None:
    """Its ETag is no MD5, and the copy's is another one."""
    store = await place.open()
    upload = await store.begin("k", Metadata(), size=native.part + 1, part_size=native.part)
    receipts = [
        await store.put_part(upload, Part(number, offset, size), Body(bytes(size)))
        for number, offset, size in ((1, 0, native.part), (2, native.part, 1))
    ]
    await store.finish(upload, receipts, Metadata())
    (listed,) = [item async for page in store.list() for item in page.items]
    made = await store.copy(store.origin, listed, "copy", Metadata())  # type: ignore[arg-type]
    assert (made.proof.proven, made.proof.by) == (Proven.VERIFIED, Algorithm.CRC64XZ)


async def test_a_copy_of_what_has_changed(place: EmulatedPlace[Any]) -> None:
    """It is refused by the server, and so is one that would overwrite."""
    store = await place.open()
    await store.put("k", Body(b"old"), Metadata())
    entry = await store.stat("k")
    await store.put("k", Body(b"new"), Metadata())
    with pytest.raises(Changed):
        await store.copy(store.origin, entry, "copy", Metadata())
    await store.put("there", Body(b"there"), Metadata())
    with pytest.raises(Changed, match="is there already"):
        await store.copy(store.origin, await store.stat("k"), "there", Metadata(), if_absent=True)
    assert place.held("there").blob.bytes() == b"there"


async def test_a_copy_of_a_version(place: EmulatedPlace[Any]) -> None:
    """The one that was looked at."""
    place.bucket.versioning = "Enabled"
    store = await place.open()
    await store.put("k", Body(b"old"), Metadata())
    entry = await store.stat("k")
    await store.put("k", Body(b"new"), Metadata())
    await store.copy(store.origin, entry, "copy", Metadata())
    assert place.held("copy").blob.bytes() == b"old"


async def test_a_copy_of_an_archived_object(native: Native, place: EmulatedPlace[Any]) -> None:
    """It must be thawed first."""
    store = await place.open()
    await store.put("k", Body(b"cold"), Metadata(storage_class=native.archive))
    with pytest.raises(Frozen):
        await store.copy(store.origin, await store.stat("k"), "copy", Metadata())


async def test_new_metadata_for_an_object(native: Native, place: EmulatedPlace[Any]) -> None:
    """A copy onto itself, which keeps its class, and its tags where none are given."""
    store = await place.open()
    await store.put("k", Body(b"data"), Metadata(storage_class=native.infrequent, tags={"a": "1"}))
    await store.update(await store.stat("k"), Metadata(user={"new": "1"}))
    held = place.held("k")
    assert (held.meta, held.storage_class, held.tags) == ({"new": "1"}, native.infrequent, {"a": "1"})
    assert held.blob.bytes() == b"data"


async def test_a_sync_within_a_region_moves_no_bytes(
    native: Native, place: EmulatedPlace[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is too large for one copy is copied in parts, here with a smaller limit on both sides."""
    place.server.service.limits.copy = MIB
    other = native.bucket(place)
    source = await place.open()
    await source.put("small", Body(b"data"), Metadata(user={"who": "me"}))
    await source.put("large", Body(pattern(3 * MIB + 5)), Metadata(user={"who": "me"}))
    native.limit_copies(monkeypatch, MIB)
    heard = Heard()
    places = (await place.open(), await place.open(bucket=other.name))
    place.server.controls.reset()
    result = await transfer.sync(*places, quick(), listener=heard)
    assert (result.ok, result.totals.copied, result.totals.sent_bytes) == (True, 2, 0)
    assert (place.calls["copy_object"], place.calls["copy_part"]) == (1, 4)
    assert place.calls["get_object"] == place.calls["put_object"] == place.calls["put_part"] == 0
    large = other.current("large")
    assert large is not None
    assert (large.blob.bytes(), large.meta) == (pattern(3 * MIB + 5), {"who": "me"})
    proof = heard.outcomes["large"].proof
    assert proof is not None
    assert proof.proven is Proven.VERIFIED


async def test_a_large_object_is_not_copied_onto_itself(
    native: Native, place: EmulatedPlace[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is sent again, which the sentence says."""
    native.limit_copies(monkeypatch, MIB)
    store = await place.open()
    await store.put("k", Body(bytes(MIB + 1)), Metadata())
    with pytest.raises(
        Unsupported, match=f"is larger than {native.dialect.provider} copies onto itself: send it again"
    ):
        await store.update(await store.stat("k"), Metadata())


async def test_across_regions_it_goes_through_here(native: Native, place: EmulatedPlace[Any]) -> None:
    """Such a cloud copies within one region only, and we do not ask it for more."""
    with serving(lambda folder: native.service(folder, native.far)) as elsewhere:
        far = elsewhere.fresh_bucket(native.suffix)
        await (await place.open()).put("k", Body(b"data"), Metadata())
        target = await place.open(bucket=far.name, endpoint=elsewhere.endpoint, region=native.far)
        assert (await transfer.sync(await place.open(), target, quick())).ok
        assert elsewhere.controls.calls["copy_object"] == 0
        found = far.current("k")
        assert found is not None
        assert found.blob.bytes() == b"data"

"""Copies that COS makes itself: within a region, whole or in parts, and never of anything but what was looked at."""

from __future__ import annotations

from dataclasses import replace

import pytest

import transfer
from tests.core.rig import MIB, Heard, pattern, quick
from tests.emulators.cos import Cos
from tests.emulators.running import serving
from tests.plugins.cosplace import APPID, CosPlace
from transfer.errors import Changed, Frozen, Unsupported
from transfer.model import Algorithm, Body, Metadata, Part, Proven
from transfer.plugin import StoreOptions
from transfer_cos import dialect
from transfer_cos.config import LIMITS


async def test_a_copy(cos: CosPlace) -> None:
    """Any name, to another bucket; the metadata is what is given, the proof the checksums of both sides."""
    other = cos.server.fresh_bucket(APPID).name
    source, target = await cos.open("p"), await cos.open("q", StoreOptions(tags=True), bucket=other)
    stored = await source.put("ü +%?&", Body(b"data"), Metadata(user={"old": "1"}, tags={"old": "1"}))
    metadata = Metadata(user={"new": "2"}, storage_class="STANDARD_IA", tags={"new": "2"})
    made = await target.copy(source.origin, await source.stat("ü +%?&"), "copy ü", metadata)
    assert made.proof.proven is Proven.VERIFIED
    assert made.entry.etag == stored.entry.etag
    found = await target.stat("copy ü")
    assert found.metadata is not None
    assert (found.metadata.user, found.metadata.tags, found.storage_class) == (
        {"new": "2"},
        {"new": "2"},
        "STANDARD_IA",
    )


async def test_tags_are_not_carried_unasked(cos: CosPlace) -> None:
    """As on all other ways."""
    store = await cos.open()
    await store.put("k", Body(b"data"), Metadata(tags={"a": "1"}))
    await store.copy(store.origin, await store.stat("k"), "copy", Metadata())
    assert (cos.held("k").tags, cos.held("copy").tags) == ({"a": "1"}, {})


async def test_what_was_made_in_parts_is_compared_by_its_crc(cos: CosPlace) -> None:
    """Its ETag is no MD5, and the copy's is another one."""
    store = await cos.open()
    upload = await store.begin("k", Metadata(), size=MIB + 1, part_size=MIB)
    receipts = [
        await store.put_part(upload, Part(number, offset, size), Body(bytes(size)))
        for number, offset, size in ((1, 0, MIB), (2, MIB, 1))
    ]
    await store.finish(upload, receipts, Metadata())
    (listed,) = [item async for page in store.list() for item in page.items]
    made = await store.copy(store.origin, listed, "copy", Metadata())  # type: ignore[arg-type]
    assert (made.proof.proven, made.proof.by) == (Proven.VERIFIED, Algorithm.CRC64XZ)


async def test_the_document_tells_what_was_copied(cos: CosPlace) -> None:
    """Its CRC, of the whole and of parts, so that nothing has to be asked afterwards."""
    store = await cos.open()
    await store.put("k", Body(bytes(MIB)), Metadata())
    entry = await store.stat("k")
    made = await store.copy(store.origin, replace(entry, etag=None), "copy", Metadata())
    assert (made.proof.proven, made.proof.by) == (Proven.VERIFIED, Algorithm.CRC64XZ)
    upload = await store.begin("parts", Metadata(), size=MIB, part_size=MIB)
    receipt = await store.copy_part(upload, Part(1, 0, MIB), store.origin, entry)
    assert receipt.checksums == entry.checksums
    assert cos.calls["head_object"] == 1


async def test_a_copy_of_what_has_changed(cos: CosPlace) -> None:
    """It is refused by the server, and so is one that would overwrite."""
    store = await cos.open()
    await store.put("k", Body(b"old"), Metadata())
    entry = await store.stat("k")
    await store.put("k", Body(b"new"), Metadata())
    with pytest.raises(Changed):
        await store.copy(store.origin, entry, "copy", Metadata())
    await store.put("there", Body(b"there"), Metadata())
    with pytest.raises(Changed, match="is there already"):
        await store.copy(store.origin, await store.stat("k"), "there", Metadata(), if_absent=True)
    assert cos.held("there").blob.bytes() == b"there"


async def test_a_copy_of_a_version(cos: CosPlace) -> None:
    """The one that was looked at."""
    cos.bucket.versioning = "Enabled"
    store = await cos.open()
    await store.put("k", Body(b"old"), Metadata())
    entry = await store.stat("k")
    await store.put("k", Body(b"new"), Metadata())
    await store.copy(store.origin, entry, "copy", Metadata())
    assert cos.held("copy").blob.bytes() == b"old"


async def test_a_copy_of_an_archived_object(cos: CosPlace) -> None:
    """It must be thawed first."""
    store = await cos.open()
    await store.put("k", Body(b"cold"), Metadata(storage_class="ARCHIVE"))
    with pytest.raises(Frozen):
        await store.copy(store.origin, await store.stat("k"), "copy", Metadata())


async def test_new_metadata_for_an_object(cos: CosPlace) -> None:
    """A copy onto itself, which keeps its class, and its tags where none are given."""
    store = await cos.open()
    await store.put("k", Body(b"data"), Metadata(storage_class="STANDARD_IA", tags={"a": "1"}))
    await store.update(await store.stat("k"), Metadata(user={"new": "1"}))
    held = cos.held("k")
    assert (held.meta, held.storage_class, held.tags) == ({"new": "1"}, "STANDARD_IA", {"a": "1"})
    assert held.blob.bytes() == b"data"


async def test_a_sync_within_a_region_moves_no_bytes(cos: CosPlace, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is too large for one copy is copied in parts, here with a smaller limit on both sides."""
    cos.server.service.limits.copy = MIB
    other = cos.server.fresh_bucket(APPID)
    source = await cos.open()
    await source.put("small", Body(b"data"), Metadata(user={"who": "me"}))
    await source.put("large", Body(pattern(3 * MIB + 5)), Metadata(user={"who": "me"}))
    _small_copies(monkeypatch)
    heard = Heard()
    places = (await cos.open(), await cos.open(bucket=other.name))
    cos.server.controls.reset()
    result = await transfer.sync(*places, quick(), listener=heard)
    assert (result.ok, result.totals.copied, result.totals.sent_bytes) == (True, 2, 0)
    assert (cos.calls["copy_object"], cos.calls["copy_part"]) == (1, 4)
    assert cos.calls["get_object"] == cos.calls["put_object"] == cos.calls["put_part"] == 0
    large = other.current("large")
    assert large is not None
    assert (large.blob.bytes(), large.meta) == (pattern(3 * MIB + 5), {"who": "me"})
    proof = heard.outcomes["large"].proof
    assert proof is not None
    assert proof.proven is Proven.VERIFIED


async def test_a_large_object_is_not_copied_onto_itself(cos: CosPlace, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is sent again, which the sentence says."""
    _small_copies(monkeypatch)
    store = await cos.open()
    await store.put("k", Body(bytes(MIB + 1)), Metadata())
    with pytest.raises(Unsupported, match="is larger than COS copies onto itself: send it again"):
        await store.update(await store.stat("k"), Metadata())


async def test_across_regions_it_goes_through_here(cos: CosPlace) -> None:
    """COS copies within one region only, and we do not ask it for more."""
    with serving(lambda folder: Cos(folder, "ap-beijing")) as elsewhere:
        far = elsewhere.fresh_bucket(APPID)
        await (await cos.open()).put("k", Body(b"data"), Metadata())
        target = await cos.open(bucket=far.name, endpoint=elsewhere.endpoint, region="ap-beijing")
        assert (await transfer.sync(await cos.open(), target, quick())).ok
        assert elsewhere.controls.calls["copy_object"] == 0
        found = far.current("k")
        assert found is not None
        assert found.blob.bytes() == b"data"


def _small_copies(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let copies be large from a MiB on."""
    monkeypatch.setattr("transfer_cos.opening.COS", replace(dialect.COS, limits=replace(LIMITS, max_copy=MIB)))

"""What is COS's own of domains, parts, archived and appendable objects; the rest is in ``test_native_objects.py``."""

from __future__ import annotations

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
from transfer.errors import Corrupt, Denied, Frozen, Unsupported
from transfer.model import Algorithm, Body, Entry, Metadata, Part
from transfer.plugin import StoreOptions
from transfer.restxml.client import Client
from transfer.wire.http import Reply
from transfer_cos import plugin

TEXT = b'{"some": "text"}' * 128


async def test_packages_do_not_come_through_the_default_domain(cos: CosPlace) -> None:
    """That is told for each, with the remedy."""
    store = await cos.open()
    await store.put("app.apk", Body(b"x"), Metadata())
    cos.server.controls.switches.default_domain = True
    with pytest.raises(Denied, match="may not be downloaded through COS's own domain: bind a domain to the bucket"):
        await read(store, Entry("app.apk"))


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


async def test_tags_of_an_object_without_any(cos: CosPlace) -> None:
    """Be it that COS says there is no such set."""
    store = await cos.open("", StoreOptions(tags=True))
    await store.put("k", Body(b"x"), Metadata())
    cos.server.fail(Fault("refuse", "get_tagging", status=404, code="NoSuchTagSet"))
    for _ in range(2):
        metadata = (await store.stat("k")).metadata
        assert metadata is not None
        assert metadata.tags == {}


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

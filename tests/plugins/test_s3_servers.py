"""On real servers: what each proves, what each keeps. (What all stores must do is the conformance suite's.)"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from tests.conftest import fresh_bucket
from transfer.checksums import combine, digest
from transfer.errors import Changed, Corrupt, Denied, Frozen, NotFound, Unsupported
from transfer.model import Algorithm, Body, Entry, Metadata, Part, Proof, Proven, Span
from transfer.plugin import Store, StoreOptions
from transfer.testing.servers import Server

OpenStore = Callable[..., Awaitable[Store]]
_MIB = 1024**2
_HOSTILE = [
    "a b",
    "a+b",
    "100%",
    "%41",
    "a//b",
    "/leading",
    "./dot",
    "a/../b",
    "..",
    "emoji😀",
    "ctl\x01\x7f",
    "cr\rtab\t",
    "q?a=1&b#c",
    "x" * 1024,
    "é" * 512,
]


@pytest.fixture(params=["seaweed", "moto", "rclone"])
def server(request: pytest.FixtureRequest) -> Server:
    found = request.getfixturevalue(f"{request.param}_server")
    assert isinstance(found, Server)
    return found


@pytest.fixture
def best(request: pytest.FixtureRequest) -> tuple[str, str]:
    """How the server proves an object that was put, and one made of parts."""
    return {"seaweed": ("crc64nvme", "crc64nvme"), "moto": ("etag", "etag"), "rclone": ("md5", "etag")}[
        request.node.callspec.params["server"]
    ]


def _body(data: bytes | memoryview, store: Store) -> Body:
    return Body(data, digest(data, {Algorithm.CRC64NVME, *store.capabilities.verifies}))


async def _bytes(store: Store, entry: Entry, span: Span | None = None) -> bytes:
    async with store.read(entry, span) as reading:
        buffer = bytearray((reading.size or 0) + 1)
        return bytes(buffer[: await reading.readinto(memoryview(buffer))])


async def test_each_server_proves_what_it_can(server: Server, best: tuple[str, str], s3_store: OpenStore) -> None:
    """An object in one piece and one in parts are both verified, by what this server really looks at."""
    store = await s3_store(server, fresh_bucket(server), "p")
    await store.check(write=True)
    put = await store.put("small", _body(b"hello", store), Metadata())
    assert put.proof == Proof(Proven.VERIFIED, best[0])

    data, step = bytes(range(256)) * (6 * _MIB // 256), 5 * _MIB
    upload = await store.begin("large", Metadata(), size=len(data), part_size=step)
    bodies = [_body(memoryview(data)[start : start + step], store) for start in (0, step)]
    parts = [Part(n + 1, n * step, body.size) for n, body in enumerate(bodies)]
    receipts = await asyncio.gather(*(store.put_part(upload, p, b) for p, b in zip(parts, bodies, strict=True)))
    pieces = [(body.checksums[Algorithm.CRC64NVME], body.size) for body in bodies]
    whole = {Algorithm.CRC64NVME: combine(Algorithm.CRC64NVME, pieces)}
    stored = await store.finish(upload, receipts, Metadata(), checksums=whole)
    assert stored.proof == Proof(Proven.VERIFIED, best[1])
    found = await store.stat("large")
    assert (found.size, found.etag) == (len(data), stored.entry.etag)
    assert await _bytes(store, found, Span(step - 1, 3)) == data[step - 1 : step + 2]


async def test_wrong_bytes_never_count(server: Server, s3_store: OpenStore) -> None:
    """Whichever way the server proves, bytes other than those hashed are noticed."""
    store = await s3_store(server, fresh_bucket(server))
    await store.check(write=True)
    with pytest.raises(Corrupt):
        await store.put("k", Body(b"sent", digest(b"meant", store.capabilities.verifies)), Metadata())


async def test_nothing_is_left_of_the_probe(server: Server, s3_store: OpenStore) -> None:
    """No object and no upload remains of the check."""
    store = await s3_store(server, fresh_bucket(server))
    await store.check(write=True)
    assert [item for page in [page async for page in store.list()] for item in page.items] == []


async def test_hostile_keys(moto_server: Server, moto_bucket: str, s3_store: OpenStore) -> None:
    """Names of any legal bytes are written, listed, copied, read and deleted as they are."""
    store = await s3_store(moto_server, moto_bucket)
    await store.check(write=True)
    for key in _HOSTILE:
        stored = await store.put(key, _body(key.encode(), store), Metadata())
        assert await _bytes(store, stored.entry) == key.encode()
        copied = await store.copy(store.origin, stored.entry, "copy", Metadata())
        assert await _bytes(store, copied.entry) == key.encode()
    listed = [item.key async for page in store.list() for item in page.items]
    assert listed == sorted([*_HOSTILE, "copy"], key=str.encode)
    assert await store.delete(_HOSTILE) == {}
    assert [item.key async for page in store.list() for item in page.items] == ["copy"]
    with pytest.raises(Unsupported, match="1025 bytes"):
        await store.put("x" * 1025, _body(b"", store), Metadata())
    with pytest.raises(Unsupported, match="not valid Unicode"):
        await store.stat("\ud800")


@pytest.mark.parametrize("key", ["a//b", "/a", "a/./b", "../a", "a\\b", "with bytes/"])
async def test_keys_that_seaweedfs_would_change(
    key: str, seaweed_server: Server, seaweed_bucket: str, s3_store: OpenStore
) -> None:
    """They are refused: kept under another name, they would overwrite that one's object, or be lost."""
    store = await s3_store(seaweed_server, seaweed_bucket)
    await store.check(write=False)
    with pytest.raises(Unsupported, match="SeaweedFS"):
        await store.put(key, _body(b"x", store), Metadata())
    with pytest.raises(Unsupported, match="SeaweedFS"):
        await store.begin(key, Metadata(), size=10, part_size=10)


async def test_a_version_is_pinned(moto_server: Server, moto_bucket: str, s3_store: OpenStore) -> None:
    """On a versioned bucket the version that was looked at is read, whatever came after it."""
    store = await s3_store(moto_server, moto_bucket)
    versioning = b"<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>"
    await store._bucket.client.call("PUT", None, {"versioning": ""}, {}, versioning, sealed=True)  # type: ignore[attr-defined]
    first = (await store.put("k", _body(b"first", store), Metadata())).entry
    second = (await store.put("k", _body(b"second", store), Metadata())).entry
    assert first.version != second.version
    assert await _bytes(store, await store.stat("k")) == b"second"
    assert await _bytes(store, first) == b"first"
    assert (await _bytes(store, Entry("k", version=first.version), Span(1, 3))) == b"irs"


async def test_no_server_makes_up_a_content_type(server: Server, s3_store: OpenStore) -> None:
    """What had none does not come back with one that a disk would have to lose."""
    store = await s3_store(server, fresh_bucket(server))
    await store.check(write=True)
    await store.put("k.txt", _body(b"#!/bin/sh", store), Metadata())
    found = (await store.stat("k.txt")).metadata
    assert found is not None
    assert found.content_type == "binary/octet-stream"


async def test_tags_and_class(moto_server: Server, moto_bucket: str, s3_store: OpenStore) -> None:
    """Tags travel only when asked for, and survive a change of metadata; the storage class is kept."""
    tagging = await s3_store(moto_server, moto_bucket, options=StoreOptions(tags=True))
    metadata = Metadata(tags={"project": "apollo 11"}, storage_class="GLACIER_IR", user={"a": "b"})
    stored = await tagging.put("k", _body(b"x", tagging), metadata)
    found = await tagging.stat("k")
    assert found.metadata == Metadata(
        content_type="binary/octet-stream", tags={"project": "apollo 11"}, storage_class="GLACIER_IR", user={"a": "b"}
    )
    async with tagging.read(stored.entry) as reading:
        assert reading.entry.metadata == found.metadata
    plain = await s3_store(moto_server, moto_bucket)
    known = await plain.stat("k")
    assert known.metadata is not None
    assert known.metadata.tags is None
    await plain.update(known, Metadata(user={"c": "d"}))
    changed = (await tagging.stat("k")).metadata
    assert changed is not None
    assert (changed.tags, changed.user, changed.storage_class) == ({"project": "apollo 11"}, {"c": "d"}, "GLACIER_IR")


async def test_a_frozen_object_is_told(moto_server: Server, moto_bucket: str, s3_store: OpenStore) -> None:
    """What is in cold storage can't be read, and says so."""
    store = await s3_store(moto_server, moto_bucket)
    stored = await store.put("k", _body(b"x", store), Metadata(storage_class="GLACIER"))
    with pytest.raises(Frozen):
        await _bytes(store, stored.entry)


async def test_thawing(moto_server: Server, moto_bucket: str, s3_store: OpenStore) -> None:
    """Asked for, and asked again; moto thaws at once."""
    store = await s3_store(moto_server, moto_bucket)
    stored = await store.put("k", _body(b"x", store), Metadata(storage_class="GLACIER"))
    await store.thaw(stored.entry, 2, "Bulk")
    await store.thaw(stored.entry, 2, "Bulk")
    assert await _bytes(store, stored.entry) == b"x"
    warm = await store.put("warm", _body(b"x", store), Metadata())
    with pytest.raises(Unsupported, match="there is nothing to thaw"):
        await store.thaw(warm.entry, 1, "")


@pytest.mark.parametrize("name", ["seaweed", "rclone"])
async def test_servers_without_cold_storage(name: str, request: pytest.FixtureRequest, s3_store: OpenStore) -> None:
    """A server that does not thaw says so, and the object stays as it was."""
    store = await s3_store(request.getfixturevalue(f"{name}_server"), request.getfixturevalue(f"{name}_bucket"))
    stored = await store.put("k", _body(b"x", store), Metadata())
    with pytest.raises(Unsupported):
        await store.thaw(stored.entry, 1, "Standard")
    assert await _bytes(store, stored.entry) == b"x"


async def test_writes_that_must_not_replace(server: Server, s3_store: OpenStore) -> None:
    """Also servers that do not know the condition keep what is there."""
    store = await s3_store(server, fresh_bucket(server))
    stored = await store.put("k", _body(b"first", store), Metadata(), if_absent=True)
    with pytest.raises(Changed):
        await store.put("k", _body(b"second", store), Metadata(), if_absent=True)
    with pytest.raises(Changed):
        await store.copy(store.origin, stored.entry, "k", Metadata(), if_absent=True)
    assert await _bytes(store, stored.entry) == b"first"


@pytest.mark.parametrize("name", ["seaweed", "rclone"])
async def test_wrong_credentials(name: str, request: pytest.FixtureRequest, s3_store: OpenStore) -> None:
    """An unknown key and a wrong secret are told at the check, with the remedy."""
    server: Server = request.getfixturevalue(f"{name}_server")
    bucket: str = request.getfixturevalue(f"{name}_bucket")
    for wrong in ({"access_key_id": "somebody-else"}, {"secret_access_key": "not-the-secret"}):
        store = await s3_store(server, bucket, **wrong)
        with pytest.raises(Denied, match="check access_key_id and secret_access_key"):
            await store.check(write=False)


async def test_a_bucket_that_is_not_there(server: Server, s3_store: OpenStore) -> None:
    """It is named."""
    store = await s3_store(server, "no-such-bucket-here")
    with pytest.raises(NotFound, match="no-such-bucket-here"):
        await store.check(write=False)

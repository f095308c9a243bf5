"""Cold storage at S3 itself, which takes its time: against the emulator, whose clock can be turned."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.emulators.running import KEY, Emulator
from tests.emulators.s3 import S3
from transfer.errors import Frozen, Unsupported
from transfer.model import Body, Cold, Entry, Metadata
from transfer.plugin import Location, Store, StoreOptions
from transfer_s3 import plugin

SETTINGS = {"region": "us-east-1", "access_key_id": KEY.id, "secret_access_key": KEY.secret}


@pytest.fixture
async def store(s3_server: Emulator[S3]) -> AsyncIterator[Store]:
    """Of a fresh bucket. Requests are signed by this machine's clock, whatever the server's says."""
    s3_server.controls.switches.clock_skew_checked = False
    name = s3_server.fresh_bucket().name
    location = Location(f"s3://{name}/", "s3", name, "", {"endpoint": s3_server.endpoint, **SETTINGS})
    opened = await plugin.open(location, StoreOptions())
    yield opened
    await opened.aclose()


async def cold(store: Store, storage_class: str) -> Entry:
    """An object in it, as it is looked at."""
    await store.put("k", Body(b"cold"), Metadata(storage_class=storage_class))
    return await store.stat("k")


async def read(store: Store, entry: Entry) -> bytes:
    async with store.read(entry) as reading:
        buffer = bytearray(10)
        return bytes(buffer[: await reading.readinto(memoryview(buffer))])


def statuses(server: Emulator[S3]) -> list[int]:
    """What was answered to each thaw."""
    return [seen.status for seen in server.controls.seen if seen.verb == "restore"]


@pytest.mark.parametrize(("storage_class", "tier", "hours"), [("GLACIER", "Standard", 6), ("DEEP_ARCHIVE", "Bulk", 49)])
async def test_a_cold_object(s3_server: Emulator[S3], store: Store, storage_class: str, tier: str, hours: int) -> None:
    """It is frozen until it is thawed: asked for, asked again, done, and frozen again after its days."""
    assert store.capabilities.thaw
    entry = await cold(store, storage_class)
    assert entry.storage_class == storage_class
    with pytest.raises(Frozen, match="is in cold storage and must be restored before it can be read"):
        await read(store, entry)
    assert (await store.thaw(entry, 2, tier)).state is Cold.THAWING
    assert (await store.thaw(entry, 2, tier)).state is Cold.THAWING  # 409: it goes on
    with pytest.raises(Frozen):
        await read(store, entry)
    s3_server.service.clock.turn(hours=hours)
    assert (await store.thaw(entry, 2, tier)).state is Cold.THAWED  # 200: for longer
    assert await read(store, entry) == b"cold"
    assert statuses(s3_server) == [202, 409, 200]
    s3_server.service.clock.turn(days=3)
    with pytest.raises(Frozen):
        await read(store, entry)


async def test_a_faster_tier(s3_server: Emulator[S3], store: Store) -> None:
    """Asked for while it goes on, and none by default."""
    entry = await cold(store, "GLACIER")
    await store.thaw(entry, 1, "Bulk")
    await store.thaw(entry, 1, "Expedited")
    assert statuses(s3_server) == [202, 202]
    s3_server.service.clock.turn(minutes=6)
    assert await read(store, entry) == b"cold"
    await store.put("other", Body(b"cold"), Metadata(storage_class="GLACIER"))
    await store.thaw(await store.stat("other"), 1, "")
    assert statuses(s3_server) == [202, 202, 202]


async def test_what_can_not_be_thawed(store: Store) -> None:
    """A tier that the class does not have, and a class that needs none."""
    entry = await cold(store, "DEEP_ARCHIVE")
    with pytest.raises(Unsupported, match="The tier 'Expedited' is not valid for this storage class"):
        await store.thaw(entry, 1, "Expedited")
    await store.put("warm", Body(b"warm"), Metadata(storage_class="GLACIER_IR"))
    with pytest.raises(Unsupported, match="'warm' is of a storage class that can be read as it is"):
        await store.thaw(await store.stat("warm"), 1, "")


async def test_one_version_is_thawed(s3_server: Emulator[S3], store: Store) -> None:
    """The one that was looked at, although there is a newer one."""
    bucket = next(reversed(s3_server.service.buckets.values()))
    bucket.versioning = "Enabled"
    entry = await cold(store, "GLACIER")
    await store.put("k", Body(b"new"), Metadata(storage_class="GLACIER"))
    await store.thaw(entry, 1, "Standard")
    assert [version.thaw is not None for version in bucket.chain("k")] == [False, True]

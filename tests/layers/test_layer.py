"""A layer that does nothing changes nothing."""

from __future__ import annotations

import inspect

from tests.layers.faulty import Bench
from transfer.layers.layer import Layer
from transfer.model import Body, Entry, Metadata, Part
from transfer.plugin import Capabilities, Store


def test_every_call_is_handed_on() -> None:
    """A layer has all of a store's calls itself, none is inherited from the base that can do nothing."""
    calls = {name for name, _ in inspect.getmembers(Store, inspect.isfunction) if not name.startswith("_")}
    assert calls - set(vars(Layer)) == set()


async def test_what_a_store_can_do_is_asked_each_time() -> None:
    """Capabilities that a check refines are seen through all layers."""
    bench = Bench()
    inner = bench.store._inner
    assert bench.layered.capabilities == inner.capabilities
    inner.capabilities = Capabilities(copy=True)
    assert bench.layered.capabilities == Capabilities(copy=True)
    assert (bench.layered.url, bench.layered.origin, bench.layered.limits) == (inner.url, inner.origin, inner.limits)
    inner.empty = True
    assert bench.layered.empty


async def test_all_calls_work_through_all_layers() -> None:
    """Arguments and results pass unchanged."""
    bench = Bench()
    store = bench.layered
    await store.check(write=True)
    upload = await store.begin("big", Metadata(content_type="text/plain"), size=4, part_size=2)
    assert [found.id for found in await store.uploads("big")] == [upload.id]
    receipts = [
        await store.put_part(upload, Part(1, 0, 2), Body(b"ab")),
        await store.put_part(upload, Part(2, 2, 2), Body(b"cd")),
    ]
    assert await store.parts(upload) == receipts
    await store.finish(upload, receipts, Metadata(content_type="text/plain"))
    entry = await store.stat("big")
    assert entry.metadata is not None
    assert (entry.size, entry.metadata.content_type) == (4, "text/plain")
    await store.copy(store.origin, entry, "twin", Metadata())
    await store.update(entry, Metadata(content_type="image/png"))
    spare = await store.begin("spare", Metadata(), size=4, part_size=2)
    await store.copy_part(spare, Part(1, 0, 2), store.origin, await store.stat("big"))
    await store.abort(spare)
    keys = [item.key async for page in store.list() for item in page.items]
    assert keys == ["big", "twin"]
    assert await store.delete(keys) == {}
    await store.aclose()


async def test_reads_pass_through() -> None:
    """The bytes of a read arrive, and leaving it early closes it."""
    bench = Bench()
    await bench.put("k", b"0123456789")
    view = memoryview(bytearray(4))
    async with bench.layered.read(Entry("k")) as reading:
        assert (reading.entry.key, reading.size) == ("k", 10)
        assert await reading.readinto(view) == 4
    assert bytes(view) == b"0123"
    assert bench.store.busy == 0

"""What happens on the wire is told as what it is, and damages nothing."""

from __future__ import annotations

import time
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence

import pytest

from transfer.errors import Corrupt, NotFound, Throttled, TransferError, Transient
from transfer.model import Entry, Metadata, Part
from transfer.plugin import Store, StoreOptions
from transfer.testing.checks.harness import fetch, keys, noise, put, send, split
from transfer.testing.faultproxy import FaultProxy, fault_proxy
from transfer.testing.faults import Fault, script
from transfer.testing.servers import Server
from transfer_s3 import plugin

_PART = 5 * 1024 * 1024
_OPTIONS = StoreOptions(connect_timeout=2, idle_timeout=0.3, request_timeout=3)
_EXPECTED: dict[Fault, type[TransferError]] = {
    Fault.REFUSED: Transient,
    Fault.RESET: Transient,
    Fault.SHORT: Transient,
    Fault.INTERNAL: Transient,
    Fault.SLOW_DOWN: Throttled,
    Fault.LOST_REPLY: Transient,
}


@pytest.fixture
async def proxy(seaweed_server: Server) -> AsyncIterator[FaultProxy]:
    async with fault_proxy(seaweed_server.port) as proxy:
        yield proxy


@pytest.fixture
async def open_store(
    seaweed_server: Server, seaweed_shared: str, proxy: FaultProxy
) -> AsyncIterator[Callable[[StoreOptions], Awaitable[Store]]]:
    opened: list[Store] = []

    async def open_it(options: StoreOptions) -> Store:
        location = seaweed_server.location(seaweed_shared, uuid.uuid4().hex, endpoint=proxy.endpoint)
        opened.append(await plugin.open(location, options))
        await opened[-1].check(write=True)
        return opened[-1]

    yield open_it
    for store in opened:
        await store.aclose()


@pytest.fixture
async def store(open_store: Callable[[StoreOptions], Awaitable[Store]]) -> Store:
    return await open_store(StoreOptions())


@pytest.mark.parametrize("fault", _EXPECTED)
async def test_get(store: Store, proxy: FaultProxy, fault: Fault) -> None:
    """A read that breaks says so, never ends early in silence, and succeeds when made again."""
    entry = (await put(store, "k", noise(300_000))).entry
    proxy.plan = script({"GET": [fault]})
    with pytest.raises(_EXPECTED[fault]):
        await fetch(store, entry)
    assert await fetch(store, entry) == noise(300_000)
    assert [what for _, what in proxy.injected] == [fault]


async def test_get_wrong_bytes(store: Store, proxy: FaultProxy) -> None:
    """Wrong bytes arrive as they are: noticing them is left to whoever has the checksum."""
    entry = (await put(store, "k", noise(300_000))).entry
    proxy.plan = script({"GET": [Fault.WRONG]})
    assert await fetch(store, entry) != noise(300_000)


@pytest.mark.parametrize("fault", _EXPECTED)
async def test_put(store: Store, proxy: FaultProxy, fault: Fault) -> None:
    """A put that breaks says so, leaves what was there or the whole new object, and can be made again."""
    await put(store, "k", b"as it was")
    proxy.plan = script({"PUT": [fault]})
    with pytest.raises(_EXPECTED[fault]):
        await put(store, "k", noise(300_000))
    assert await fetch(store, Entry("k")) in (b"as it was", noise(300_000))
    await put(store, "k", noise(300_000))
    assert await fetch(store, Entry("k")) == noise(300_000)


async def test_put_wrong_bytes(store: Store, proxy: FaultProxy) -> None:
    """Bytes that were damaged on their way are refused by the server."""
    proxy.plan = script({"PUT": [Fault.WRONG]})
    with pytest.raises(Corrupt):
        await put(store, "k", noise(300_000))
    assert await keys(store) == []


@pytest.mark.parametrize("fault", _EXPECTED)
async def test_list(store: Store, proxy: FaultProxy, fault: Fault) -> None:
    """A listing that breaks says so, and never looks complete."""
    for key in ("a", "b", "c"):
        await put(store, key, b"1")
    proxy.plan = script({"GET": [fault]})
    with pytest.raises((_EXPECTED[fault], Corrupt)):
        await keys(store)
    assert await keys(store) == ["a", "b", "c"]


@pytest.mark.parametrize("fault", _EXPECTED)
async def test_upload(store: Store, proxy: FaultProxy, fault: Fault) -> None:
    """A part and the end of an upload can be sent again, whatever broke the first time."""
    data = noise(_PART + 1000)
    upload = await store.begin("k", Metadata(), size=len(data), part_size=_PART)
    first, last = split(data, _PART)
    proxy.plan = script({"PUT": [fault]})
    with pytest.raises(_EXPECTED[fault]):
        await send(store, upload, last, data)
    receipts = [await send(store, upload, part, data) for part in (first, last)]
    proxy.plan = script({"POST": [fault]})
    with pytest.raises(_EXPECTED[fault]):
        await store.finish(upload, receipts, Metadata())
    try:
        await store.finish(upload, receipts, Metadata())
    except NotFound:
        assert fault in (Fault.LOST_REPLY, Fault.SHORT), "the upload is gone, although nothing was done"
    assert await fetch(store, Entry("k")) == data


async def test_part_wrong_bytes(store: Store, proxy: FaultProxy) -> None:
    """A part that was damaged on its way is refused by the server and not kept."""
    upload = await store.begin("k", Metadata(), size=1000, part_size=_PART)
    proxy.plan = script({"PUT": [Fault.WRONG]})
    with pytest.raises(Corrupt):
        await send(store, upload, Part(1, 0, 1000), noise(1000))
    assert list(await store.parts(upload)) == []
    await store.abort(upload)


async def test_server_goes_away_and_comes_back(store: Store, proxy: FaultProxy) -> None:
    """While a server is gone calls fail in passing; once it is back they succeed."""
    await put(store, "k", b"1")
    await proxy.stop()
    with pytest.raises(Transient):
        await store.stat("k")
    await proxy.start()
    assert (await store.stat("k")).size == 1


async def test_silence_ends_in_a_timeout(
    open_store: Callable[[StoreOptions], Awaitable[Store]], proxy: FaultProxy
) -> None:
    """A server that does not answer is not waited for any longer than the options say."""
    store = await open_store(StoreOptions(idle_timeout=0.5, request_timeout=1))
    entry = (await put(store, "k", b"1")).entry
    upload = await store.begin("k", Metadata(), size=1, part_size=_PART)
    receipt = await send(store, upload, Part(1, 0, 1), b"1")
    calls: Sequence[Callable[[], Awaitable[object]]] = (
        lambda: fetch(store, entry),
        lambda: put(store, "k", b"2"),
        lambda: keys(store),
        lambda: store.finish(upload, [receipt], Metadata()),
    )
    for call in calls:
        proxy.plan = script({"": [Fault.HUNG]})
        started = time.monotonic()
        with pytest.raises(Transient):
            await call()
        assert time.monotonic() - started < 5
    await store.abort(upload)

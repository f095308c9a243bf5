"""What happens on the wire to Kodo is told as what it is, and damages nothing."""

from __future__ import annotations

import time
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping

import pytest

from tests.emulators.kodo import Kodo
from transfer.errors import Corrupt, NotFound, Throttled, TransferError, Transient
from transfer.model import Entry, Metadata, Part
from transfer.plugin import Store, StoreOptions
from transfer.testing.checks.harness import fetch, keys, noise, put, send
from transfer.testing.faultproxy import FaultProxy, fault_proxy
from transfer.testing.faults import Fault, script
from transfer_qiniu import plugin

_MIB = 1024 * 1024
_EXPECTED: Mapping[Fault, type[TransferError]] = {
    Fault.REFUSED: Transient,
    Fault.RESET: Transient,
    Fault.SHORT: Transient,
    Fault.INTERNAL: Transient,
    Fault.SLOW_DOWN: Throttled,
    Fault.LOST_REPLY: Transient,
}
Open = Callable[[StoreOptions], Awaitable[Store]]


@pytest.fixture
async def proxy(kodo_server: Kodo) -> AsyncIterator[FaultProxy]:
    """Ahead of all services."""
    async with fault_proxy(kodo_server.port) as proxy:
        yield proxy


@pytest.fixture
async def domain(kodo_server: Kodo, bucket: str) -> AsyncIterator[FaultProxy]:
    async with fault_proxy(int(kodo_server.buckets[bucket].domain.rpartition(":")[2])) as proxy:
        yield proxy


@pytest.fixture
def bucket(kodo_server: Kodo) -> str:
    return kodo_server.create_bucket(f"bucket-{uuid.uuid4().hex[:12]}").name


@pytest.fixture
async def open_store(kodo_server: Kodo, bucket: str, proxy: FaultProxy, domain: FaultProxy) -> AsyncIterator[Open]:
    opened: list[Store] = []

    async def open_it(options: StoreOptions) -> Store:
        location = kodo_server.location(bucket, endpoint=proxy.endpoint, domain=domain.endpoint)
        opened.append(await plugin.open(location, options))
        return opened[-1]

    yield open_it
    for store in opened:
        await store.aclose()


@pytest.fixture
async def store(open_store: Open) -> Store:
    return await open_store(StoreOptions())


@pytest.mark.parametrize("fault", _EXPECTED)
async def test_put(store: Store, proxy: FaultProxy, fault: Fault) -> None:
    """A put that breaks says so, leaves what was there or the whole new object, and can be made again."""
    await put(store, "k", b"as it was")
    proxy.plan = script({"POST": [fault]})
    with pytest.raises(_EXPECTED[fault]):
        await put(store, "k", noise(300_000))
    assert await fetch(store, Entry("k")) in (b"as it was", noise(300_000))
    await put(store, "k", noise(300_000))
    assert await fetch(store, Entry("k")) == noise(300_000)


async def test_wrong_bytes_are_refused(store: Store, proxy: FaultProxy) -> None:
    """Bytes that were damaged on their way are not kept: of a form by their CRC-32, of a part by their MD5."""
    proxy.plan = script({"POST": [Fault.WRONG]})
    with pytest.raises(Corrupt):
        await put(store, "k", noise(300_000))
    assert await keys(store) == []
    upload = await store.begin("k", Metadata(), size=1000, part_size=_MIB)
    proxy.plan = script({"PUT": [Fault.WRONG]})
    with pytest.raises(Corrupt):
        await send(store, upload, Part(1, 0, 1000), noise(1000))
    assert list(await store.parts(upload)) == []
    await store.abort(upload)


@pytest.mark.parametrize("fault", [Fault.REFUSED, Fault.RESET, Fault.SHORT, Fault.INTERNAL, Fault.SLOW_DOWN])
async def test_read(store: Store, domain: FaultProxy, fault: Fault) -> None:
    """A read that breaks says so, never ends early in silence, and succeeds when made again."""
    entry = (await put(store, "k", noise(300_000))).entry
    domain.plan = script({"GET": [fault]})
    with pytest.raises(_EXPECTED[fault]):
        await fetch(store, entry)
    assert await fetch(store, entry) == noise(300_000)
    assert [what for _, what in domain.injected] == [fault]


@pytest.mark.parametrize("fault", _EXPECTED)
async def test_upload(store: Store, proxy: FaultProxy, fault: Fault) -> None:
    """A part and the end of an upload can be sent again, whatever broke the first time."""
    data = noise(1000)
    upload = await store.begin("k", Metadata(), size=len(data), part_size=_MIB)
    proxy.plan = script({"PUT": [fault]})
    with pytest.raises(_EXPECTED[fault]):
        await send(store, upload, Part(1, 0, 1000), data)
    receipt = await send(store, upload, Part(1, 0, 1000), data)
    proxy.plan = script({"POST": [fault]})
    with pytest.raises(_EXPECTED[fault]):
        await store.finish(upload, [receipt], Metadata())
    try:
        await store.finish(upload, [receipt], Metadata())
    except NotFound:
        assert fault in (Fault.LOST_REPLY, Fault.SHORT), "the upload is gone, although nothing was done"
    assert await fetch(store, Entry("k")) == data


@pytest.mark.parametrize("fault", _EXPECTED)
async def test_list(store: Store, proxy: FaultProxy, fault: Fault) -> None:
    """A listing that breaks says so, and never looks complete."""
    for key in ("a", "b"):
        await put(store, key, b"1")
    proxy.plan = script({"GET /list": [fault]})
    with pytest.raises((_EXPECTED[fault], Corrupt)):
        await keys(store)
    assert sorted(await keys(store)) == ["a", "b"]


async def test_silence_ends_in_a_timeout(open_store: Open, proxy: FaultProxy, domain: FaultProxy) -> None:
    """A server that does not answer is not waited for any longer than the options say."""
    store = await open_store(StoreOptions(idle_timeout=0.5, request_timeout=1))
    entry = (await put(store, "k", b"1")).entry
    upload = await store.begin("k", Metadata(), size=1, part_size=_MIB)
    receipt = await send(store, upload, Part(1, 0, 1), b"1")
    calls: tuple[Callable[[], Awaitable[object]], ...] = (
        lambda: fetch(store, entry),
        lambda: put(store, "k", b"2"),
        lambda: keys(store),
        lambda: store.delete(["k"]),
        lambda: store.finish(upload, [receipt], Metadata()),
    )
    for call in calls:
        proxy.plan, domain.plan = script({"": [Fault.HUNG]}), script({"": [Fault.HUNG]})
        started = time.monotonic()
        with pytest.raises(Transient):
            await call()
        assert time.monotonic() - started < 5
    proxy.plan = domain.plan = lambda what: None
    await store.abort(upload)

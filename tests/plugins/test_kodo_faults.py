"""Faults of Kodo itself, by the same words as those of the other emulators."""

from __future__ import annotations

import datetime as dt
import time
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest

from tests.emulators.controls import Fault, FaultKind
from tests.emulators.kodo import Kodo
from transfer.checksums import digest
from transfer.errors import Corrupt, Misconfigured, Throttled, TransferError, Transient
from transfer.model import Algorithm, Body, Entry, Metadata, Part
from transfer.plugin import Store, StoreOptions
from transfer.testing.checks.harness import fetch, keys, noise, put
from transfer_qiniu import plugin


@pytest.fixture
async def store(kodo_server: Kodo) -> AsyncIterator[Store]:
    bucket = kodo_server.create_bucket(f"bucket-{uuid.uuid4().hex[:12]}")
    options = StoreOptions(connect_timeout=2, idle_timeout=0.3, request_timeout=3)
    store = await plugin.open(kodo_server.location(bucket.name), options)
    yield store
    await store.aclose()
    kodo_server.controls.reset()
    kodo_server.clock.turned = dt.timedelta()


@pytest.mark.parametrize(
    ("kind", "expected"),
    [("throttle", Throttled), ("reset", Transient), ("short", Transient), ("lost", Transient), ("hang", Transient)],
)
@pytest.mark.parametrize("verb", ["download", "stat", "form", "list"])
async def test_a_fault(
    kodo_server: Kodo, store: Store, kind: FaultKind, expected: type[TransferError], verb: str
) -> None:
    """It is told as what it is, and the same call succeeds when it is made again."""
    entry = (await put(store, "k", noise(3000))).entry
    calls: dict[str, Callable[[], Awaitable[object]]] = {
        "download": lambda: fetch(store, entry),
        "stat": lambda: store.stat("k"),
        "form": lambda: put(store, "k", noise(3000)),
        "list": lambda: keys(store),
    }
    kodo_server.controls.faults.append(Fault(kind, verb=verb, after=10))
    with pytest.raises(expected):
        await calls[verb]()
    assert not kodo_server.controls.faults
    await calls[verb]()
    assert await fetch(store, Entry("k")) == noise(3000)


async def test_wrong_bytes_arrive_as_they_are(kodo_server: Kodo, store: Store) -> None:
    """Noticing them is left to whoever has the checksum."""
    entry = (await put(store, "k", noise(3000))).entry
    kodo_server.controls.faults.append(Fault("wrong body", verb="download"))
    assert await fetch(store, entry) != noise(3000)
    assert [seen.verb for seen in kodo_server.controls.seen[-3:]] == ["stat", "domains", "download"]


async def test_tokens_that_are_too_old(kodo_server: Kodo, store: Store) -> None:
    """By the server's clock, that of a machine whose own is far behind."""
    entry = (await put(store, "k", b"1")).entry
    kodo_server.clock.turn(hours=2)
    for call in (put(store, "k", b"2"), fetch(store, entry)):
        with pytest.raises(Misconfigured, match=r"this machine's clock is (7199|7200) s behind the server's"):
            await call
    kodo_server.clock.turn(hours=-2)
    assert await fetch(store, entry) == b"1"


@pytest.mark.parametrize("verb", ["form", "part"])
async def test_a_wrong_checksum(kodo_server: Kodo, store: Store, verb: str) -> None:
    """One that Kodo tells of what it stored; the fault aims at a key, and leaves others alone."""
    kodo_server.controls.faults.append(Fault("wrong crc", verb=verb, key="k"))

    async def write(key: str) -> None:
        if verb == "form":
            await store.put(key, Body(b"1", digest(b"1", (Algorithm.SHA1,))), Metadata())
        else:
            upload = await store.begin(key, Metadata(), size=1, part_size=1 << 22)
            await store.put_part(upload, Part(1, 0, 1), Body(b"1", {}))

    await write("other")
    with pytest.raises(Corrupt, match="at the server"):
        await write("k")
    assert [(seen.bucket != "", seen.key) for seen in kodo_server.controls.seen if seen.verb == verb] == [
        (True, "other"),
        (True, "k"),
    ]


async def test_an_error_in_a_success(kodo_server: Kodo, store: Store) -> None:
    """A document that tells of an error, behind a status that does not, is no object."""
    kodo_server.controls.faults.append(Fault("late error", verb="form"))
    with pytest.raises(Corrupt, match="without telling its hash"):
        await put(store, "k", b"1")
    kodo_server.controls.faults.append(Fault("late error", verb="stat"))
    with pytest.raises(Corrupt):
        await store.stat("k")


async def test_a_slow_download(kodo_server: Kodo, store: Store) -> None:
    """It takes its time, and arrives whole."""
    entry = (await put(store, "k", noise(3000))).entry
    kodo_server.controls.faults.append(Fault("slow", verb="download", after=10_000))
    begun = time.monotonic()
    assert await fetch(store, entry) == noise(3000)
    assert time.monotonic() - begun > 0.2

"""Faults of Kodo itself, by the same words as those of the other emulators."""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest

from tests.emulators.controls import Fault, FaultKind
from tests.emulators.kodo import Kodo
from transfer.errors import Denied, Throttled, TransferError, Transient
from transfer.model import Entry
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
    kodo_server.rules.ahead = 0


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
    kodo_server.rules.ahead = 7200
    for call in (put(store, "k", b"2"), fetch(store, entry)):
        with pytest.raises(Denied):
            await call
    kodo_server.rules.ahead = 0
    assert await fetch(store, entry) == b"1"

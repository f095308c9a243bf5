"""Injected faults are what they say, happen when they should, and no others do."""

from __future__ import annotations

import time
import uuid

import pytest

from transfer.errors import Corrupt, Throttled, Transient
from transfer.model import Entry, Metadata, Part
from transfer.plugin import Location, Store, StoreOptions
from transfer.testing.checks.harness import exists, fetch, keys, noise, put, send
from transfer.testing.faults import CALL_FAULTS, READ_FAULTS, Fault, Faulty, Plan, chance, script
from transfer.testing.patient import Patient
from transfer_memory import plugin


async def memory() -> Store:
    bucket = uuid.uuid4().hex
    return await plugin.open(Location(f"memory://{bucket}", "memory", bucket, ""), StoreOptions())


async def faulty(plan: Plan) -> Faulty:
    return Faulty(await memory(), plan)


@pytest.mark.parametrize("fault", [Fault.REFUSED, Fault.RESET, Fault.SHORT, Fault.INTERNAL, Fault.HUNG])
async def test_failing_call_does_nothing(fault: Fault) -> None:
    """A call that fails has not been done, and can be made again."""
    store = await faulty(script({"put k": [fault]}))
    with pytest.raises(Transient, match=fault):
        await put(store, "k", b"1")
    assert not await exists(store, "k")
    await put(store, "k", b"1")
    assert store.injected == [("put k", fault)]


async def test_slow_down_tells_how_long() -> None:
    """A throttled call says after which time to try again."""
    store = await faulty(script({"stat": [Fault.SLOW_DOWN]}))
    with pytest.raises(Throttled) as raised:
        await store.stat("k")
    assert raised.value.retry_after


async def test_lost_reply_was_done() -> None:
    """A call whose reply is lost has been done all the same."""
    store = await faulty(script({"put": [Fault.LOST_REPLY]}))
    with pytest.raises(Transient):
        await put(store, "k", b"1")
    assert await exists(store, "k")


async def test_damaged_writes_are_the_stores_to_notice() -> None:
    """Bytes damaged on their way are refused by a store that verifies them."""
    store = await faulty(script({"put": [Fault.WRONG, Fault.WRONG]}))
    with pytest.raises(Corrupt):
        await put(store, "k", b"123")
    upload = await store.begin("k", Metadata(), size=3, part_size=3)
    with pytest.raises(Corrupt):
        await send(store, upload, Part(1, 0, 3), b"123")


@pytest.mark.parametrize("fault", [Fault.RESET, Fault.SHORT])
async def test_body_breaks_midway(fault: Fault) -> None:
    """A read that breaks has given some bytes, but not all."""
    store = await faulty(script({"read": [fault]}))
    await put(store, "k", noise(1000))
    view = memoryview(bytearray(1000))
    async with store.read(Entry("k")) as reading:
        assert 0 < await reading.readinto(view) < 1000
        with pytest.raises(Transient):
            await reading.readinto(view)


async def test_wrong_bytes_are_silent_and_noticed() -> None:
    """Wrong bytes raise nothing by themselves; who has the checksum reads again."""
    store = await faulty(script({"read": [Fault.WRONG, Fault.WRONG]}))
    await put(store, "k", noise(1000))
    assert await fetch(store, Entry("k")) != noise(1000)
    assert await fetch(Patient(store), Entry("k")) == noise(1000)
    assert len(store.injected) == 2


async def test_listing_fails_between_pages() -> None:
    """A listing fails where the plan says, after the pages before."""
    store = await faulty(script({"list": [None, Fault.RESET]}))
    for number in range(1500):
        await put(store, f"{number:04}", b"")
    pages = aiter(store.list())
    assert len((await anext(pages)).items) == 1000
    with pytest.raises(Transient):
        await anext(pages)
    assert len(await keys(store)) == 1500


async def test_script_takes_the_longest_name() -> None:
    """Of two names that match, the longer one decides."""
    plan = script({"put": [Fault.RESET], "put part 2": [Fault.HUNG, None]})
    assert [plan("put part 2 of k"), plan("put k"), plan("put k"), plan("stat k")] == [
        Fault.HUNG,
        Fault.RESET,
        None,
        None,
    ]


async def test_chance_is_repeatable_and_lets_the_patient_through() -> None:
    """The same seed gives the same faults, every kind comes up, and no request fails for ever."""
    one, two = chance(7), chance(7)
    asked = [f"{verb} {number}" for number in range(300) for verb in ("read", "put")]
    faults = [one(what) for what in asked]
    assert faults == [two(what) for what in asked]
    assert set(faults[::2]) == {None, *READ_FAULTS}
    assert set(faults[1::2]) == {None, *CALL_FAULTS}
    always = chance(7, rate=1.0)
    assert [always("put k") is None for _ in range(5)] == [False, False, False, True, True]


async def test_hung_call_gives_up() -> None:
    """A call that hangs ends after the wrapper's patience."""
    store = Faulty(await memory(), script({"stat": [Fault.HUNG]}), patience=0.1)
    started = time.monotonic()
    with pytest.raises(Transient):
        await store.stat("k")
    assert 0.09 <= time.monotonic() - started < 5  # some event loops count whole milliseconds

"""Slots: how many calls are under way, who waits, and what the governor learns."""

from __future__ import annotations

import asyncio

import pytest

from tests.layers.faulty import Bench
from tests.virtual_time import clock, run_virtually
from transfer.bucket import Bucket
from transfer.errors import Throttled, Transient
from transfer.governor import Governor
from transfer.layers.limit import Limit
from transfer.model import Body, Entry, Metadata, Upload


async def settle() -> None:
    """Let every task run as far as it can."""
    for _ in range(20):
        await asyncio.sleep(0)


async def test_no_more_calls_than_slots() -> None:
    """Ten calls on three slots are never more than three at once, and all are done."""
    bench = Bench(most=3)
    await asyncio.gather(*(bench.layered.put(str(i), Body(b""), Metadata()) for i in range(10)))
    assert bench.store.busiest == 3
    assert len(bench.store.calls) == 10


async def test_a_read_holds_its_slot_while_open() -> None:
    """Another call waits until the read is closed."""
    bench = Bench(most=1)
    await bench.put("k")
    async with bench.layered.read(Entry("k")):
        waiting = asyncio.create_task(bench.layered.stat("k"))
        await settle()
        assert not waiting.done()
    assert (await waiting).size == 4


async def test_a_listing_holds_no_slot_between_pages() -> None:
    """Whoever works on a page may call the store meanwhile."""
    bench = Bench(most=1)
    await bench.put("k")
    async for page in bench.layered.list():
        assert [(await bench.layered.stat(item.key)).size for item in page.items] == [4]


async def test_cancelled_waiters_lose_no_slot() -> None:
    """Cancelling a call that waits, that was just let in, or that runs, gives its slot to the next."""
    bench = Bench(most=1)
    bench.store.gate = asyncio.Event()
    await bench.put("k")
    running, first, second, last = (asyncio.create_task(bench.layered.stat("k")) for _ in range(4))
    await settle()
    second.cancel()
    running.cancel()
    await asyncio.sleep(0)
    first.cancel()
    bench.store.gate.set()
    assert (await last).size == 4
    assert [task.cancelled() for task in (running, first, second)] == [True, True, True]
    assert (await bench.layered.stat("k")).size == 4


async def test_throttling_halves_and_success_restores() -> None:
    """A refusal leaves half of the slots; many successes bring them back."""
    bench = Bench(most=8)
    bench.store.before = [Throttled("slow down")]
    await bench.layered.put("k", Body(b""), Metadata())
    assert bench.governor.limit == 4
    for _ in range(100):
        await bench.layered.stat("k")
    assert bench.governor.limit == 8


async def test_a_pause_holds_for_everyone() -> None:
    """After Retry-After no call is begun before the time is up, by whomever."""
    bench = Bench(retries=0)
    await bench.put("k")
    bench.store.before = [Throttled("slow down", retry_after=7.0)]
    with pytest.raises(Throttled):
        await bench.layered.stat("k")
    await bench.layered.stat("k")
    assert bench.slept == [7.0]


async def test_a_throttled_open_gives_its_slot_back() -> None:
    """A read that can't be opened slows the endpoint down and holds nothing."""
    bench = Bench(most=1, retries=0)
    await bench.put("k")
    bench.store.before = [Throttled("slow down")]
    with pytest.raises(Throttled):
        async with bench.layered.read(Entry("k")):
            pass
    await bench.layered.stat("k")


async def test_errors_of_the_reader_are_not_the_stores() -> None:
    """What goes wrong at the target while a source is read does not slow the source down."""
    bench = Bench(most=8)
    await bench.put("k")
    with pytest.raises(Throttled):
        async with bench.layered.read(Entry("k")):
            raise Throttled("the target's")
    assert bench.governor.limit == 8


async def test_two_stores_of_one_endpoint_have_pools_of_their_own() -> None:
    """A source whose slots are all held by reads never keeps the target from writing."""
    bench = Bench(most=1)
    await bench.put("k")
    target = Limit(bench.store, bench.governor, lambda: 0.0, asyncio.sleep)
    async with bench.layered.read(Entry("k")):
        await target.put("copy", Body(b""), Metadata())


async def test_a_sleeping_retry_holds_no_slot() -> None:
    """While one call waits to be made again, another has the only slot."""
    bench = Bench(most=1)
    await bench.put("k")
    bench.store.before = [Transient("reset")]
    both = await asyncio.gather(bench.layered.stat("k"), bench.layered.stat("k"))
    assert [entry.size for entry in both] == [4, 4]
    assert len(bench.slept) == 1


async def test_a_failed_listing_gives_its_slot_back() -> None:
    """Pages that can't be had hold nothing."""
    bench = Bench(most=1, retries=0)
    await bench.put("k")
    bench.store.before = [Transient("reset")]
    with pytest.raises(Transient):
        _ = [page async for page in bench.layered.list()]
    await bench.layered.stat("k")


async def test_no_call_overtakes_another() -> None:
    """Who comes when slots were added goes behind those in line, who are let in first."""
    bench = Bench(most=2)
    bench.governor.throttled(0.0)
    bench.store.gate = asyncio.Event()
    calls = [asyncio.create_task(bench.layered.abort(Upload(key, "", 0, 1))) for key in "ab"]
    await settle()
    assert bench.store.calls == ["abort a"]
    bench.governor.succeeded()
    calls.append(asyncio.create_task(bench.layered.abort(Upload("c", "", 0, 1))))
    await settle()
    assert bench.store.calls == ["abort a", "abort b"]
    bench.store.gate.set()
    await asyncio.gather(*calls)
    assert bench.store.calls == ["abort a", "abort b", "abort c"]


async def test_a_growing_limit_lets_more_in() -> None:
    """Slots that the governor gives back are used by those in line."""
    bench = Bench(most=2)
    bench.governor.throttled(0.0)
    assert bench.governor.limit == 1
    await asyncio.gather(*(bench.layered.put(str(i), Body(b""), Metadata()) for i in range(6)))
    assert bench.store.busiest == 2
    assert Governor(2).limit == bench.governor.limit


def test_calls_a_second_of_stores_that_can_not_count_requests() -> None:
    """Those of all stores at an endpoint together, each page and each opened read included."""

    async def work() -> int:
        bench, calls, done = Bench(), Bucket(20, clock=clock), 0
        await bench.put("k")

        async def loop() -> None:
            nonlocal done
            store = Limit(bench.store, Governor(8), clock, asyncio.sleep, calls)
            while True:
                await store.stat("k")
                async with store.read(Entry("k")):
                    done += 2

        tasks = [asyncio.create_task(loop()) for _ in range(5)]
        await asyncio.sleep(10)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        return done

    assert run_virtually(work()) == pytest.approx(200, rel=0.05)

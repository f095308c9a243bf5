"""The bucket: its rate is kept, shared evenly, and may be changed at any time."""

from __future__ import annotations

import asyncio

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.virtual_time import clock, run_virtually
from transfer.bucket import Bucket
from transfer.layers.pace import slice_at

KIB, MIB = 1024, 1024 * 1024
SECONDS = 10.0


async def _send(bucket: Bucket, sent: list[float], number: int, size: float | None) -> None:
    while True:
        piece = slice_at(bucket.rate, 1 << 60) if size is None else size
        await bucket.spend(piece)
        sent[number] += piece


async def sent_by(bucket: Bucket, senders: int, seconds: float = SECONDS, *, size: float | None = None) -> list[float]:
    """What each sender got through in so many seconds, in pieces of ``size`` or of the usual one."""
    sent = [0.0] * senders
    tasks = [asyncio.create_task(_send(bucket, sent, number, size)) for number in range(senders)]
    await asyncio.sleep(seconds)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    return sent


rates = st.integers(2 * KIB, 100 * MIB)
late = st.lists(st.floats(0, 0.05), min_size=1, max_size=7).map(tuple)


@given(rates, st.integers(1, 20), late)
@settings(max_examples=40, deadline=None)
def test_ten_seconds_are_within_five_percent(rate: int, senders: int, late: tuple[float, ...]) -> None:
    """However many send, and though the event loop wakes up to 50 ms late."""

    async def work() -> float:
        began = clock()
        sent = sum(await sent_by(Bucket(rate, clock=clock), senders))
        return sent / (clock() - began)

    assert run_virtually(work(), late) == pytest.approx(rate, rel=0.05)


@given(st.floats(0.5, 500), st.integers(1, 20), late)
@settings(max_examples=40, deadline=None)
def test_calls_are_counted_as_closely(rate: float, senders: int, late: tuple[float, ...]) -> None:
    """But for the first one, which need not wait, and the last one, which may just be passing."""

    async def work() -> tuple[float, float]:
        began = clock()
        sent = sum(await sent_by(Bucket(rate, clock=clock), senders, size=1))
        return sent, (clock() - began) * rate

    sent, allowed = run_virtually(work(), late)
    assert sent == pytest.approx(allowed, rel=0.05, abs=1.5)


@given(rates, st.integers(2, 16))
@settings(max_examples=20, deadline=None)
def test_all_get_the_same(rate: int, senders: int) -> None:
    """None is more than two pieces ahead of another, one of which the first had before the others came."""

    async def work() -> list[float]:
        return await sent_by(Bucket(rate, clock=clock), senders)

    sent = run_virtually(work())
    assert max(sent) - min(sent) <= 2 * slice_at(rate, 1 << 60)


@given(rates)
@settings(max_examples=20, deadline=None)
def test_pieces_are_short(rate: int) -> None:
    """So sixteen connections that share a limit all move within seconds, and servers do not give them up."""
    assert 16 * slice_at(rate, 1 << 60) / rate <= 8
    assert slice_at(rate, 10) == 10


def test_first_come_first_served() -> None:
    """A small piece does not overtake a large one."""

    async def work() -> list[str]:
        bucket, order = Bucket(100, clock=clock), list[str]()

        async def spend(name: str, size: int) -> None:
            await bucket.spend(size)
            order.append(name)

        async with asyncio.TaskGroup() as group:
            for name, size in (("first", 500), ("large", 10_000), ("small", 1)):
                group.create_task(spend(name, size))
        return order

    assert run_virtually(work()) == ["first", "large", "small"]


def test_idle_time_is_not_saved_up() -> None:
    """After a minute of silence the limit holds as ever."""

    async def work() -> float:
        bucket = Bucket(MIB, clock=clock)
        await asyncio.sleep(60)
        return sum(await sent_by(bucket, 4))

    assert run_virtually(work()) == pytest.approx(SECONDS * MIB, rel=0.05)


@pytest.mark.parametrize("changed", [100 * KIB, 10 * MIB, None])
def test_a_change_holds_at_once(changed: int | None) -> None:
    """Those who wait under the old rate wait no longer than the new one asks for."""

    async def work() -> float:
        bucket = Bucket(100, clock=clock)
        await bucket.spend(1000 * KIB)
        waiting = [asyncio.create_task(bucket.spend(KIB)) for _ in range(8)]
        await asyncio.sleep(1)
        bucket.change(changed)
        await asyncio.gather(*waiting)
        return clock() - 1

    took = run_virtually(work())
    assert took == pytest.approx(1000 * KIB / changed if changed else 0, abs=0.1)


@given(rates, rates)
@settings(max_examples=20, deadline=None)
def test_the_new_rate_is_kept_as_closely(before: int, after: int) -> None:
    """Whether it is lower or higher."""

    async def work() -> float:
        bucket = Bucket(before, clock=clock)
        await sent_by(bucket, 3, 2.0)
        bucket.change(after)
        return sum(await sent_by(bucket, 3))

    # What was let through just before the change may take its time first.
    assert run_virtually(work()) == pytest.approx(SECONDS * after, rel=0.1)


def test_who_is_cancelled_leaves_the_line() -> None:
    """And takes nothing from those behind."""

    async def work() -> float:
        bucket = Bucket(100, clock=clock)
        await bucket.spend(100)
        first, second, third = (asyncio.create_task(bucket.spend(1000)) for _ in range(3))
        await asyncio.sleep(0.5)
        first.cancel()
        second.cancel()
        await third
        return clock()

    assert run_virtually(work()) == pytest.approx(1.0, abs=0.01)


def test_without_a_limit_nobody_waits() -> None:
    """Not even for a turn of the event loop."""
    with pytest.raises(StopIteration):
        Bucket(None).spend(10**12).send(None)

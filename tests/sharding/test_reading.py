"""Several listers tell what one would, in the same order, sooner."""

from __future__ import annotations

import asyncio
import hashlib
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Sequence
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import TypeVar

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.sharding.rig import Ticking, keep_ticking
from transfer.errors import Denied, Transient
from transfer.filters import Filter
from transfer.governor import Governor
from transfer.job.listing import pages
from transfer.layers import wrap
from transfer.model import Page
from transfer.ordering import OrderBroken, checked
from transfer.plugin import Capabilities, Prune
from transfer.sharding.reading import LISTERS, in_shards
from transfer.tasks import closing

T = TypeVar("T")

lengthy = st.text(st.sampled_from("ab/.-09é\U0001f600"), min_size=1, max_size=6)
numbered = st.integers(0, 400).map(lambda number: f"{number:04}")
skewed = st.builds(lambda prefix, key: "a/very/long/prefix/" * prefix + key, st.integers(0, 2), numbered | lengthy)
key_sets = st.sets(skewed, max_size=300) | st.integers(0, 400).map(lambda size: {f"k/{n:05}" for n in range(size)})


def counted(size: int) -> list[str]:
    return [f"data/{number:07}" for number in range(size)]


def hashed(size: int) -> list[str]:
    return sorted(hashlib.sha256(str(number).encode()).hexdigest() for number in range(size))


def dated(size: int) -> list[str]:
    start = datetime(2026, 1, 1, tzinfo=UTC)
    return [f"logs/{start + timedelta(seconds=47 * number):%Y/%m/%d/%H-%M-%S}.gz" for number in range(size)]


async def while_time_passes(store: Ticking, work: Coroutine[object, object, T]) -> T:
    clock = asyncio.create_task(keep_ticking(store))
    try:
        return await work
    finally:
        clock.cancel()
        await asyncio.wait([clock])


async def told(pages: AsyncIterator[Page]) -> list[str]:
    async with closing(pages):
        return [item.key async for page in pages for item in page.items]


def run(work: Callable[[], Awaitable[None]]) -> None:
    async def whole() -> None:
        await work()
        assert asyncio.all_tasks() == {asyncio.current_task()}, "a task is left behind"

    asyncio.run(whole())


@settings(deadline=None, max_examples=150)
@given(key_sets, st.integers(1, 6))
def test_the_same_keys_come_in_the_same_order(keys: set[str], size: int) -> None:
    """Whatever the keys are like, and wherever a page ends."""
    store = Ticking(sorted(keys), size)

    async def work() -> None:
        assert await while_time_passes(store, told(in_shards(store, slow=0))) == sorted(keys)
        assert (store.open, store.underway) == (0, 0)

    run(work)


@settings(deadline=None, max_examples=60)
@given(key_sets, st.integers(1, 6), st.sets(st.integers(1, 60)))
def test_failures_on_the_way_change_nothing(keys: set[str], size: int, failing: set[int]) -> None:
    """Each lister goes on behind its last page, as a single one does."""

    def break_off(number: int, after: str) -> None:
        if number in failing:
            raise Transient("the connection broke")

    async def no_time(seconds: float) -> None:
        await asyncio.sleep(0)

    store = Ticking(sorted(keys), size, break_off)

    async def work() -> None:
        layered = wrap(store, governor=Governor(4), retries=100, sleep=no_time)
        assert await while_time_passes(store, told(in_shards(layered, slow=0))) == sorted(keys)
        assert (store.open, store.underway) == (0, 0)

    run(work)


@pytest.mark.parametrize("keys", [counted(30_000), hashed(30_000), dated(30_000)], ids=["counted", "hashed", "dated"])
async def test_a_long_listing_takes_a_fraction_of_the_time(keys: Sequence[str]) -> None:
    """Where each of 600 pages takes its time, all take less than a quarter of it, with few requests more."""
    store = Ticking(keys, 50)
    assert await while_time_passes(store, told(in_shards(store, slow=0))) == keys
    assert store.ticks < 600 / 4
    assert store.requests < 600 * 1.08


@pytest.mark.parametrize(("size", "slow"), [(200, 0.0), (5_000, 1_000.0)], ids=["few", "fast"])
async def test_what_is_short_or_fast_costs_nothing(size: int, slow: float) -> None:
    """Four pages, and many that come fast, take the requests of a plain listing."""
    store = Ticking(counted(size), 50)
    assert await while_time_passes(store, told(in_shards(store, slow=slow))) == store.keys
    assert store.requests == size / 50


async def test_the_latency_of_pages_decides() -> None:
    """A listing is divided once a page took long by the clock that is given, not for what its reader takes."""
    times = count()
    fast, slow = Ticking(counted(2_000), 50), Ticking(counted(2_000), 50)
    await while_time_passes(fast, told(in_shards(fast, slow=1.5, clock=lambda: next(times))))
    await while_time_passes(slow, told(in_shards(slow, slow=1.0, clock=lambda: next(times))))
    assert fast.ticks == 40
    assert slow.ticks < 40


async def test_who_does_not_read_is_not_read_for() -> None:
    """Only so many pages are held, and none is fetched for a reader who never waits."""
    store = Ticking(counted(50_000), 50)
    clock = asyncio.create_task(keep_ticking(store))
    async with closing(in_shards(store, slow=0)) as listing:
        for _ in range(4):
            await anext(listing)
        while store.ticks < 100:
            await asyncio.sleep(0)
        assert store.requests == 4
        for _ in range(100):
            await anext(listing)
        taken, ticks = store.requests, store.ticks
        while store.ticks < ticks + 500:
            await asyncio.sleep(0)
        assert store.requests - taken < 10 * LISTERS
    clock.cancel()
    assert (store.open, store.underway) == (0, 0)


async def test_an_error_comes_behind_all_that_precedes_it() -> None:
    """What is listed ahead fails when its turn comes, and everything is ended then."""

    def break_off(number: int, after: str) -> None:
        if after > "data/0005":
            raise Denied("not this folder")

    store = Ticking(counted(10_000), 50, break_off)
    keys: list[str] = []

    async def read() -> None:
        async with closing(in_shards(store, slow=0)) as listing:
            async for page in listing:
                keys.extend(item.key for item in page.items)

    with pytest.raises(Denied):
        await while_time_passes(store, read())
    assert keys == store.keys[: len(keys)]
    assert len(keys) > 4_000
    assert (store.open, store.underway) == (0, 0)


class Unwilling(Ticking):
    """Can list from the beginning, and from nowhere else."""

    refused: list[str]

    async def list(
        self, prefix: str = "", *, after: str | None = None, resume: str | None = None, prune: Prune | None = None
    ) -> AsyncIterator[Page]:
        if after is not None:
            self.refused.append(after)
            raise Denied("from the beginning only")
        async for page in super().list(prefix, after=after, resume=resume, prune=prune):
            yield page


@pytest.mark.parametrize("size", [50, 49])
async def test_a_guess_that_fails_is_made_good(size: int) -> None:
    """A lister that can't begin where it was told to is none that the listing depends on."""
    store = Unwilling(counted(10_000), size)
    store.refused = []
    assert await while_time_passes(store, told(in_shards(store, slow=0))) == store.keys
    assert store.refused


async def test_a_listing_can_be_left_and_cancelled() -> None:
    """No request, no open listing and no task is left behind."""
    before = asyncio.all_tasks()
    for leave in (True, False):
        store = Ticking(counted(10_000), 50)
        clock = asyncio.create_task(keep_ticking(store))
        read = asyncio.create_task(told(in_shards(store, slow=0)))
        while store.underway < 4:
            await asyncio.sleep(0)
        if leave:
            clock.cancel()
            await asyncio.sleep(0)
        read.cancel()
        with pytest.raises(asyncio.CancelledError):
            await read
        clock.cancel()
        await asyncio.wait([clock])
        assert (store.open, store.underway) == (0, 0)
    assert asyncio.all_tasks() == before


class Elsewise(Ticking):
    """Claims the order of bytes, and has another one, which it keeps to."""

    def __init__(self, keys: Sequence[str], size: int, order: Callable[[str], object]) -> None:
        super().__init__(sorted(keys, key=order), size)  # type: ignore[arg-type]
        self._order = order

    def behind(self, after: str) -> int:
        return sum(self._order(key) <= self._order(after) for key in self.keys)  # type: ignore[operator]


@settings(deadline=None, max_examples=100)
@given(
    st.sets(skewed, max_size=200) | st.sets(st.text("aAbBcC/.", min_size=1, max_size=5), max_size=200),
    st.integers(1, 6),
    st.sampled_from([lambda key: (key.casefold(), key), lambda key: key.split("/"), lambda key: key[::-1]]),
)
def test_an_order_that_is_another_loses_nothing(keys: set[str], size: int, order: Callable[[str], object]) -> None:
    """All keys are told, and that they are not in order is seen just as in a plain listing."""
    store, plain = Elsewise(list(keys), size, order), sorted(keys, key=order)  # type: ignore[arg-type]

    async def work() -> None:
        seen = await while_time_passes(store, told(in_shards(store, slow=0)))
        assert set(seen) == keys
        if plain != sorted(keys):
            with pytest.raises(OrderBroken):
                await while_time_passes(store, told(checked(in_shards(store, slow=0))))

    run(work)


class Changing(Ticking):
    """Has a new object among the first of each page that is asked for, so that no seam fits."""

    async def list(
        self, prefix: str = "", *, after: str | None = None, resume: str | None = None, prune: Prune | None = None
    ) -> AsyncIterator[Page]:
        if after is not None:
            self.keys = sorted({*self.keys, after + "!"})
        async for page in super().list(prefix, after=after, resume=resume, prune=prune):
            yield page


async def test_a_seam_that_does_not_fit_is_undone() -> None:
    """Objects that come into being meanwhile leave those out of doubt that were there all the time."""
    store = Changing(counted(5_000), 50)
    keys = await while_time_passes(store, told(checked(in_shards(store, slow=0))))
    assert set(counted(5_000)) <= set(keys)
    assert len(set(keys)) == len(keys)
    assert store.requests > 100 + LISTERS / 2


async def test_no_lister_begins_in_a_folder_that_is_left_out() -> None:
    """Where a listing may jump over a folder, two listings need not see the same of it."""
    begun: list[str] = []

    class Noting(Ticking):
        async def list(
            self, prefix: str = "", *, after: str | None = None, resume: str | None = None, prune: Prune | None = None
        ) -> AsyncIterator[Page]:
            begun.append(after or "")
            async for page in super().list(prefix, after=after, resume=resume, prune=prune):
                yield page

    store = Noting([f"data/{number // 1_000:03}/{number % 1_000:04}" for number in range(20_000)], 50)
    odd = re.compile(r"data/\d\d[13579]/")
    told_keys = await while_time_passes(
        store, told(in_shards(store, slow=0, prune=lambda folder: odd.fullmatch(folder) is not None))
    )
    assert told_keys == store.keys
    assert len(begun) > LISTERS
    assert not [after for after in begun if odd.match(after)]


class Slow(Ticking):
    """Answers by itself, after 25 ms."""

    def __init__(self, capabilities: Capabilities) -> None:
        super().__init__(counted(3_000), 100)
        self.capabilities = capabilities
        self.most = 0

    async def _answer(self, after: str) -> None:
        self.underway += 1
        self.most = max(self.most, self.underway)
        await asyncio.sleep(0.025)
        self.underway -= 1


@pytest.mark.parametrize(
    ("capabilities", "sort", "divided"),
    [
        (Capabilities(ordered=True), False, True),
        (Capabilities(ordered=True), True, False),
        (Capabilities(ordered=True, folders=True), False, False),
    ],
    ids=["bucket", "sorted", "disk"],
)
async def test_a_run_divides_what_can_be_divided(capabilities: Capabilities, sort: bool, divided: bool) -> None:
    """Buckets are, disks are not, and neither is what has to be sorted because its order was found to be wrong."""
    store = Slow(capabilities)
    assert await told(pages(store, Filter(), side="source", sort=sort)) == store.keys
    assert (store.most > 1) == divided

"""Lanes bound what moves at once, whoever waits, fails or is cancelled; spans fill spare ones."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager

import pytest

import transfer
from tests.core.rig import MIB, Heard, Watched, contents, fill, memory, pattern, quick
from transfer.budget import Budget
from transfer.controls import Controls
from transfer.decide import Do, Step
from transfer.errors import Denied
from transfer.event import Action, ObjectStarted, Outcome, Verdict
from transfer.goodput import State
from transfer.job.climbing import climbing
from transfer.lanes import Lanes
from transfer.model import Entry
from transfer.partition import spans
from transfer.scheduler import Scheduler

Climbs = Callable[[Callable[..., State]], AbstractAsyncContextManager[Lanes]]


async def hold(lanes: Lanes, until: asyncio.Event, *, large: bool = False) -> None:
    async with lanes.unit(100, large=large):
        await until.wait()


@pytest.mark.parametrize("seed", range(20))
async def test_never_more_than_the_limit_and_nothing_leaks(seed: int) -> None:
    """With units of both kinds that fail, are cancelled, and find another limit."""
    dice, lanes = random.Random(seed), Lanes(Budget(8 * MIB), 5)
    busiest = 0

    async def use(waits: int, large: bool, fails: bool) -> None:
        nonlocal busiest
        async with lanes.unit(dice.choice([0, 1000, MIB]), large=large):
            busiest = max(busiest, lanes.busy)
            for _ in range(waits):
                await asyncio.sleep(0)
            if fails:
                raise ValueError

    tasks = [asyncio.create_task(use(dice.randrange(4), dice.random() < 0.5, dice.random() < 0.2)) for _ in range(60)]
    for task in tasks:
        await asyncio.sleep(0)
        if dice.random() < 0.3:
            task.cancel()
        lanes.resize(dice.randrange(1, 6))
    lanes.resize(5)
    await asyncio.wait_for(asyncio.gather(*tasks, return_exceptions=True), 10)
    assert busiest <= 5
    assert lanes.busy == 0
    async with asyncio.timeout(5), lanes.unit(8 * MIB - 16 * 1024):
        pass


async def test_both_kinds_move_while_both_wait() -> None:
    """Many parts in line don't keep small objects waiting, nor the other way round."""
    lanes, until = Lanes(Budget(64 * MIB), 4), asyncio.Event()
    tasks = [asyncio.create_task(hold(lanes, until, large=True)) for _ in range(20)]
    await asyncio.sleep(0.01)
    small_until = asyncio.Event()
    tasks += [asyncio.create_task(hold(lanes, small_until)) for _ in range(20)]
    await asyncio.sleep(0.01)
    for limit in range(5, 9):
        lanes.resize(limit)
        await asyncio.sleep(0.01)
    assert lanes._small.held == lanes._large.held == 4
    until.set()
    small_until.set()
    await asyncio.gather(*tasks)


async def test_who_waits_for_a_lane_holds_no_memory_but_the_first() -> None:
    """So that buffers are there for those who move."""
    budget, until = Budget(64 * MIB), asyncio.Event()
    lanes = Lanes(budget, 2)
    tasks = [asyncio.create_task(hold(lanes, until, large=True)) for _ in range(30)]
    await asyncio.sleep(0.01)
    assert budget.used == 3 * (100 + 16 * 1024)
    until.set()
    await asyncio.gather(*tasks)


async def test_helpers_get_only_what_nobody_waits_for() -> None:
    """In turn, until they have no more use for it."""
    lanes, until, asked = Lanes(Budget(MIB), 2), asyncio.Event(), []

    def helper(name: str) -> bool:
        asked.append(name)
        return len(asked) <= 3

    tasks = [asyncio.create_task(hold(lanes, until)) for _ in range(3)]
    await asyncio.sleep(0)
    lanes.help(lambda: helper("one"))
    lanes.help(lambda: helper("two"))
    await asyncio.sleep(0.01)
    assert asked == []
    lanes.resize(6)
    assert asked == ["one", "two", "one"]
    assert lanes.busy == 6
    until.set()
    await asyncio.gather(*tasks)
    for _ in range(3):
        lanes.helped()
    assert lanes.busy == 0


def test_parts_are_read_in_spans_only_where_lanes_outnumber_them() -> None:
    """None of less than a quarter of a MiB."""
    assert spans(8 * MIB, parts=31, lanes=8) == 1
    assert spans(8 * MIB, parts=31, lanes=61) == 1
    assert spans(8 * MIB, parts=31, lanes=128) == 16
    assert spans(8 * MIB, parts=31, lanes=512) == 32
    assert spans(8 * MIB, parts=1, lanes=8) == 1
    assert spans(8 * MIB, parts=31, lanes=8, far=True) == 8
    assert spans(1, parts=1, lanes=512) == 1


async def test_a_large_object_is_read_over_more_lanes_than_memory_holds_parts() -> None:
    """And arrives whole, in the right order."""
    source, target = Watched(memory()), memory()
    data = pattern(12 * MIB)
    await fill(source, {"k": data})
    busiest = busy = 0

    async def slowly(what: str) -> None:
        nonlocal busiest, busy
        if what.startswith("read"):
            busy += 1
            busiest = max(busiest, busy)
            await asyncio.sleep(0.002)
            busy -= 1

    source.before = slowly
    result = await transfer.sync(source, target, quick(memory=8 * MIB, part_size=3 * MIB, transfers=32))
    assert result.ok
    assert contents(target) == {"k": data}
    assert busiest > 4


async def test_a_span_that_fails_ends_its_part_and_frees_its_lanes() -> None:
    """The object fails by itself; others go on."""
    source, target = Watched(memory()), memory()
    await fill(source, {"k": pattern(12 * MIB), "small": b"s"})

    async def fail(what: str) -> None:
        if what.startswith("read k at") and not what.startswith("read k at 0+"):
            raise Denied("no")

    source.before = fail
    async with asyncio.timeout(20):
        result = await transfer.sync(source, target, quick(memory=8 * MIB, part_size=3 * MIB, transfers=32))
    assert [failure.key for failure in result.failures] == ["k"]
    assert set(contents(target)) == {"small"}


async def test_a_large_object_late_in_the_listing_is_not_left_for_the_end() -> None:
    """One of 32 parts behind 300 small ones is among the first that are started, and small ones go on meanwhile."""
    source, target, heard = memory(), Watched(memory()), Heard()

    async def yielding(what: str) -> None:
        await asyncio.sleep(0)

    target.before = yielding
    await fill(source, {f"{number:04}": b"x" * 1000 for number in range(400)})
    await fill(source, {"0300-large": pattern(32 * MIB)})
    assert (await transfer.sync(source, target, quick(memory=8 * MIB), listener=heard)).ok
    ended = list(heard.outcomes)
    started = [event.key for event in heard.of(ObjectStarted)]
    assert started.index("0300-large") < 50
    assert ended.index("0300-large") > 50
    assert contents(target) == contents(source)


async def test_large_objects_start_first_and_small_ones_fill_the_gaps() -> None:
    """On lanes that each take time: all ends hardly later than the work divided by the lanes."""
    lanes, clock = Lanes(Budget(64 * MIB), 8), Clock()
    scheduler = Scheduler(lambda step: move(lanes, clock, step), ignore, lanes=lanes, large=MIB, looks=4, stopped=never)
    running = asyncio.create_task(scheduler.run(mixed()))
    while not running.done():
        await clock.tick()
    await running
    work = 5_000 + PARTS * SECONDS_A_PART
    assert clock.now <= 1.1 * work / 8


PARTS, SECONDS_A_PART = 250, 20


class Clock:
    """Time that passes when everybody waits for it."""

    def __init__(self) -> None:
        self.now = 0
        self._bells: dict[int, list[asyncio.Future[None]]] = {}

    async def sleep(self, seconds: int) -> None:
        bell = asyncio.get_running_loop().create_future()
        self._bells.setdefault(self.now + seconds, []).append(bell)
        await bell

    async def tick(self) -> None:
        for _ in range(12):  # let everybody get to where they wait
            await asyncio.sleep(0)
        if self._bells:
            self.now = min(self._bells)
            for bell in self._bells.pop(self.now):
                bell.set_result(None)


async def mixed() -> AsyncIterator[Step]:
    """One of 250 parts among 5,000 small ones, in the middle."""
    for number in range(5_000):
        size = PARTS * 8 * MIB if number == 2_500 else 1
        yield Step(Do.COPY, str(number), "new", Entry(str(number), size=size))


async def move(lanes: Lanes, clock: Clock, step: Step) -> Outcome:
    async def unit(seconds: int, *, large: bool) -> None:
        async with lanes.bare(large=large):
            await clock.sleep(seconds)

    if step.source is not None and step.source.size == 1:
        await unit(1, large=False)
    else:
        await asyncio.gather(*(unit(SECONDS_A_PART, large=True) for _ in range(PARTS)))
    return Outcome(step.key, Action.COPY, Verdict.DONE, "new")


async def ignore(step: Step, outcome: Outcome) -> None:
    pass


def never() -> bool:
    return False


@pytest.fixture
def climbs(monkeypatch: pytest.MonkeyPatch) -> Climbs:
    """Lanes that follow what a function makes of the samples."""

    @asynccontextmanager
    async def climb(step: Callable[..., State]) -> AsyncIterator[Lanes]:
        monkeypatch.setattr("transfer.job.climbing.step", step)
        lanes, options = Lanes(Budget(8 * MIB), 5), quick(transfers=None)
        async with climbing(lanes, options, Controls.of(options), (memory(),), ()):
            await asyncio.sleep(0.01)
            yield lanes

    return climb


async def test_a_defect_in_finding_their_number_is_logged(climbs: Climbs, caplog: pytest.LogCaptureFixture) -> None:
    """With its traceback, as it happens; the run goes on with the lanes that it has."""

    def broken(*_: object) -> State:
        raise ZeroDivisionError

    async with climbs(broken) as lanes:
        assert [(record.levelname, bool(record.exc_info)) for record in caplog.records] == [("WARNING", True)]
        assert "ZeroDivisionError" in caplog.text
    assert lanes.limit == 5


async def test_the_end_of_a_run_is_no_defect(climbs: Climbs, caplog: pytest.LogCaptureFixture) -> None:
    """It ends the search for their number, too."""
    async with climbs(lambda state, _: state):
        pass
    assert caplog.records == []

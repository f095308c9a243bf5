"""A run that waits is woken by the word that its source sends, and waits as before where that can't be heard."""

from __future__ import annotations

import asyncio
import time
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest

import transfer
from tests.core.frozen import Clock, Vault
from tests.core.rig import Heard, contents, fill, memory, quick
from transfer import engine
from transfer.errors import Denied, Transient
from transfer.event import Notice, Result, Thawing
from transfer.job import awaited, hearing
from transfer.job import cold as stage
from transfer.model import Span
from transfer.pipeline.route import Route
from transfer.plugin import Store

SMALL = {f"k{number:02}": bytes([number]) * 100 for number in range(3)}


class Telling(Vault):
    """Sends word as often as the test says; ``unheard`` is raised first, each of them once."""

    tells = True

    def __init__(self, inner: Store, clock: Clock) -> None:
        super().__init__(inner, clock, set(SMALL))
        self.word = asyncio.Event()
        self.unheard: list[Exception] = []
        self.listened = self.left = 0

    @property
    def capabilities(self):  # type: ignore[no-untyped-def, override]
        return replace(super().capabilities, tells_thawed=self.tells)

    async def thawed(self) -> None:
        self.listened += 1
        if self.unheard:
            raise self.unheard.pop(0)
        try:
            await self.word.wait()
        except asyncio.CancelledError:
            self.left += 1
            raise


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """That of the store and the runs. Who waits listens at once."""
    made = Clock.started()
    monkeypatch.setattr(engine, "Route", partial(Route, now_ns=made))
    monkeypatch.setattr(hearing, "LEAST", 0.0)
    return made


@pytest.fixture
async def source(clock: Clock) -> Telling:
    inner = memory()
    await fill(inner, SMALL)
    return Telling(inner, clock)


@pytest.fixture
def naps(clock: Clock, monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Where a run would sleep, the clock is turned after a while; for how long each time."""
    found: list[float] = []

    async def sleep(event: asyncio.Event, seconds: float) -> None:
        try:
            async with asyncio.timeout(0.05):
                await event.wait()
        except TimeoutError:
            found.append(seconds)
            clock.turn(seconds / 3600)
            raise

    monkeypatch.setattr(stage, "sleep", sleep)
    return found


async def run(source: Telling, target: Store, path: Path) -> tuple[Result, Heard]:
    heard = Heard()
    options = quick(checkpoint=path / "c.sqlite", wait=True)
    return await transfer.sync(source, target, options, listener=heard), heard


async def test_word_wakes_it(source: Telling, tmp_path: Path) -> None:
    """Long before it would look again; what it copies is what the source's own list tells to be readable."""
    target = memory()
    async with asyncio.TaskGroup() as group:
        running = group.create_task(run(source, target, tmp_path))
        while not source.listened:
            await asyncio.sleep(0.01)
        assert contents(target) == {}
        source.clock.turn(5)
        source.word.set()
        result, heard = await asyncio.wait_for(running, 10)
    assert (result.exit_status, result.totals.copied) == (0, 3)
    assert contents(target) == SMALL
    assert not source.twice()
    assert heard.of(Notice) == []


async def test_word_that_comes_while_it_looks_is_not_missed(
    source: Telling, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whether anything still waits is asked for in the checkpoint, which takes a moment."""

    async def slow(self: stage.ColdStorage, *, moving: bool) -> bool:
        if not source.word.is_set():
            asyncio.get_running_loop().call_later(0.1, source.clock.turn, 5)
        source.word.set()
        await asyncio.sleep(0.05)
        return True

    monkeypatch.setattr(stage.ColdStorage, "_is_unchanged", slow)
    result, _ = await asyncio.wait_for(run(source, memory(), tmp_path), 10)
    assert (result.exit_status, result.totals.copied) == (0, 3)


async def test_idle_words_do_not_keep_it_busy(source: Telling, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """However many come: after each look nobody listens for a while."""
    monkeypatch.setattr(hearing, "LEAST", 0.2)
    source.word.set()
    begun = time.monotonic()
    heard = Heard()
    options = quick(checkpoint=tmp_path / "c.sqlite", wait=True)
    running = asyncio.create_task(transfer.sync(source, memory(), options, listener=heard))
    await asyncio.sleep(1)
    source.clock.turn(5)
    assert (await asyncio.wait_for(running, 10)).ok
    most = (time.monotonic() - begun) / 0.2 + 2
    assert 2 <= len(heard.of(Thawing)) <= most
    assert 2 <= source.count("list thaws") <= most


async def test_what_can_never_be_heard_is_told_once(source: Telling, naps: list[float], tmp_path: Path) -> None:
    """The run looks from time to time, as ever."""
    source.unheard = [Denied("the queue is not for you")] * 9
    result, heard = await run(source, memory(), tmp_path)
    assert (result.exit_status, result.totals.copied) == (0, 3)
    assert len(naps) > 3
    assert source.listened == 1
    (told,) = heard.of(Notice)
    assert told.text.startswith("The source can't send word of what has thawed")
    assert told.text.endswith("the queue is not for you")


async def test_what_can_not_be_heard_for_a_while_is_listened_to_again(
    source: Telling, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is told once, too; and word that comes later wakes the run."""
    monkeypatch.setattr(hearing, "AGAIN", 0.02)
    source.unheard = [Transient("the line is bad")] * 3
    running = asyncio.create_task(run(source, memory(), tmp_path))
    while source.listened < 4:
        await asyncio.sleep(0.01)
    source.clock.turn(5)
    source.word.set()
    result, heard = await asyncio.wait_for(running, 10)
    assert (result.exit_status, result.totals.copied) == (0, 3)
    assert len(heard.of(Notice)) == 1


async def test_nobody_listens_where_no_word_is_sent(source: Telling, naps: list[float], tmp_path: Path) -> None:
    """Nor where a run need not stay, or has nothing to wait for."""
    source.tells = False
    result, _ = await run(source, memory(), tmp_path)
    assert (result.exit_status, source.listened) == (0, 0)


async def test_whoever_listens_is_stopped_with_the_run(source: Telling, tmp_path: Path) -> None:
    """A run that is cancelled leaves no task behind; one whose wait is over in another way, no listener."""
    before = asyncio.all_tasks()
    running = asyncio.create_task(run(source, memory(), tmp_path))
    while not source.listened:
        await asyncio.sleep(0.01)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asyncio.wait_for(running, 5)
    assert (source.listened, source.left) == (1, 1)
    assert asyncio.all_tasks() == before


async def test_one_object_is_waited_for_likewise(source: Telling, monkeypatch: pytest.MonkeyPatch) -> None:
    """As ``cat --wait`` does."""
    monkeypatch.setattr(awaited.until_readable, "__kwdefaults__", {"now_ns": source.clock})
    entry, heard = await source.stat("k01"), Heard()
    waiting = asyncio.create_task(awaited.until_readable(source, entry, Span(0, 100), quick(wait=True), heard))
    while not source.listened:
        await asyncio.sleep(0.01)
    assert not waiting.done()
    source.clock.turn(5)
    source.word.set()
    await asyncio.wait_for(waiting, 10)
    assert (source.listened, heard.of(Notice)) == (1, [])


async def test_listening_ends_with_the_wait(source: Telling, naps: list[float], tmp_path: Path) -> None:
    """Each wait has a listener of its own, who is gone when it ends by itself."""
    result, _ = await run(source, memory(), tmp_path)
    assert result.exit_status == 0
    assert source.listened == source.left > 1

"""Jobs whose source is cold: what can't be read is asked for once, waits, and arrives."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest

import transfer
from tests.core.frozen import DAY_NS, HOUR_NS, Clock, Freezer, Vault
from tests.core.rig import MIB, Heard, contents, fill, memory, open_uploads, pattern, quick, raising
from transfer import engine
from transfer.checkpoint import cold as kept
from transfer.errors import Denied, Frozen, Misconfigured, Throttled, Transient, Unsupported
from transfer.event import Notice, Parked, Replanned, Result, Thawing, Verdict
from transfer.job import allowed, awaited, sides
from transfer.job import cold as stage
from transfer.model import Body, Metadata, Page, Span
from transfer.pipeline.route import Route
from transfer.plugin import Prune

SMALL = {f"k{number:02}": bytes([number]) * 100 for number in range(12)}


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """That of stores and runs."""
    made = Clock.started()
    monkeypatch.setattr(engine, "Route", partial(Route, now_ns=made))
    return made


@pytest.fixture
def nap(clock: Clock, monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Where a run would sleep, the clock is turned; the hours that it slept each time."""
    naps: list[float] = []

    async def sleep(event: asyncio.Event, seconds: float) -> None:
        try:
            async with asyncio.timeout(0.05):
                await event.wait()
        except TimeoutError:
            naps.append(seconds / 3600)
            clock.turn(seconds / 3600)
            raise

    monkeypatch.setattr(stage, "sleep", sleep)
    return naps


async def vault(clock: Clock, objects: dict[str, bytes], span: int | None = None) -> Vault:
    inner = memory()
    await fill(inner, objects)
    return Vault(inner, clock, set(objects), span)


async def freezer(clock: Clock, objects: dict[str, bytes], *, warm: dict[str, bytes] | None = None) -> Freezer:
    inner = memory()
    await fill(inner, objects | (warm or {}))
    return Freezer(inner, clock, set(objects))


async def run(source: Freezer, target: Any, path: Path, **changes: Any) -> tuple[Result, Heard]:
    heard = Heard()
    options = quick(checkpoint=path / "c.sqlite", **changes)
    return await transfer.sync(source, target, options, listener=heard), heard


async def until_done(source: Freezer, target: Any, path: Path, *, hours: float = 6, **changes: Any) -> int:
    """Run again and again, with hours in between; how many runs that took."""
    for number in range(1, 100):
        result, _ = await run(source, target, path, **changes)
        assert result.exit_status in (0, 75), result
        if result.exit_status == 0:
            return number
        source.clock.turn(hours)
    raise AssertionError("it never ends")


async def test_without_thawing_each_row_tells_size_and_reason(clock: Clock, tmp_path: Path) -> None:
    """Though such objects are tried once more at the end of the run, when only their names are left."""
    source = await freezer(clock, SMALL)
    _, heard = await run(source, memory(), tmp_path, thaw=False)
    assert {key: outcome.size for key, outcome in heard.outcomes.items()} == dict.fromkeys(SMALL, 100)
    assert {outcome.reason for outcome in heard.outcomes.values()} == {"new"}
    assert {outcome.verdict for outcome in heard.outcomes.values()} == {Verdict.FAILED}
    assert all(outcome.error for outcome in heard.outcomes.values())


@pytest.mark.parametrize("kind", ["looks", "lists", "vault"])
async def test_two_runs_do_it(kind: str, clock: Clock, tmp_path: Path) -> None:
    """The first asks, the second copies; and each object was paid for once."""
    source = await vault(clock, SMALL) if kind == "vault" else await freezer(clock, SMALL)
    source.lists = kind != "looks"
    target = memory()
    first, heard = await run(source, target, tmp_path)
    assert (first.exit_status, first.totals.pending, first.totals.thaws) == (75, 12, 12)
    assert first.totals.pending_bytes == first.totals.thaws_bytes == 1200
    assert first.ready_ns == clock() + 5 * HOUR_NS
    assert {event.key for event in heard.of(Parked)} == set(SMALL)
    assert heard.of(Thawing)[-1] == Thawing(12, 1200, 0, 12, first.ready_ns)
    assert {outcome.verdict for outcome in heard.outcomes.values()} == {Verdict.PENDING}
    clock.turn(5)
    source.forget()
    second, _ = await run(source, target, tmp_path)
    assert (second.exit_status, second.totals.copied, second.ready_ns) == (0, 12, None)
    assert contents(target) == SMALL
    assert len(source.bills) == 12
    assert source.count("thaw") == 0


async def test_it_stays_where_it_is_told_to(clock: Clock, nap: list[float], tmp_path: Path) -> None:
    """It looks from time to time, more often as the time comes, and copies what is seen to be readable."""
    source, target = await freezer(clock, SMALL, warm={"warm": b"w"}), memory()
    for key in list(SMALL)[:3]:
        await source.thaw(await source.stat(key), 7, "Expedited")
    result, heard = await run(source, target, tmp_path, wait=True)
    assert (result.exit_status, result.totals.copied, result.totals.pending) == (0, 13, 0)
    assert contents(target) == SMALL | {"warm": b"w"}
    assert not source.twice()
    assert 3 <= len(nap) <= 40
    assert sum(nap) < 6
    told = [(event.objects, event.readable) for event in heard.of(Thawing)]
    assert (9, 3) in told
    # Of twelve that wait all are looked at each time; but none is read before it can be.
    assert source.count("stat") < 12 * (len(nap) + 4)
    assert sum("in vain" in call for call in source.calls) == 12
    assert {outcome.verdict for outcome in heard.outcomes.values()} == {Verdict.DONE}


async def test_many_that_wait_are_not_all_looked_at(clock: Clock, nap: list[float], tmp_path: Path) -> None:
    """A few tell that the others are not ready either."""
    objects = {f"k{number:04}": b"x" for number in range(600)}
    source, target = await freezer(clock, objects), memory()
    result, _ = await run(source, target, tmp_path, wait=True)
    assert result.exit_status == 0
    assert contents(target) == objects
    # Each is looked at for its state at first, when it has thawed, and by the copy; between that only some.
    assert source.count("stat") <= 3 * 600 + 32 * (len(nap) + 1)


async def test_listings_tell_of_many(clock: Clock, nap: list[float], tmp_path: Path) -> None:
    """Where they tell, no object is looked at but by the copy itself, and one on each page."""
    objects = {f"a/k{number:04}": b"x" for number in range(600)}
    source, target = await freezer(clock, objects, warm={f"z{number}": b"w" for number in range(2500)}), memory()
    source.lists = True
    result, _ = await run(source, target, tmp_path, wait=True)
    assert (result.exit_status, result.totals.copied) == (0, 3100)
    assert source.count("stat") <= 600 + len(nap) + 2
    # Four pages when it is planned, and one each time that it is looked at.
    assert source.count("list") <= 4 + 1 + 2 * (len(nap) + 1)
    assert not source.twice()


async def test_a_listing_that_fails_is_made_good_for(clock: Clock, nap: list[float], tmp_path: Path) -> None:
    """By looks."""
    objects = {f"k{number:04}": b"x" for number in range(100)}
    source, target, begun = await freezer(clock, objects), memory(), clock()
    source.lists = True

    async def fail_later(what: str) -> None:
        if what == "list" and clock() > begun:
            raise Denied("no more listings")

    source.before = fail_later
    result, _ = await run(source, target, tmp_path, wait=True)
    assert (result.exit_status, result.totals.copied) == (0, 100)
    assert nap


async def test_what_expired_is_asked_for_again(clock: Clock, tmp_path: Path) -> None:
    """And only that."""
    source, target = await freezer(clock, {"a": b"a", "b": b"b"}), memory()
    await run(source, target, tmp_path, thaw_days=1)
    clock.turn(30)
    await source.thaw(await source.stat("b"), 7, "Expedited")
    clock.turn(2)
    result, _ = await run(source, target, tmp_path, thaw_days=1)
    assert (result.exit_status, result.totals.copied, result.totals.thaws) == (75, 1, 1)
    assert not source.twice()


async def test_a_reply_that_is_lost_costs_nothing(clock: Clock, tmp_path: Path) -> None:
    """The request was heard: the next run sees that it goes on."""
    for make in (freezer, vault):
        source, target, path = await make(clock, SMALL), memory(), tmp_path / make.__name__
        path.mkdir()
        source.after = raising(Transient("the reply is lost"), "thaw")
        first, _ = await run(source, target, path)
        assert (first.exit_status, first.totals.pending, first.totals.thaws) == (75, 12, 0)
        source.after = None
        assert (await run(source, target, path))[0].totals.thaws == 0
        clock.turn(5)
        assert (await run(source, target, path))[0].exit_status == 0
        assert len(source.bills) == 12


async def test_a_refusal_is_that_objects_failure(clock: Clock, tmp_path: Path) -> None:
    """The others go on."""
    source, target = await freezer(clock, SMALL), memory()
    source.before = raising(Denied("it is forbidden"), "thaw k03")
    result, heard = await run(source, target, tmp_path)
    assert (result.exit_status, result.totals.failed, result.totals.pending) == (1, 1, 11)
    assert heard.outcomes["k03"].error == "it can't be thawed: it is forbidden"


async def test_a_store_without_room_is_asked_another_time(clock: Clock, tmp_path: Path) -> None:
    """Nothing has failed."""
    source, target = await freezer(clock, SMALL), memory()
    source.before = raising(Throttled("no room"), "thaw")
    result, heard = await run(source, target, tmp_path)
    assert (result.exit_status, result.totals.pending, result.totals.thaws, result.ready_ns) == (75, 12, 0, None)
    assert heard.outcomes["k03"].reason == "in cold storage, not asked for yet"
    told = [notice.text for notice in heard.of(Notice)]
    assert told == ["The provider has no room for thawing more now, so what is left is asked for another time: no room"]
    source.before = None
    assert await until_done(source, target, tmp_path) == 2


async def test_a_quota_is_kept_over_runs(clock: Clock, tmp_path: Path) -> None:
    """In any 24 hours, however often it is run."""
    objects = {f"k{number:02}": bytes(MIB) for number in range(12)}
    for make in (freezer, vault):
        source, target, path = await make(clock, objects), memory(), tmp_path / make.__name__
        path.mkdir()
        runs = await until_done(source, target, path, hours=7, retrieval_quota=3 * MIB)
        assert 10 <= runs <= 20
        assert source.most_in(DAY_NS) == 3 * MIB
        assert not source.twice()
        assert contents(target) == objects


async def test_a_quota_is_kept_over_pages(clock: Clock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of what waits, in one round."""
    monkeypatch.setattr(kept, "_PAGE", 2)
    source, target = await freezer(clock, {f"k{number:02}": bytes(MIB) for number in range(12)}), memory()
    await run(source, target, tmp_path, retrieval_quota=3 * MIB)
    assert source.most_in(DAY_NS) == 3 * MIB


async def test_a_rate_is_kept_while_it_stays(clock: Clock, nap: list[float], tmp_path: Path) -> None:
    """It asks for more each hour."""
    objects = {f"k{number:02}": bytes(MIB) for number in range(12)}
    source, target = await freezer(clock, objects), memory()
    result, _ = await run(source, target, tmp_path, wait=True, retrieval_rate=2 * MIB)
    assert (result.exit_status, result.totals.copied) == (0, 12)
    assert source.most_in(HOUR_NS) == 2 * MIB
    assert source.bills[-1].asked_ns - source.bills[0].asked_ns < 6 * HOUR_NS


async def test_what_is_larger_than_allowed_fails(clock: Clock, tmp_path: Path) -> None:
    """Where only whole objects are thawed."""
    source, target = await freezer(clock, {"big": bytes(3 * MIB), "small": b"s"}), memory()
    result, heard = await run(source, target, tmp_path, retrieval_rate=2 * MIB)
    assert (result.exit_status, result.totals.failed, result.totals.pending) == (1, 1, 1)
    assert str(heard.outcomes["big"].error).startswith("it can't be thawed: its 3.0 MiB are more than may be asked")


async def test_a_large_archive_comes_in_pieces(clock: Clock, tmp_path: Path) -> None:
    """As the rate allows; what was copied is not asked for again, and the upload is the same all along."""
    data = pattern(11 * MIB + 5)
    source, target = await vault(clock, {"big": data}, span=MIB), memory()
    result, _ = await run(source, target, tmp_path, retrieval_quota=4 * MIB)
    assert (result.exit_status, result.totals.thaws_bytes) == (75, 4 * MIB)
    assert open_uploads(target) == 0  # nothing is begun before something can be read
    clock.turn(5)
    result, _ = await run(source, target, tmp_path, retrieval_quota=4 * MIB)
    assert (result.exit_status, result.totals.sent_bytes, result.totals.pending) == (75, 4 * MIB, 1)
    assert open_uploads(target) == 1
    assert not any("no use for" in note for note in result.notes)
    await until_done(source, target, tmp_path, hours=8, retrieval_quota=4 * MIB)
    assert contents(target) == {"big": data}
    assert sum(bill.size for bill in source.bills) == len(data)
    assert source.most_in(DAY_NS) == 4 * MIB
    assert not source.twice()
    assert {bill.span and bill.span.size for bill in source.bills} == {4 * MIB, 3 * MIB + 5}


async def test_a_large_archive_comes_in_pieces_while_it_stays(clock: Clock, nap: list[float], tmp_path: Path) -> None:
    """In one run."""
    data = pattern(11 * MIB + 5)
    source, target = await vault(clock, {"big": data, "small": b"s"}, span=MIB), memory()
    result, _ = await run(source, target, tmp_path, retrieval_rate=2 * MIB, wait=True)
    assert (result.exit_status, result.totals.copied, open_uploads(target)) == (0, 2, 0)
    assert contents(target) == {"big": data, "small": b"s"}
    assert source.most_in(HOUR_NS) <= 2 * MIB
    assert sum(bill.size for bill in source.bills) == len(data) + 1


async def test_what_was_cut_stays_so(clock: Clock, tmp_path: Path) -> None:
    """Though more may be asked for later: pieces that were paid for are used."""
    data = pattern(8 * MIB)
    source, target = await vault(clock, {"big": data}, span=MIB), memory()
    await run(source, target, tmp_path, retrieval_quota=2 * MIB)
    clock.turn(5)
    await until_done(source, target, tmp_path)
    assert sum(bill.size for bill in source.bills) == len(data)
    assert contents(target) == {"big": data}


async def test_a_killed_run_pays_nothing_twice(clock: Clock, tmp_path: Path) -> None:
    """Whenever it ends between a request and its writing down."""
    for point in range(1, 13):
        source, target, path = await vault(clock, SMALL), memory(), tmp_path / str(point)
        path.mkdir()
        task: asyncio.Task[Any] = asyncio.create_task(run(source, target, path))
        source.after = after_call(point, task.cancel)
        with pytest.raises(asyncio.CancelledError):
            await task
        source.after = None
        assert 1 <= len(source.bills) <= 12
        await until_done(source, target, path)
        assert len(source.bills) == 12


def after_call(number: int, act: Callable[[], Any]) -> Callable[[str], Any]:
    """A hook that acts after so many requests to thaw."""
    left = [number]

    async def hook(what: str) -> None:
        if what.startswith("thaw "):
            left[0] -= 1
            if left[0] == 0:
                act()
                await asyncio.sleep(1)

    return hook


async def test_what_freezes_underway_goes_on_from_there(clock: Clock, tmp_path: Path) -> None:
    """A thawed copy whose days end in the midst of it: the parts that have arrived are not sent again."""
    data = pattern(9 * MIB)
    source, target = await freezer(clock, {"big": data}), memory()
    await run(source, target, tmp_path, thaw_days=1)
    clock.turn(6)
    reads = iter(range(100))

    async def freeze(what: str) -> None:
        if what.startswith("read big at") and " 0+1" not in what and next(reads) == 4:
            clock.turn(30)

    source.after = freeze
    result, _ = await run(source, target, tmp_path, thaw_days=1, transfers=1)
    assert (result.exit_status, result.totals.failed, open_uploads(target)) == (75, 0, 1)
    assert 0 < result.totals.sent_bytes < len(data)
    sent = result.totals.sent_bytes
    source.after = None
    await run(source, target, tmp_path, thaw_days=1)
    clock.turn(6)
    result, _ = await run(source, target, tmp_path, thaw_days=1)
    assert (result.exit_status, result.totals.resumed_bytes) == (0, sent)
    assert result.totals.sent_bytes == len(data) - sent
    assert (contents(target), open_uploads(target)) == ({"big": data}, 0)
    assert not source.twice()


async def test_days_that_a_store_decides(clock: Clock, tmp_path: Path) -> None:
    """They are not heeded in silence."""
    source = await vault(clock, SMALL)
    with pytest.raises(Misconfigured, match=r"--thaw-days would have no effect, for the source .* decides for how"):
        await run(source, memory(), tmp_path, thaw_days=3)


async def test_no_more_is_asked_for_than_can_be_copied(
    clock: Clock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In three quarters of the time for which it is readable; the rest once that is copied, in the same run."""
    monkeypatch.setattr(allowed, "ASSUMED", 12 * MIB / (24 * 3600))  # 9 MiB in 18 hours
    objects = {f"k{number:02}": bytes([number]) * MIB for number in range(12)}
    source, target = await freezer(clock, objects), memory()
    result, _ = await run(source, target, tmp_path, thaw_days=1)
    assert (result.exit_status, result.totals.thaws, result.totals.pending) == (75, 9, 12)
    assert result.notes[0].startswith("3 of the objects that wait are not asked for yet: no more is than is allowed")
    clock.turn(6)
    result, _ = await run(source, target, tmp_path, thaw_days=1)
    assert (result.exit_status, result.totals.copied, result.totals.thaws) == (75, 9, 3)
    clock.turn(6)
    assert (await run(source, target, tmp_path, thaw_days=1))[0].exit_status == 0
    assert contents(target) == objects


async def test_a_second_pair_pays_nothing(clock: Clock, tmp_path: Path) -> None:
    """What the store tells of is enough."""
    for make in (freezer, vault):
        source = await make(clock, SMALL)
        for name in ("one", "other"):
            path = tmp_path / make.__name__ / name
            path.mkdir(parents=True)
            assert (await run(source, memory(), path))[0].exit_status == 75
        assert len(source.bills) == 12


async def test_errors_of_a_run_end_a_wait(clock: Clock, nap: list[float], tmp_path: Path) -> None:
    """Too many failures: nobody waits for the rest."""
    source, target = await freezer(clock, SMALL), memory()
    source.before = raising(Unsupported("no"), "thaw k00", "thaw k01")
    result, _ = await run(source, target, tmp_path, wait=True, max_errors=1)
    assert (result.exit_status, result.totals.failed, result.totals.pending) == (1, 2, 10)
    assert nap == []


async def test_a_list_of_thaws_that_can_not_be_had(clock: Clock, tmp_path: Path) -> None:
    """Nothing is asked for then: it might be paid for already."""
    source, target = await vault(clock, SMALL), memory()
    source.before = raising(Denied("not for you"), "list thaws")
    result, _ = await run(source, target, tmp_path)
    assert (result.exit_status, result.totals.pending) == (1, 12)
    assert str(result.failures[0].error) == "the source does not tell what was asked for: not for you"
    assert source.bills == []


async def test_names_and_a_single_object(clock: Clock, tmp_path: Path) -> None:
    """Sources that are not listed are cold as well; what is gone meanwhile is no failure of the thaw."""
    source, target = await freezer(clock, SMALL), memory()
    result, _ = await run(source, target, tmp_path, files_from=("k01", "k02"))
    assert (result.exit_status, result.totals.pending) == (75, 2)
    clock.turn(5)
    assert (await run(source, target, tmp_path, files_from=("k01", "k02")))[0].exit_status == 0
    assert contents(target).keys() == {"k01", "k02"}


async def test_what_is_immutable_is_not_asked_for(clock: Clock, tmp_path: Path) -> None:
    """It fails before it would be read."""
    source, target = await freezer(clock, {"a": b"new"}), memory()
    source.lists = True
    await target.put("a", Body(b"old one"), Metadata())
    result, _ = await run(source, target, tmp_path, immutable=True)
    assert (result.exit_status, source.bills) == (1, [])


async def some_history(source: Freezer, target: Any, path: Path, dice: random.Random, **changes: Any) -> None:
    """Runs that end or are killed, at some request or any moment, and hours between them."""
    for _ in range(dice.randrange(1, 7)):
        kind = dice.choice(["run", "kill at a request", "kill", "lost"])
        task = asyncio.create_task(run(source, target, path, **changes))
        if kind == "kill at a request":
            source.after = after_call(dice.randrange(1, 5), task.cancel)
        elif kind == "lost":
            source.after = raising(Transient("lost"), "thaw ", times=dice.randrange(1, 4))
        elif kind == "kill":
            for _ in range(dice.randrange(400)):
                await asyncio.sleep(0)
            task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        source.after = None
        source.clock.turn(dice.choice([0, 0.1, 3, 5, 11, 26, 30]))


@pytest.mark.parametrize("seed", range(16))
async def test_whatever_happens_nothing_is_paid_for_twice(seed: int, clock: Clock, tmp_path: Path) -> None:
    """Runs, kills, lost replies and hours in any order: all arrives, and nothing is bought that was readable."""
    dice = random.Random(seed)
    objects = {f"k{number}": bytes([number]) * dice.choice([1, 1000, MIB, 3 * MIB]) for number in range(8)}
    source = await (vault(clock, objects, MIB) if seed % 2 else freezer(clock, objects))
    source.lists = dice.random() < 0.5
    target, limits = memory(), dice.choice([{}, {"retrieval_quota": 4 * MIB}, {"retrieval_rate": 3 * MIB}])
    if dice.random() < 0.5 and not seed % 2:
        limits |= {"thaw_days": 1}
    await some_history(source, target, tmp_path, dice, **limits)
    await until_done(source, target, tmp_path, hours=dice.choice([3, 5, 8]), **limits)
    assert contents(target) == objects
    assert not source.twice()
    assert open_uploads(target) == 0
    assert source.most_in(DAY_NS) <= limits.get("retrieval_quota", 1 << 40)
    assert source.most_in(HOUR_NS) <= limits.get("retrieval_rate", 1 << 40)


class Disordered(Freezer):
    async def list(
        self, prefix: str = "", *, after: str | None = None, resume: str | None = None, prune: Prune | None = None
    ) -> AsyncIterator[Page]:
        async for page in super().list(prefix, after=after, resume=resume, prune=prune):
            yield replace(page, items=(*page.items[1:], page.items[0]))


async def test_a_plan_made_anew_parks_anew(clock: Clock, tmp_path: Path) -> None:
    """Where a listing turns out to be out of order."""
    inner = memory()
    await fill(inner, SMALL)
    source = Disordered(inner, clock, set(SMALL))
    source.lists = True
    result, heard = await run(source, memory(), tmp_path)
    assert len(heard.of(Replanned)) == 1
    assert (result.exit_status, result.totals.pending, result.totals.thaws) == (75, 12, 12)


async def test_it_asks_while_others_move(clock: Clock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is frozen need not wait for days until all that can be read is copied."""
    monkeypatch.setattr(stage, "_MEANWHILE", 0.02)
    source, target = await freezer(clock, SMALL, warm={"warm": b"w"}), memory()
    warm = asyncio.Event()

    async def hold(what: str) -> None:
        if what == "read warm":
            await warm.wait()
        if len(source.bills) == len(SMALL):
            warm.set()

    source.before = source.after = hold
    async with asyncio.timeout(10):
        result, _ = await run(source, target, tmp_path)
    assert (result.exit_status, result.totals.copied, result.totals.thaws) == (75, 1, 12)
    assert not source.twice()


async def read(store: Freezer, key: str, **more: Any) -> bytes:
    """What ``cat`` gives of an object, at an address that leads to ``store``."""
    options = quick(**{name: more.pop(name) for name in ("wait", "tier") if name in more})
    return b"".join([chunk async for chunk in transfer.cat(f"frozen://b/{key}", options, **more)])


@pytest.fixture
def addressed(monkeypatch: pytest.MonkeyPatch) -> Callable[[Freezer], None]:
    """Has all addresses lead to a store."""

    def lead(store: Freezer) -> None:
        async def opened(*_: Any, **__: Any) -> Freezer:
            return store

        monkeypatch.setattr(sides, "open_store", opened)

    return lead


async def test_a_frozen_object_says_how_to_read_it(addressed: Callable[[Freezer], None], clock: Clock) -> None:
    """In one sentence, and nothing is asked for."""
    source = await freezer(clock, SMALL)
    addressed(source)
    with pytest.raises(
        Frozen, match=r"^'frozen://b/k01' is in cold storage; add --wait to have it thawed, wait, and then"
    ):
        await read(source, "k01")
    await source.thaw(await source.stat("k02"), 1, "Bulk")
    with pytest.raises(
        Frozen, match="'frozen://b/k02' is in cold storage, where it is being thawed by now; add --wait"
    ):
        await read(source, "k02")
    assert len(source.bills) == 1


@pytest.mark.parametrize("span", [None, Span(5 * MIB + 3, MIB)])
async def test_an_object_is_waited_for(
    span: Span | None, addressed: Callable[[Freezer], None], clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Or a span of it: of an archive no more than that is retrieved."""

    async def sleep(event: asyncio.Event, seconds: float) -> None:
        clock.turn(seconds / 3600)
        raise TimeoutError

    monkeypatch.setattr(awaited, "sleep", sleep)
    monkeypatch.setattr(awaited.until_readable, "__kwdefaults__", {"now_ns": clock})
    data = pattern(9 * MIB)
    source = await vault(clock, {"big": data}, span=MIB)
    addressed(source)
    expected = data if span is None else data[span.offset : span.offset + span.size]
    assert await read(source, "big", wait=True, tier="expedited", span=span) == expected
    assert [(bill.span, bill.tier) for bill in source.bills] == [
        (None if span is None else Span(5 * MIB, 2 * MIB), "Expedited")
    ]

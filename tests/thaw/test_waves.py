"""What is asked for keeps its order, fits the allowance, and is copied before it expires."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count, islice

from hypothesis import given
from hypothesis import strategies as st

from transfer.model import Cold, Span, Thaw
from transfer.thaw.allowance import DAY_NS, HOUR_NS, UNLIMITED, Allowance, Asked, Ledger, ledger_of
from transfer.thaw.waves import Copying, Held, Parked, Wave, next_wave

SECOND_NS = 1_000_000_000
NOW = 1_700_000_000 * SECOND_NS
DAY_S = 86_400.0
VAULT = Copying(goodput=1.0, readable_s=DAY_S, wait_s=4 * 3600)
"""A byte a second, so that 64,800 bytes take 18 hours."""


def parked(*sizes: int) -> list[Parked]:
    return [Parked(str(number), size) for number, size in enumerate(sizes)]


def wave(
    objects: list[Parked],
    asked: list[Thaw] | None = None,
    ledger: Ledger | None = None,
    allowance: Allowance = UNLIMITED,
    copying: Copying = VAULT,
) -> Wave:
    return next_wave(objects, asked or [], ledger or Ledger(), allowance, copying, NOW)


def test_what_18_hours_copy_is_asked_for_and_no_more() -> None:
    """Of a vault's 24 hours a quarter is kept in reserve."""
    objects = parked(30_000, 34_800, 1)
    first = wave(objects)
    assert first.ask == tuple(objects[:2])
    assert first.held is Held.COPYING
    assert first.again_ns == NOW + 1 * SECOND_NS


def test_what_is_asked_for_already_is_copied_first() -> None:
    """The rest of an older wave, ready now, takes its time; a day of waiting gives it."""
    old = [Thaw("x", Cold.THAWED, 20_000, NOW - HOUR_NS), Thaw("y", Cold.THAWING, 40_000, NOW, NOW + HOUR_NS)]
    # 60,000 s of copying end 45,600 s after what is asked for now is ready, so that 19,200 s of 18 hours are left.
    assert wave(parked(19_200, 1), old).ask == tuple(parked(19_200))
    held = wave(parked(19_201), old)
    assert held == Wave(held=Held.COPYING, again_ns=NOW + SECOND_NS)


def test_a_thaw_of_which_nothing_is_told_is_expected_as_any_other() -> None:
    """Without a time it counts as asked for now, so that copying begins after the wait."""
    unknown = [Thaw("x", Cold.THAWING, 64_000)]
    assert wave(parked(800, 1), unknown).ask == tuple(parked(800))


def test_several_days_take_more() -> None:
    """Where a thawed copy stays for ten days, more is asked for at once."""
    assert len(wave(parked(*[64_800] * 20), copying=Copying(1.0, 10 * DAY_S)).ask) == 10


def test_the_allowance_bounds_the_wave() -> None:
    """In order: the second does not fit, so the third, which would, waits with it."""
    objects = parked(6, 5, 1)
    ledger = ledger_of([Asked(NOW - HOUR_NS // 2, 2)])
    held = wave(objects, ledger=ledger, allowance=Allowance(rate=10))
    assert held == Wave((objects[0],), (), Held.ALLOWANCE, NOW + HOUR_NS)
    assert wave(objects[1:2], ledger=ledger, allowance=Allowance(rate=6)).again_ns == NOW + HOUR_NS // 2


def test_what_is_larger_than_the_allowance_stops_nobody() -> None:
    """It is told of, and the others go on."""
    objects = parked(1, 11, 2)
    assert wave(objects, allowance=Allowance(quota=10)) == Wave((objects[0], objects[2]), (objects[1],))


def test_what_can_not_be_copied_in_time_is_asked_for_alone() -> None:
    """Too large for 18 hours: it is tried, but nothing else beside it."""
    huge = parked(100_000, 1)
    alone = wave(huge)
    assert alone.ask == (huge[0],)
    assert alone.held is Held.COPYING
    behind = wave(huge[:1], [Thaw("x", Cold.THAWED, 10)])
    assert behind == Wave(held=Held.COPYING, again_ns=NOW + 10 * SECOND_NS)


def test_parked_objects_are_read_as_far_as_needed() -> None:
    """A plan of millions is not read for a wave of a few."""
    numbers = count()
    endless: Iterator[Parked] = (Parked(str(number), 6_480, Span(0, 6_480)) for number in numbers)
    assert len(next_wave(endless, [], Ledger(), UNLIMITED, VAULT, NOW).ask) == 10
    assert next(numbers) == 11
    assert wave([]) == Wave()


@given(
    sizes=st.lists(st.integers(1, 60_000), min_size=1, max_size=40),
    rate=st.none() | st.integers(30_000, 100_000),
    quota=st.none() | st.integers(30_000, 200_000),
    wait_h=st.floats(0, 48),
    known=st.booleans(),
)
def test_simulated_days(sizes: list[int], rate: int | None, quota: int | None, wait_h: float, known: bool) -> None:
    """Everything is asked for once, in order, within the limits; nothing expires before it is copied, and it ends."""
    allowance = Allowance(rate, quota)
    copying = Copying(1.0, DAY_S, wait_h * 3600 if known else 0.0)
    waiting = parked(*sizes)
    wait_ns = round(wait_h * HOUR_NS)
    asked: list[Asked] = []
    thaws: list[tuple[Thaw, int]] = []
    order: list[str] = []
    now_ns = copied_ns = NOW
    never = 0
    for _ in islice(count(), 10 * len(sizes) + 100):
        open_thaws = [
            Thaw(
                each.key,
                Cold.THAWED if (each.ready_ns or 0) <= now_ns else Cold.THAWING,
                min(each.size or 0, -(-(end_ns - now_ns) // SECOND_NS)),
                ready_ns=each.ready_ns,
            )
            for each, end_ns in thaws
            if end_ns > now_ns
        ]
        found = next_wave(waiting, open_thaws, ledger_of(asked), allowance, copying, now_ns)
        never += len(found.never)
        for each in found.ask:
            asked.append(Asked(now_ns, each.size))
            order.append(each.key)
            ready_ns = now_ns + wait_ns
            copied_ns = max(copied_ns, ready_ns) + each.size * SECOND_NS
            assert copied_ns <= ready_ns + DAY_NS, "expired before it was copied"
            thaws.append((Thaw(each.key, Cold.THAWING, each.size, now_ns, ready_ns), copied_ns))
        gone = {each.key for each in found.ask} | {each.key for each in found.never}
        waiting = [each for each in waiting if each.key not in gone]
        if found.again_ns is None:
            break
        assert found.again_ns > now_ns
        now_ns = found.again_ns
    assert not waiting
    assert len(order) + never == len(sizes)
    assert order == sorted(order, key=int)
    for limit, window in allowance.windows():
        for first in asked:
            inside = (each.size for each in asked if first.asked_ns <= each.asked_ns < first.asked_ns + window)
            assert sum(inside) <= limit

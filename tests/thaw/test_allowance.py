"""Never more than the allowance in any window, whoever asked, and no later than needed."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from transfer.model import Cold, Span, Thaw
from transfer.thaw.allowance import (
    DAY_NS,
    HOUR_NS,
    UNLIMITED,
    Allowance,
    Asked,
    Intent,
    Ledger,
    allowed_from,
    ledger_of,
    room,
    together,
)

GIB = 1024**3
MINUTE_NS = HOUR_NS // 60
NOW = 1_700_000_000 * 1_000_000_000

limits = st.none() | st.integers(1, 100)
allowances = st.builds(Allowance, rate=limits, quota=limits)
moments = st.integers(NOW - 2 * DAY_NS, NOW + HOUR_NS) | st.integers(-30, 2).map(lambda hours: NOW + hours * HOUR_NS)
ledgers = st.lists(st.builds(Asked, moments, st.integers(0, 60)), max_size=20)


def most_in_any(asked: list[Asked], window: int) -> int:
    """The largest sum of sizes in any window, which holds its first moment and not its last."""
    return max(
        (
            sum(each.size for each in asked if first.asked_ns <= each.asked_ns < first.asked_ns + window)
            for first in asked
        ),
        default=0,
    )


def test_an_hour_and_a_day_by_hand() -> None:
    """Both windows slide, and the narrower one counts."""
    allowance = Allowance(rate=10 * GIB, quota=25 * GIB)
    ledger = ledger_of([Asked(NOW - 23 * HOUR_NS, 10 * GIB), Asked(NOW - 30 * MINUTE_NS, 7 * GIB)])
    assert room(ledger, allowance, NOW) == 3 * GIB
    assert allowed_from(ledger, allowance, 3 * GIB, NOW) == NOW
    assert allowed_from(ledger, allowance, 3 * GIB + 1, NOW) == NOW + 30 * MINUTE_NS
    assert allowed_from(ledger, allowance, 8 * GIB, NOW) == NOW + 30 * MINUTE_NS
    assert allowed_from(ledger, allowance, 8 * GIB + 1, NOW) == NOW + HOUR_NS
    assert allowed_from(ledger, allowance, 10 * GIB, NOW) == NOW + HOUR_NS
    assert allowed_from(ledger, allowance, 10 * GIB + 1, NOW) is None
    assert room(ledger, allowance, NOW + HOUR_NS) == 10 * GIB


def test_without_limits_all_may_be_asked_for() -> None:
    """None is no limit, not zero."""
    ledger = ledger_of([Asked(NOW, 10**18)])
    assert room(ledger, UNLIMITED, NOW) is None
    assert allowed_from(ledger, UNLIMITED, 10**18, NOW) == NOW
    assert UNLIMITED.largest is None
    assert Allowance(rate=5, quota=3).largest == 3


def test_what_others_asked_for_in_excess_leaves_no_room() -> None:
    """Room is never negative; what needs no room is always allowed."""
    ledger = ledger_of([Asked(NOW - MINUTE_NS, 50)])
    assert room(ledger, Allowance(rate=10), NOW) == 0
    assert allowed_from(ledger, Allowance(rate=10), 0, NOW) == NOW
    assert allowed_from(ledger, Allowance(rate=10), 1, NOW) == NOW - MINUTE_NS + HOUR_NS


@given(asked=ledgers, allowance=allowances, size=st.integers(0, 100))
def test_the_moment_is_the_first_that_has_room(asked: list[Asked], allowance: Allowance, size: int) -> None:
    """At the moment told there is room enough, and not one ns before it."""
    ledger = ledger_of(asked)

    def fits(now_ns: int) -> bool:
        left = room(ledger, allowance, now_ns)
        return left is None or size <= left

    moment = allowed_from(ledger, allowance, size, NOW)
    if moment is None:
        assert allowance.largest is not None
        assert size > allowance.largest
    else:
        assert moment == NOW or not fits(moment - 1)
        assert fits(moment)


@given(asked=ledgers, more=st.builds(Asked, moments, st.integers(0, 60)))
def test_one_more_request_is_as_if_it_had_always_been_there(asked: list[Asked], more: Asked) -> None:
    """Adding to a ledger is the same as making it of all."""
    added = ledger_of(asked).plus(more)
    assert added.totals[-1] == sum(each.size for each in asked) + more.size
    assert all(
        added.after(moment) == ledger_of([*asked, more]).after(moment)
        for moment in [more.asked_ns, more.asked_ns - 1, *(each.asked_ns for each in asked)]
    )


@given(
    allowance=allowances.filter(lambda each: each.largest is not None),
    wishes=st.lists(
        st.tuples(st.integers(1, 60), st.integers(0, 3 * HOUR_NS) | st.just(0), st.booleans()), min_size=1, max_size=40
    ),
)
def test_simulated_days_of_two_runs_that_share_a_ledger(
    allowance: Allowance, wishes: list[tuple[int, int, bool]]
) -> None:
    """Two runs ask as early as they may, forget all between two wishes, and never exceed either limit in any window."""
    asked: list[Asked] = []
    clocks = {True: NOW, False: NOW}
    for size, pause, run in wishes:
        now_ns = max(clocks[run] + pause, asked[-1].asked_ns if asked else NOW)
        moment = allowed_from(ledger_of(asked), allowance, size, now_ns)
        if moment is None:
            assert size > (allowance.largest or 0)
            continue
        asked.append(Asked(moment, size))
        clocks[run] = moment
    for limit, window in allowance.windows():
        assert most_in_any(asked, window) <= limit


def test_a_full_allowance_is_used_up() -> None:
    """In simulated days the rate is reached in every hour until the quota is, and each day gives the whole quota."""
    allowance = Allowance(rate=10, quota=60)
    asked: list[Asked] = []
    now_ns = NOW
    while now_ns < NOW + 3 * DAY_NS:
        asked.append(Asked(now_ns, 5))
        now_ns = allowed_from(ledger_of(asked), allowance, 5, now_ns) or 0
    assert sum(each.size for each in asked) == 3 * 60
    assert most_in_any(asked, HOUR_NS) == 10
    assert most_in_any(asked, DAY_NS) == 60


def test_an_empty_ledger_is_the_default() -> None:
    """Nothing asked for: the whole allowance is there."""
    assert ledger_of([]) == Ledger()
    assert room(Ledger(), Allowance(rate=7), NOW) == 7


def thaw(key: str, asked_ns: int | None, size: int | None, span: Span | None = None) -> Thaw:
    return Thaw(key, Cold.THAWING, size, asked_ns, span=span)


def test_an_intent_that_the_list_shows_counts_once() -> None:
    """The provider's clock is a little off; the request is the same."""
    listed = [thaw("a", NOW + MINUTE_NS, 5), thaw("b", NOW, 7)]
    intents = [Intent("a", NOW, 5), Intent("c", NOW, 9)]
    assert sorted(each.size for each in together(listed, intents)) == [5, 7, 9]


def test_an_intent_of_another_span_or_another_hour_counts_by_itself() -> None:
    """Only the same key and span, and about the same time, make the same request."""
    listed = [thaw("a", NOW, 4, Span(0, 4))]
    intents = [Intent("a", NOW, 4, Span(4, 4)), Intent("a", NOW - HOUR_NS, 4, Span(0, 4))]
    assert sum(each.size for each in together(listed, intents)) == 12


def test_each_listed_request_stands_for_one_intent() -> None:
    """Two intents beside one request are two requests, until the list shows the other."""
    intents = [Intent("a", NOW, 5), Intent("a", NOW + MINUTE_NS, 5)]
    assert sum(each.size for each in together([thaw("a", NOW, 5)], intents)) == 10
    assert sum(each.size for each in together([thaw("a", NOW, 5), thaw("a", NOW + MINUTE_NS, 5)], intents)) == 10


@pytest.mark.parametrize(("asked_ns", "size"), [(None, 5), (NOW, None)])
def test_a_list_that_tells_too_little_leaves_the_intent_to_count(asked_ns: int | None, size: int | None) -> None:
    """What has no time or no size can't be counted; our own note can."""
    assert together([thaw("a", asked_ns, size)], [Intent("a", NOW, 5)]) == [Asked(NOW, 5)]

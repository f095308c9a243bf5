"""Looks are rare at first, closer towards the expected time, then every few minutes, and never stop."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from transfer.thaw.polls import next_poll

SECOND_NS = 1_000_000_000
MINUTE_NS, HOUR_NS = 60 * SECOND_NS, 3600 * SECOND_NS
ASKED = 1_700_000_000 * SECOND_NS


def looks(expected_h: float, until_h: float, longest_s: float = 3600.0) -> list[float]:
    """Hours after the request at which a thaw that is never ready is looked at."""
    expected_ns = ASKED + round(expected_h * HOUR_NS)
    found, now_ns = [], ASKED
    while now_ns < ASKED + until_h * HOUR_NS:
        now_ns = next_poll(now_ns, ASKED, expected_ns, longest_s=longest_s)
        found.append(round((now_ns - ASKED) / HOUR_NS, 6))
    return found


def test_four_hours() -> None:
    """Each hour, then at halves of what is left, every 4 minutes around the expected time, and then less often."""
    times = looks(4, 5)
    assert times[:5] == [1.0, 2.0, 3.0, 3.5, 3.75]
    assert 4.0 in times
    late = [time for time in times if time >= 4.0]
    gaps = [round((after - before) * 60) for before, after in pairwise(late)]
    assert gaps[0] == 4
    assert gaps == sorted(gaps)
    assert gaps[-1] <= 15
    assert len(times) < 25


def test_expedited_is_looked_at_within_seconds() -> None:
    """Five minutes: looks are no less than 10 seconds apart, but for that at the expected time, and there are few."""
    times = looks(5 / 60, 10 / 60)
    gaps = sorted(after - before for before, after in pairwise(times))
    assert gaps[1] >= 0.0027
    assert 5 < len(times) < 30


def test_the_longest_time_is_the_users() -> None:
    """Whoever wants to know each second does."""
    assert next_poll(ASKED, ASKED, ASKED + 4 * HOUR_NS, longest_s=1) == ASKED + SECOND_NS
    assert next_poll(ASKED, ASKED, None, longest_s=1) == ASKED + SECOND_NS


def test_where_nobody_knows_the_looks_thin_out() -> None:
    """After ten hours, an hour's wait; after a minute, half of it."""
    assert next_poll(ASKED + 10 * HOUR_NS, ASKED, None) == ASKED + 11 * HOUR_NS
    assert next_poll(ASKED + MINUTE_NS, ASKED, None) == ASKED + MINUTE_NS + 30 * SECOND_NS


@given(
    passed=st.integers(-HOUR_NS, 100 * HOUR_NS),
    expected=st.none() | st.integers(0, 60 * HOUR_NS),
    longest_s=st.floats(0.01, 86_400),
)
def test_the_next_look_is_always_ahead(passed: int, expected: int | None, longest_s: float) -> None:
    """Never now, never later than the longest wait, and never past the expected time without a look at it."""
    now_ns = ASKED + passed
    expected_ns = None if expected is None else ASKED + expected
    found = next_poll(now_ns, ASKED, expected_ns, longest_s=longest_s)
    assert now_ns < found <= now_ns + round(longest_s * SECOND_NS)
    assert expected_ns is None or now_ns >= expected_ns or found <= expected_ns

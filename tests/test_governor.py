"""The governor halves, recovers and pauses."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from transfer.governor import Governor


def test_throttling_halves_once_a_second() -> None:
    """Refusals within a second count once, and there is always one call left."""
    governor = Governor(32)
    for now in (0.0, 0.2, 0.9):
        governor.throttled(now)
    assert governor.limit == 16
    for now in range(1, 10):
        governor.throttled(float(now))
    assert governor.limit == 1


def test_success_adds_back_slowly() -> None:
    """A whole round of successes lets about one more call in, up to where it began."""
    governor = Governor(8)
    governor.throttled(0.0)
    for _ in range(5):
        governor.succeeded()
    assert governor.limit == 5
    for _ in range(100):
        governor.succeeded()
    assert governor.limit == 8


def test_pauses_as_long_as_the_provider_asked() -> None:
    """The longest wait counts, and one without a figure asks for none."""
    governor = Governor(4)
    governor.throttled(100.0)
    assert governor.pause(100.0) == 0
    governor.throttled(100.0, 5.0)
    governor.throttled(101.0, 1.0)
    assert governor.pause(102.0) == 3.0
    assert governor.pause(106.0) == 0


@pytest.mark.parametrize("most", [0, -1])
def test_needs_one_call(most: int) -> None:
    """An endpoint that may not be called at all is a programming error."""
    with pytest.raises(ValueError, match="at least one"):
        Governor(most)


@given(st.integers(1, 100), st.lists(st.tuples(st.floats(0, 3), st.one_of(st.none(), st.floats(0, 10)), st.booleans())))
def test_stays_within_bounds(most: int, events: list[tuple[float, float | None, bool]]) -> None:
    """Whatever happens, the limit stays between 1 and the most, and a pause ends."""
    governor = Governor(most)
    now = 0.0
    for passed, retry_after, good in events:
        now += passed
        before = governor.limit
        if good:
            governor.succeeded()
            assert before <= governor.limit <= before + 1
        else:
            governor.throttled(now, retry_after)
            assert before // 2 <= governor.limit <= before
        assert 1 <= governor.limit <= most
    assert governor.pause(now + 10.001) == 0

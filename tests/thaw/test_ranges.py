"""Spans cover the archive, are aligned to their own size, and are within the allowance and the time to copy them."""

from __future__ import annotations

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from transfer.errors import Misconfigured
from transfer.model import Span
from transfer.thaw.allowance import UNLIMITED, Allowance
from transfer.thaw.ranges import COPYING_S, MIB, ranges

GIB, TIB = 1024 * MIB, 1024 * 1024 * MIB
LARGEST_ARCHIVE = 40_000 * GIB
limits = st.none() | st.integers(1, 100 * TIB) | st.integers(0, 45).map(lambda power: 2**power)


def test_what_fits_is_asked_for_whole() -> None:
    """One span, of any size."""
    assert ranges(10 * GIB, Allowance(rate=10 * GIB, quota=500 * GIB), 1e9) == (Span(0, 10 * GIB),)
    assert ranges(LARGEST_ARCHIVE, UNLIMITED) == (Span(0, LARGEST_ARCHIVE),)
    assert ranges(0, Allowance(rate=1)) == (Span(0, 0),)


def test_spans_use_the_rate_up() -> None:
    """10 GiB an hour: five of 2 GiB leave nothing, where one of 8 GiB would leave a fifth unused."""
    cut = ranges(21 * GIB, Allowance(rate=10 * GIB))
    assert [span.size for span in cut] == [2 * GIB] * 10 + [GIB]
    assert cut[3].offset == 6 * GIB


def test_slow_paths_make_smaller_spans() -> None:
    """At 1 MiB/s, 18 hours copy 64,800 MiB, and 32 GiB is the largest power of two in that."""
    assert COPYING_S * MIB == 64_800 * MIB
    assert {span.size for span in ranges(128 * GIB, UNLIMITED, float(MIB))} == {32 * GIB}


def test_a_slow_path_never_makes_too_many_spans() -> None:
    """The number of spans counts more than what the goodput suggests."""
    cut = ranges(LARGEST_ARCHIVE, UNLIMITED, 1.0, most=10_000)
    assert len(cut) == 10_000
    assert cut[0].size == 4 * GIB


def test_too_small_an_allowance_is_refused() -> None:
    """The sentence names what is enough."""
    with pytest.raises(Misconfigured, match=r"39\.1 TiB.*10,000 requests of 1\.0 GiB.*at least 4\.0 GiB with --retr"):
        ranges(LARGEST_ARCHIVE, Allowance(quota=GIB))
    with pytest.raises(Misconfigured, match=r"at least 1\.0 MiB"):
        ranges(2 * MIB, Allowance(rate=MIB - 1))
    assert len(ranges(LARGEST_ARCHIVE, Allowance(quota=4 * GIB))) == 10_000


@given(
    size=st.integers(0, LARGEST_ARCHIVE) | st.integers(0, 45).map(lambda power: 2**power + 1),
    rate=limits,
    quota=limits,
    goodput=st.none() | st.floats(1, 1e10),
    most=st.integers(1, 300),
)
@example(size=5 * MIB, rate=6 * MIB, quota=None, goodput=1.0, most=1)
@example(size=10 * GIB, rate=10 * GIB - 1, quota=None, goodput=None, most=3)
def test_ranges(size: int, rate: int | None, quota: int | None, goodput: float | None, most: int) -> None:
    """They follow each other without a gap; all but the last have one size, a power of two of MiB, and begin at it."""
    allowance = Allowance(rate, quota)
    try:
        cut = ranges(size, allowance, goodput, most=most)
    except Misconfigured:
        largest = allowance.largest
        assert largest is not None
        assert largest < size
        enough = MIB
        while enough * most < size:
            enough *= 2
        assert enough > largest, "a span that is enough would have been allowed"
        return
    assert len(cut) <= most
    assert sum(span.size for span in cut) == size
    assert [span.offset for span in cut] == [index * cut[0].size for index in range(len(cut))]
    assert allowance.largest is None or max(span.size for span in cut) <= allowance.largest
    if len(cut) > 1:
        length = cut[0].size
        assert length % MIB == 0
        assert (length // MIB).bit_count() == 1
        assert {span.size for span in cut[:-1]} == {length}
        assert 0 < cut[-1].size <= length
        few = -(-size // (length // 2)) > most
        assert goodput is None or length <= max(MIB, goodput * COPYING_S) or few


@given(size=st.integers(1, 1000), unit=st.integers(1, 9), rate=st.integers(9, 500))
def test_other_units_than_a_mib(size: int, unit: int, rate: int) -> None:
    """All spans begin at a multiple of what the provider says."""
    assume(size > rate)
    cut = ranges(size, Allowance(rate), unit=unit)
    assert all(span.offset % unit == 0 for span in cut)
    assert (cut[0].size // unit).bit_count() == 1

"""Parts always fit: their number, their sizes and the memory, at every size that an object can have."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from transfer.errors import Unsupported
from transfer.partition import (
    DEFAULT_PART,
    MIB,
    count,
    cut,
    part_size,
    part_size_between,
    sizes_of_parts,
    stream_capacity,
    stream_part_size,
)
from transfer.plugin import Limits

GIB, TIB = 1024 * MIB, 1024 * 1024 * MIB
S3 = Limits(min_part=5 * MIB, max_part=5 * GIB, max_parts=10_000, max_object=int(48.8 * TIB))
VAULT = Limits(min_part=MIB, doubling_parts=True, max_part=4 * GIB, max_parts=10_000, max_object=40_000 * GIB)
PLENTY = 6 * GIB

near = st.builds(
    lambda parts, size, off: max(0, parts * size * MIB + off),
    st.sampled_from([1, 2, 9_999, 10_000, 10_001]),
    st.sampled_from([5, 16, 17, 100, 1024, 5 * 1024 - 1]),
    st.integers(-2, 2),
)
sizes = st.integers(0, S3.max_object or 0) | near


@given(size=sizes.filter(lambda size: size <= int(48.8 * TIB)), smallest=st.none() | st.integers(1, 8 * GIB))
@example(size=0, smallest=None)
@example(size=10_000 * 16 * MIB, smallest=None)
@example(size=10_000 * 16 * MIB + 1, smallest=None)
@example(size=int(48.8 * TIB), smallest=1)
def test_parts_are_within_all_limits(size: int, smallest: int | None) -> None:
    """Never more than the provider's number, never smaller or larger than it takes, in whole MiB where that fits."""
    part = part_size(size, S3, memory=PLENTY, smallest=smallest)
    assert S3.min_part <= part <= (S3.max_part or 0)
    assert count(size, part) <= S3.max_parts
    assert part % MIB == 0 or part == S3.max_part


@given(size=st.integers(0, 10_000), part=st.integers(1, 300))
def test_a_cut_covers_the_object_exactly(size: int, part: int) -> None:
    """Numbered from 1, one after another, all but the last as long as said; only an empty object has an empty one."""
    parts = list(cut(size, part))
    assert len(parts) == count(size, part)
    assert [each.number for each in parts] == list(range(1, len(parts) + 1))
    assert [each.offset for each in parts] == [index * part for index in range(len(parts))]
    assert sum(each.size for each in parts) == size
    assert {each.size for each in parts[:-1]} <= {part}
    assert sizes_of_parts(size, part) == tuple(each.size for each in parts)
    assert 0 < parts[-1].size <= part or size == 0


@given(memory=st.integers(1, 20 * MIB), size=st.integers(0, 100 * MIB))
def test_a_part_fits_into_the_memory_or_is_refused(memory: int, size: int) -> None:
    """The sentence names a budget that is enough."""
    limits = Limits(min_part=MIB, max_parts=50)
    needed = max(MIB, -(-size // 50))
    if needed > memory:
        with pytest.raises(Unsupported, match=f"--memory {needed // MIB + 1}MiB"):
            part_size(size, limits, memory=memory)
    else:
        assert needed <= part_size(size, limits, memory=memory) <= memory


def test_what_no_provider_takes_is_refused() -> None:
    """More bytes than one object may have, or than all parts together hold."""
    with pytest.raises(Unsupported, match="for one object"):
        part_size(49 * TIB, S3, memory=PLENTY)
    with pytest.raises(Unsupported, match=r"10,000 parts of 5,368,709,120 bytes"):
        part_size(10_000 * 5 * GIB + 1, Limits(max_part=5 * GIB), memory=10 * GIB)


def test_the_smallest_part_is_a_wish() -> None:
    """Granted as far as the object, the provider and the memory allow."""
    assert part_size(GIB, S3, memory=PLENTY, smallest=1) == 5 * MIB
    assert part_size(GIB, S3, memory=PLENTY) == DEFAULT_PART
    assert part_size(GIB, S3, memory=PLENTY, smallest=64 * MIB) == 64 * MIB
    assert part_size(GIB, S3, memory=32 * MIB, smallest=64 * MIB) == 32 * MIB
    assert part_size(200 * GIB, S3, memory=PLENTY) == 21 * MIB


@given(
    memory=st.integers(40 * MIB, GIB),
    max_parts=st.integers(1, 12_000),
    smallest=st.none() | st.integers(1, 64 * MIB),
    max_part=st.sampled_from([None, 32 * MIB, 5 * GIB]),
)
def test_a_stream_holds_what_was_said_at_its_start(
    memory: int, max_parts: int, smallest: int | None, max_part: int | None
) -> None:
    """The capacity is the sum of all its parts; parts never shrink, and leave room for others in memory."""
    limits = Limits(min_part=5 * MIB, max_part=max_part, max_parts=max_parts)
    parts = [
        stream_part_size(number, limits, memory=memory, size_hint=None, smallest=smallest)
        for number in range(1, max_parts + 1)
    ]
    assert parts == sorted(parts)
    assert 5 * MIB <= parts[0] <= parts[-1] <= max(5 * MIB, memory // 8)
    assert stream_capacity(limits, memory=memory, size_hint=None, smallest=smallest) == sum(parts)


def test_a_hint_makes_parts_that_are_large_enough() -> None:
    """As if the hint were the stream's size, which then fits."""
    hint = 10_000 * 20 * MIB
    assert stream_part_size(1, S3, memory=PLENTY, size_hint=hint, smallest=None) == 20 * MIB
    assert stream_capacity(S3, memory=PLENTY, size_hint=hint, smallest=None) == hint
    assert stream_capacity(S3, memory=PLENTY, size_hint=40 * TIB, smallest=None) >= 40 * TIB


def test_a_stream_never_holds_more_than_one_object_may() -> None:
    """However large its parts."""
    assert stream_capacity(Limits(max_object=7), memory=GIB, size_hint=None, smallest=None) == 7


# Parts that double


@given(
    size=st.integers(0, VAULT.max_object or 0),
    smallest=st.none() | st.integers(1, 8 * GIB),
    memory=st.integers(MIB, PLENTY),
)
@example(size=10_000 * 4 * GIB, smallest=None, memory=PLENTY)
@example(size=10_000 * 8 * MIB + 1, smallest=None, memory=PLENTY)
def test_parts_of_a_vault_are_a_power_of_two(size: int, smallest: int | None, memory: int) -> None:
    """Of MiB, so many that the provider's number suffices; or refused, with a budget that is enough."""
    least = max(MIB, -(-size // 10_000))
    enough = MIB << (-(-least // MIB) - 1).bit_length()
    if enough > memory:
        with pytest.raises(Unsupported, match=f"needs parts of {enough:,} bytes"):
            part_size(size, VAULT, memory=memory, smallest=smallest)
        return
    part = part_size(size, VAULT, memory=memory, smallest=smallest)
    assert part % MIB == 0
    assert (part // MIB).bit_count() == 1
    assert count(size, part) <= 10_000
    assert part <= min(4 * GIB, memory)


def test_the_parts_of_a_vault_grow_by_doubling() -> None:
    """The smallest one that suffices, or that was wished for, as far as memory goes."""
    assert part_size(GIB, VAULT, memory=PLENTY) == 8 * MIB
    assert part_size(10_000 * 8 * MIB + 1, VAULT, memory=PLENTY) == 16 * MIB
    assert part_size(GIB, VAULT, memory=PLENTY, smallest=5 * MIB) == 8 * MIB
    assert part_size(GIB, VAULT, memory=PLENTY, smallest=1) == MIB
    assert part_size(GIB, VAULT, memory=60 * MIB, smallest=50 * MIB) == 32 * MIB


def test_what_no_doubling_reaches_is_refused() -> None:
    """The largest part is the largest double."""
    odd = Limits(min_part=3, doubling_parts=True, max_part=50, max_parts=10)
    assert part_size(480, odd, memory=PLENTY) == 48
    with pytest.raises(Unsupported, match="481 bytes do not fit into 10 parts of 48 bytes"):
        part_size(481, odd, memory=PLENTY)


def test_a_source_whose_hash_combines_over_doubling_parts_gets_them() -> None:
    """The target's limits hold all the same."""
    assert part_size_between(GIB, VAULT, S3, memory=PLENTY, smallest=5 * MIB) == 8 * MIB
    assert part_size_between(GIB, VAULT, S3, memory=PLENTY, smallest=1) == 8 * MIB
    assert part_size_between(200 * GIB, VAULT, S3, memory=PLENTY) == 32 * MIB
    assert part_size_between(200 * GIB, S3, S3, memory=PLENTY) == 21 * MIB
    assert part_size_between(200 * GIB, S3, VAULT, memory=PLENTY) == 32 * MIB


def test_a_part_may_be_longer_than_the_memory_where_it_has_to_be() -> None:
    """Never without need; and of what was a wish only, one that fits is better."""
    assert part_size(2 * TIB, VAULT, memory=255 * MIB, long=True) == 256 * MIB
    assert part_size(39 * TIB, VAULT, memory=MIB, long=True) == 4 * GIB
    assert part_size(TIB, VAULT, memory=255 * MIB, smallest=GIB, long=True) == 128 * MIB
    assert part_size_between(2 * TIB, S3, VAULT, memory=255 * MIB, long=True) == 256 * MIB
    assert part_size_between(200 * GIB, VAULT, S3, memory=21 * MIB, long=True) == 21 * MIB
    with pytest.raises(Unsupported, match="for one object"):
        part_size(40 * TIB, VAULT, memory=MIB, long=True)


def test_a_wish_of_the_source_gives_way() -> None:
    """To the memory, to the target's largest part, and to a target whose own parts double otherwise."""
    assert part_size_between(200 * GIB, VAULT, S3, memory=21 * MIB) == 21 * MIB
    assert part_size_between(100 * 90, VAULT, Limits(max_part=100, max_parts=90), memory=PLENTY) == 100
    threes = Limits(min_part=3 * MIB, doubling_parts=True)
    assert part_size_between(GIB, VAULT, threes, memory=PLENTY, smallest=1) == 3 * MIB


@given(memory=st.integers(8 * MIB, 64 * GIB), smallest=st.none() | st.integers(1, 64 * MIB))
def test_the_parts_of_a_stream_to_a_vault_are_of_one_size(memory: int, smallest: int | None) -> None:
    """The provider is told it ahead: the largest that leaves room for others in memory."""
    part = stream_part_size(1, VAULT, memory=memory, size_hint=None, smallest=smallest)
    assert {
        stream_part_size(number, VAULT, memory=memory, size_hint=None, smallest=smallest)
        for number in (2, 1000, 1001, 10_000)
    } == {part}
    assert memory / 16 < part <= memory / 8 or part == 4 * GIB
    assert (part // MIB).bit_count() == 1
    assert part % MIB == 0
    capacity = stream_capacity(VAULT, memory=memory, size_hint=None, smallest=smallest)
    assert capacity == 10_000 * part

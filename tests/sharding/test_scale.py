"""Keys as numbers: greater for greater keys, and back."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from transfer.sharding.scale import Alphabet, Scale
from transfer.sharding.shards import Pace, Shard, divide, stride

texts = st.text(st.characters(codec="utf-8"), max_size=8)


def learned(keys: list[str]) -> Alphabet:
    alphabet = Alphabet()
    alphabet.learn(keys)
    return alphabet


def counters(first: int, last: int) -> list[str]:
    return [f"data/{number:06}" for number in range(first, last)]


@given(st.lists(texts, min_size=2, max_size=20))
def test_greater_keys_have_greater_numbers(keys: list[str]) -> None:
    """Of keys that were seen, as far as the scale looks at them."""
    keys.sort()
    scale = learned(keys).scale(keys[0], keys[-1])
    numbers = [scale.number(key) for key in keys]
    assert numbers == sorted(numbers)


@given(st.lists(texts, min_size=1, max_size=20))
def test_a_key_is_found_again_by_its_number(keys: list[str]) -> None:
    """The places that a scale looks at tell a short key whole."""
    scale = learned(keys).scale(keys[0], keys[0])
    assert [scale.key(scale.number(key)) for key in keys] == keys


def test_keys_elsewhere_are_at_the_ends() -> None:
    """What sorts ahead of all that the scale knows is 0, and behind the last number there is no key."""
    scale = Scale("b/", ("ab", "xyz"))
    assert [scale.number(key) for key in ("a", "b/", "b/a", "b/az", "b/b", "c")] == [0, 0, 4, 7, 8, 12]
    assert scale.key(11) == "b/bz"
    assert scale.key(12) is None


def test_counters_are_evenly_spaced() -> None:
    """Digits that were not seen yet are reckoned with, and a place runs over into those before it."""
    scale = learned(counters(100, 400)).scale("data/000100", "data/000400")
    way = scale.number("data/000400") - scale.number("data/000100")
    assert scale.key(scale.number("data/000400") + way) == "data/000700"
    assert scale.key(scale.number("data/000400") + 7 * way) > "data/002"  # type: ignore[operator]


def test_places_that_ran_over_are_known() -> None:
    """Months end at 12 and hours at 23 once some have been seen."""
    hours = [f"{day:02}/{hour:02}" for day in range(1, 4) for hour in range(24)]
    scale = learned(hours).scale("03/00", "03/23")
    assert list(scale.places[-2:]) == ["012", "0123456789"]


def shard(last: int, upto: str | None = None, *, pages: int = 3) -> Shard:
    """One that has ``pages`` of 100 keys, the last of which ends there."""
    made = Shard(after="", upto=upto)
    for end in range(last - 100 * (pages - 1), last + 1, 100):
        made.listed(f"data/{end - 99:06}", f"data/{end:06}")
    return made


def test_a_shard_is_left_after_the_pages_it_is_to_have() -> None:
    """With 100 keys a page, four pages are 400 keys."""
    assert divide([shard(400)], learned(counters(100, 401)), 4) == (0, "data/000800")


def test_keys_that_only_pages_leave_out_count_too() -> None:
    """A page's end may be a folder's: what is empty behind it is passed by listing just as well."""
    folders, made = [f"{folder:02}/{file}" for folder in range(4) for file in "ab"], Shard("")
    for folder in range(3):
        made.listed(f"{folder:02}/a", f"{folder:02}/b")
    assert divide([made], learned(folders), 4) == (0, "06/b")


@pytest.mark.parametrize(("upto", "found"), [("data/000900", False), ("data/001100", True)])
def test_what_is_short_is_not_divided(upto: str, found: bool) -> None:
    """Five pages are not, where four are wanted; seven are."""
    assert (divide([shard(400, upto)], learned(counters(100, 401)), 4) is not None) == found


def test_the_first_that_is_long_is_divided() -> None:
    """What is told soonest is what there is most hurry with."""
    ended, short, long = shard(300), shard(700, "data/000900"), shard(1400)
    ended.ended = True
    assert divide([ended, short, long], learned(counters(0, 1401)), 4) == (2, "data/001800")


def test_there_is_no_guess_without_a_pace() -> None:
    """Neither before a page was seen, nor from two: the pace before goes on until there are three."""
    alphabet = learned(counters(0, 1000))
    assert divide([Shard("data/0")], alphabet, 4) is None
    assert divide([shard(200, pages=2)], alphabet, 4) is None
    guided = shard(200, pages=2)
    guided.guess = Pace("data/000000", "data/000010", 1)
    assert divide([guided], alphabet, 4) == (0, "data/000240")


def test_shards_grow_with_the_listing() -> None:
    """Between 4 and 16 pages, a sixteenth of what was listed."""
    assert [stride(pages) for pages in (0, 4, 160, 5_000)] == [4, 4, 10, 16]

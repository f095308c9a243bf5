"""When two looks show one state of an object."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given

from tests.checkpoint.samples import looks
from transfer.checkpoint import Look
from transfer.model import Entry

FULL = Look(5, 1_000_000_001, 2_000_000_002, "etag", "version", "identity")


def test_look_is_taken_from_an_entry() -> None:
    """A look holds what the entry tells of its state."""
    assert Look.of(Entry("k", 5, 1_000_000_001, 2_000_000_002, "etag", "version", "identity")) == FULL


@pytest.mark.parametrize("field", ["mtime_ns", "modified_ns", "etag", "version", "identity"])
def test_one_known_field_is_enough_and_must_agree(field: str) -> None:
    """One field beside the size makes looks the same, or different."""
    known: Any = {field: getattr(FULL, field)}
    changed: Any = {field: 9 if field.endswith("_ns") else "other"}
    alone, other = Look(5, **known), replace(FULL, **changed)
    assert alone.same(FULL)
    assert FULL.same(alone)
    assert not alone.same(other)
    assert not other.same(FULL)


def test_sizes_alone_say_nothing() -> None:
    """Without another field known on both sides, looks are not the same."""
    assert not Look(5).same(Look(5))
    assert not Look(5, etag="a").same(Look(5, identity="a"))


def test_size_must_be_known_and_equal() -> None:
    """An unknown or another size is never the same."""
    assert not replace(FULL, size=None).same(replace(FULL, size=None))
    assert not FULL.same(replace(FULL, size=6))


def test_whole_seconds_agree_with_any_time_within() -> None:
    """A store's clock told by a header is cut to seconds, and still is the time that its listing tells."""
    listing, header = Look(5, modified_ns=2_999_000_000), Look(5, modified_ns=2_000_000_000)
    assert listing.same(header)
    assert header.same(listing)
    assert not header.same(Look(5, modified_ns=3_000_000_001))
    assert not listing.same(Look(5, modified_ns=2_998_000_000))


@given(looks, looks)
def test_sameness_is_symmetric(one: Look, other: Look) -> None:
    """It does not matter which look is asked."""
    assert one.same(other) == other.same(one)

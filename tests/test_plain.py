"""Entries written down come back equal."""

from __future__ import annotations

import json
import marshal

import pytest
from hypothesis import given

from tests.checkpoint.samples import entries, unlisted
from transfer.model import Entry, Unlisted
from transfer.plain import plain, restored


@given(entries | unlisted)
def test_items_survive_json_and_marshal(item: Entry | Unlisted) -> None:
    """Nothing is lost on the way through either."""
    assert restored(json.loads(json.dumps(plain(item), ensure_ascii=False))) == item
    assert restored(marshal.loads(marshal.dumps(plain(item)))) == item


@pytest.mark.parametrize(
    "value", [[], ["k", True], ["k", False, "no such reason", "", True, True], ["k", True, *[None] * 12]]
)
def test_anything_else_is_refused(value: list[object]) -> None:
    """What is not a plain item raises."""
    with pytest.raises((ValueError, TypeError)):
        restored(value)

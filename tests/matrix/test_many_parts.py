"""An object of as many parts as a provider takes: each has its own way to be told of them all, and to tell of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from tests.core.rig import fill, memory, pattern
from tests.matrix.sides.base import Side
from transfer import sync
from transfer.config import Config
from transfer.options import Options
from transfer.plugin import StoreOptions
from transfer.registry import open_store

_PARTS = 10_000
_SIZE = 16
"""Bytes; with those that they want, this would be gigabytes."""


@pytest.mark.slow
@pytest.mark.parametrize("target", ["oss", "cos", "kodo"])
async def test_ten_thousand_parts(make_side: Callable[[str], Side], target: str) -> None:
    """All arrive, and the vendor's client reads one object."""
    source, there = memory(), make_side(target)
    there.allow_parts_of(_SIZE)
    data = pattern(_PARTS * _SIZE - 3)
    await fill(source, {"large.bin": data})
    store = await open_store(there.url, StoreOptions(), config=Config(), settings=there.settings)
    store.limits = replace(store.limits, min_part=_SIZE, max_part=_SIZE)
    try:
        result = await sync(source, store, Options(part_size=_SIZE, multipart_threshold=_SIZE))
    finally:
        await store.aclose()
    assert (result.ok, result.totals.unproven) == (True, 0), result.failures
    assert there.asked_of_tree().count("PUT tree/large.bin") == _PARTS
    assert there.read("large.bin").data == data

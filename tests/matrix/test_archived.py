"""Objects in cold storage at the source: said what they need, thawed, and then copied by the same command."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.core.rig import Heard
from tests.matrix.sides.base import Side
from tests.matrix.things import Thing
from transfer import sync
from transfer.config import Config
from transfer.options import Options
from transfer.plugin import StoreOptions
from transfer.registry import open_store
from transfer.testing.checks.harness import noise

_PAIRS = [("oss", "cos"), ("cos", "kodo"), ("kodo", "strict s3"), ("strict s3", "oss"), ("oss", "disk")]


@pytest.mark.parametrize(("source", "target"), _PAIRS)
async def test_a_thaw(make_side: Callable[[str], Side], source: str, target: str) -> None:
    """Of an object that is read at once, and of one that is read in parts; what is not cold is copied at once."""
    here, there, heard = make_side(source), make_side(target), Heard()
    tree = here.fill(
        {"warm": Thing(b"warm"), "cold small": Thing(b"cold"), "cold large": Thing(noise(2 * there.part + 9))}
    )
    cold = {key for key in tree if key.startswith("cold")}
    for key in cold:
        here.archive(key)
    options = Options(
        source_settings=here.settings,
        target_settings=there.settings,
        part_size=there.part,
        multipart_threshold=there.part,
    )
    result = await sync(here.url, there.url, options, listener=heard)
    assert (result.exit_status, result.totals.copied) == (1, 1)
    assert {failure.key for failure in result.failures} == cold
    for failure in result.failures:
        assert f"{failure.key}' is in cold storage and must be" in str(failure.error)
        assert failure.attempts <= 2
    store = await open_store(here.url, StoreOptions(), config=Config(), settings=here.settings)
    try:
        for key in cold:
            await store.thaw(await store.stat(key), 2, "")
        # So it is as long as the thawing goes on.
        assert (await sync(here.url, there.url, options)).totals.failed == len(cold)
        for key in cold:
            await store.thaw(await store.stat(key), 2, "")
    finally:
        await store.aclose()
    here.let_thaw()
    result = await sync(here.url, there.url, options)
    totals = result.totals
    assert (result.exit_status, totals.copied, totals.unproven) == (0, len(cold), 0), result.failures
    assert there.keys() == set(tree)
    if target == "disk":
        assert {key: there.read(key).data for key in tree} == {key: thing.data for key, thing in tree.items()}
    assert (await sync(here.url, there.url, options)).totals.copied == 0

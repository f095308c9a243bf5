"""Objects in cold storage at the source: asked for, waited for, and then copied by the same command."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from tests.core.rig import Heard
from tests.matrix.sides.base import Side
from tests.matrix.things import Thing
from transfer import sync
from transfer.event import Verdict
from transfer.options import Options
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
    result = await sync(here.url, there.url, replace(options, thaw=False))
    assert (result.exit_status, result.totals.copied) == (1, 1)
    assert {failure.key for failure in result.failures} == cold
    for failure in result.failures:
        assert f"{failure.key}' is in cold storage and must be" in str(failure.error)
    result = await sync(here.url, there.url, options, listener=heard)
    assert (result.exit_status, result.totals.pending, result.totals.thaws) == (75, len(cold), len(cold)), result
    assert {key for key, outcome in heard.outcomes.items() if outcome.verdict is Verdict.PENDING} == cold
    # So it is as long as the thawing goes on, and nothing is asked for again.
    result = await sync(here.url, there.url, options)
    assert (result.exit_status, result.totals.pending, result.totals.thaws) == (75, len(cold), 0), result
    assert there.open_uploads() == 0
    here.let_thaw()
    result = await sync(here.url, there.url, options)
    totals = result.totals
    assert (result.exit_status, totals.copied, totals.unproven) == (0, len(cold), 0), result.failures
    assert there.keys() == set(tree)
    if target == "disk":
        assert {key: there.read(key).data for key in tree} == {key: thing.data for key, thing in tree.items()}
    assert (await sync(here.url, there.url, options)).totals.copied == 0

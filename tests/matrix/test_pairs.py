"""Every place as the source of every other one: what arrives, as the vendor's own client sees it; what moves again."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import pytest

from tests.core.rig import Heard
from tests.matrix.ring import KINDS
from tests.matrix.sides.base import Side
from tests.matrix.things import Thing, awkward
from transfer import sync
from transfer.event import Outcome
from transfer.model import Proven
from transfer.options import Options

PAIRS = [(source, target) for source in KINDS for target in KINDS]


@pytest.mark.parametrize(("source", "target"), PAIRS)
async def test_pair(counted: Callable[[str], Awaitable[Side]], source: str, target: str) -> None:
    """All of it arrives proven, with all that the target can hold; a second run lists, and asks for nothing else."""
    here, there = await counted(source), await counted(target)
    tree = here.fill(awkward(2 * there.part + there.part // 3))
    options = Options(
        source_settings=here.settings,
        target_settings=there.settings,
        part_size=there.part,
        multipart_threshold=there.part,
    )
    heard = Heard()
    result = await sync(here.url, there.url, options, listener=heard)
    assert (result.exit_status, result.totals.copied, result.totals.unproven) == (0, len(tree), 0), result.failures
    assert there.keys() == set(tree)
    for key, thing in tree.items():
        check(thing, there.read(key), heard.outcomes[key], may_lose=target == "disk")
    here.asked(), there.asked()
    again = await sync(here.url, there.url, options)
    totals = again.totals
    assert (again.exit_status, totals.copied, totals.updated, totals.skipped_proven) == (0, 0, 0, len(tree))
    assert [*here.asked_of_tree(), *there.asked_of_tree()] == []


def check(sent: Thing, held: Thing, outcome: Outcome, *, may_lose: bool) -> None:
    """The bytes are the same, and whatever else is not the same is named in the report."""
    assert held.data == sent.data
    assert outcome.proof is not None
    assert outcome.proof.proven is not Proven.UNPROVEN
    missing = {name for name, value in sent.headers.items() if held.headers.get(name) != value}
    missing |= {"user" for name, value in sent.user.items() if held.user.get(name) != value}
    assert missing <= set(outcome.lost)
    if not may_lose:
        assert (outcome.lost, held.tier) == ((), sent.tier)

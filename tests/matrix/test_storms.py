"""Servers that ask to slow down, for a while: nothing fails, and nothing that arrived is sent again."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest

from tests.core.rig import Heard
from tests.matrix.sides.base import Side
from tests.matrix.things import Thing, awkward
from transfer import sync
from transfer.event import Event, Finished, Retrying
from transfer.options import Options

_SECONDS = 0.5
_PAIRS = [("strict s3", "oss"), ("oss", "cos"), ("cos", "kodo"), ("kodo", "strict s3")]


@pytest.mark.parametrize(("source", "target"), _PAIRS)
@pytest.mark.parametrize("side", ["source", "target"])
async def test_a_storm(make_side: Callable[[str], Side], source: str, target: str, side: str) -> None:
    """On one side, from when the first objects have arrived."""
    here, there = make_side(source), make_side(target)
    tree = {**awkward(3 * there.part), **{f"k{number:02}": Thing(b"data") for number in range(20)}}
    tree = here.fill(tree)
    stormy, heard = here if side == "source" else there, Heard()
    stormed: list[str] = []

    def listen(event: Event) -> None:
        heard(event)
        if isinstance(event, Finished) and not stormed:
            stormed.append(event.outcome.key)
            stormy.throttle()
            asyncio.get_running_loop().call_later(_SECONDS, stormy.calm)

    options = Options(
        source_settings=here.settings,
        target_settings=there.settings,
        part_size=there.part,
        multipart_threshold=there.part,
        transfers=4,
    )
    result = await sync(here.url, there.url, options, listener=listen)
    assert (result.ok, result.totals.copied) == (True, len(tree)), result.failures
    told = {event.error for event in heard.of(Retrying)}
    assert told
    assert all("asks us to slow down" in error or "asked for too often" in error for error in told)
    assert result.totals.sent_bytes == sum(len(thing.data) for thing in tree.values())
    assert there.keys() == set(tree)
    assert {key: there.read(key).data for key in tree} == {key: thing.data for key, thing in tree.items()}

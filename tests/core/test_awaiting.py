"""A store that can't be used before something arrives ends the run, which may go on later, or wait."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

import transfer
from tests.core.rig import Heard, Watched, contents, fill, memory, quick, raising
from transfer.errors import Awaited
from transfer.event import Notice
from transfer.job import awaiting, hearing


@pytest.mark.parametrize("side", [0, 1])
async def test_what_is_awaited_ends_the_run(side: int) -> None:
    """Before anything is moved, whichever side it is."""
    stores = Watched(memory()), Watched(memory())
    await fill(stores[0], {"k": b"1"})
    stores[side].before = raising(Awaited("The inventory was asked for"), "check")
    with pytest.raises(Awaited, match="The inventory was asked for"):
        await transfer.sync(*stores, quick())
    assert contents(stores[1]) == {}


async def test_it_is_waited_for_where_that_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """And told once."""
    monkeypatch.setattr(awaiting, "LOOK_EVERY", 0.001)
    source, target, heard = Watched(memory()), memory(), Heard()
    await fill(source, {"k": b"1"})
    source.before = raising(Awaited("The inventory was asked for"), "check", times=3)
    assert (await transfer.sync(source, target, quick(wait=True), listener=heard)).ok
    assert contents(target) == {"k": b"1"}
    assert [notice.text for notice in heard.of(Notice)] == ["Waiting: The inventory was asked for"]
    assert source.count("check") == 4


async def test_word_of_it_ends_the_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    """Minutes before it would be looked for."""
    monkeypatch.setattr(hearing, "LEAST", 0.0)
    source, target = Telling(memory()), memory()
    await fill(source, {"k": b"1"})
    source.before = raising(Awaited("The inventory was asked for"), "check", times=1)
    async with asyncio.timeout(10):
        assert (await transfer.sync(source, target, quick(wait=True))).ok
    assert source.heard == 1


class Telling(Watched):
    """Sends word at once, whenever somebody listens."""

    heard = 0

    @property
    def capabilities(self):  # type: ignore[no-untyped-def, override]
        return replace(super().capabilities, tells_thawed=True)

    async def thawed(self) -> None:
        self.heard += 1

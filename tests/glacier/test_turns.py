"""Turns in asking: shared by one pair's requests, kept from other pairs, and doubted where one did not end well."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from transfer_glacier import turns
from transfer_glacier.turns import Turns


class Pair:
    """One that asks, and how often it was in doubt."""

    def __init__(self, path: Path) -> None:
        self.doubts = 0
        self._path = path
        self.turns = Turns(self._locate, self._doubt)

    async def _locate(self) -> Path:
        return self._path

    def _doubt(self) -> None:
        self.doubts += 1


async def test_one_pair_at_a_time(tmp_path: Path) -> None:
    """Whose requests are made at once."""
    one, two = Pair(tmp_path / "turn"), Pair(tmp_path / "turn")
    async with asyncio.timeout(5), one.turns.taken(), one.turns.taken():
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.1), two.turns.taken():
                pass
    async with asyncio.timeout(5), two.turns.taken():
        pass
    assert (one.doubts, two.doubts) == (0, 0)


async def test_many_requests_leave_others_their_turns(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(turns, "_LONGEST", 0.2)
    one, two = Pair(tmp_path / "turn"), Pair(tmp_path / "turn")
    asked = 0

    async def ask() -> None:
        nonlocal asked
        while True:
            async with one.turns.taken():
                asked += 1
                await asyncio.sleep(0.01)

    tasks = [asyncio.create_task(ask()) for _ in range(4)]
    await asyncio.sleep(0.05)
    async with asyncio.timeout(5), two.turns.taken():
        before = asked
        await asyncio.sleep(0.1)
        assert asked == before > 0
    await asyncio.sleep(0.3)
    assert asked > before
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


async def test_a_turn_that_did_not_end_well_is_doubted(tmp_path: Path) -> None:
    """By the next one, whoever takes it."""
    one, two = Pair(tmp_path / "turn"), Pair(tmp_path / "turn")
    with pytest.raises(ValueError, match="lost"):
        async with one.turns.taken():
            raise ValueError("lost")
    for _ in range(2):
        async with two.turns.taken():
            pass
    assert (one.doubts, two.doubts) == (0, 1)


async def test_who_is_cancelled_while_it_takes_its_turn_leaves_it_to_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The thread that takes it can't be stopped; what it took is given back, and nothing is doubted for that."""
    one, two = Pair(tmp_path / "turn"), Pair(tmp_path / "turn")
    take = turns._take

    def slowly(path: Path) -> tuple[int, bool] | None:
        time.sleep(0.2)
        return take(path)

    monkeypatch.setattr(turns, "_take", slowly)
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.05), one.turns.taken():
            pass
    async with asyncio.timeout(5), two.turns.taken():
        pass
    assert (one.doubts, two.doubts) == (0, 0)


async def test_the_file_is_touched_on_threads_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A disk may be slow, and far."""
    loops = threading.get_ident()
    on: set[int] = set()
    for name in ("_take", "_give_back"):
        bare = getattr(turns, name)

        def noted(*arguments: object, bare: Callable[..., object] = bare) -> object:
            on.add(threading.get_ident())
            return bare(*arguments)

        monkeypatch.setattr(turns, name, noted)
    pair = Pair(tmp_path / "turn")
    for _ in range(2):
        async with pair.turns.taken():
            pass
    assert on
    assert loops not in on

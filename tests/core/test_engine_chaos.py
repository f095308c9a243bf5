"""Whatever goes wrong, and however often a run is cancelled, the end is the same as without."""

from __future__ import annotations

import asyncio
import random
from pathlib import Path

import pytest

import transfer
from tests.core.rig import MIB, contents, fill, memory, objects, open_uploads, pattern, quick
from transfer.checkpoint import Checkpoint, Pair, Row
from transfer.layers import retry
from transfer.location import place
from transfer.model import Metadata
from transfer.plugin import Store
from transfer.testing.faults import Faulty, chance


def tree(dice: random.Random) -> dict[str, bytes]:
    small = {f"{dice.choice('abc')}/{number}": dice.randbytes(dice.randrange(300)) for number in range(60)}
    large = {f"large/{number}": pattern(dice.randrange(4 * MIB), number) for number in range(3)}
    return {**small, **large, "empty": b""}


async def rows(source: Store, target: Store, path: Path) -> dict[str, Row]:
    checkpoint = await Checkpoint.open(path, Pair(place(source.origin), place(target.origin)))
    try:
        return {row.key: row async for page in checkpoint.rows() for row in page}
    finally:
        await checkpoint.close()


async def interrupted(source: Store, target: Store, options: transfer.Options, turns: int) -> bool:
    """Run for so many turns of the loop, unless it ends well before."""
    task = asyncio.create_task(transfer.sync(source, target, options))
    for _ in range(turns):
        await asyncio.sleep(0)
        if task.done():
            break
    task.cancel()
    (result,) = await asyncio.gather(task, return_exceptions=True)
    return isinstance(result, transfer.Result) and result.ok


@pytest.mark.parametrize("seed", range(6))
async def test_the_end_is_the_same(seed: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Faults in one call of ten on both sides, cancellations, an old tree in the way; and nothing is left over."""
    monkeypatch.setattr(retry, "_DELAYS", (0.0,))
    dice = random.Random(seed)
    source, target, fresh = memory(), memory(), memory()
    await fill(source, tree(dice), Metadata(cache_control="c"))
    await fill(target, {"gone": b"g", "a/5": b"old", "large/1": b"old", "empty": b"not"})
    faulty = Faulty(source, chance(seed, 0.1), patience=0.001), Faulty(target, chance(seed + 1, 0.1), patience=0.001)
    options = quick(delete=True, retries=12, checkpoint=tmp_path / "c.sqlite")
    for _ in range(5):
        await interrupted(*faulty, options, dice.randrange(3000))
    while not await interrupted(*faulty, options, 1_000_000):
        pass
    assert contents(target) == contents(source)
    assert {found.metadata.cache_control for found in objects(target).values()} == {"c"}
    assert open_uploads(target) == 0
    assert (await transfer.verify(source, target, quick())).ok

    assert (await transfer.sync(source, fresh, quick(checkpoint=tmp_path / "fresh.sqlite"))).ok
    ours = await rows(source, target, tmp_path / "c.sqlite")
    theirs = await rows(source, fresh, tmp_path / "fresh.sqlite")
    assert {key: (row.source, row.metadata) for key, row in ours.items()} == {
        key: (row.source, row.metadata) for key, row in theirs.items()
    }

"""Days at a vault: what was not fetched in time, an inventory that is late, and what may be asked for on one day."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest

import transfer
from tests.glacier.vaultplace import VaultPlace
from transfer import engine
from transfer.errors import Awaited
from transfer.event import PENDING
from transfer.options import Options
from transfer.pipeline.route import Route
from transfer_glacier import store
from transfer_glacier.vault import Vault

MIB = 1024**2
HOUR_NS = 3600 * 10**9
Turn = Callable[[float], None]


@pytest.fixture
def turn(place: VaultPlace, monkeypatch: pytest.MonkeyPatch) -> Turn:
    """Turns the clocks of both sides."""
    turned = 0.0

    def now_ns() -> int:
        return time.time_ns() + round(turned * HOUR_NS)

    def by(hours: float) -> None:
        nonlocal turned
        turned += hours
        place.turn(hours=hours)

    monkeypatch.setattr(engine, "Route", partial(Route, now_ns=now_ns))
    monkeypatch.setattr(store, "Vault", partial(Vault, now_ns=now_ns))
    return by


async def fill(place: VaultPlace, tree: Path, sizes: dict[str, int]) -> None:
    tree.mkdir()
    for number, (name, size) in enumerate(sizes.items()):
        (tree / name).write_bytes(bytes([number + 1]) * size)
    assert (await transfer.sync(str(tree), "glacier://vault", Options(target_settings=place.settings))).ok


def contents(root: Path) -> dict[str, bytes]:
    return {str(path.relative_to(root)): path.read_bytes() for path in root.rglob("*") if path.is_file()}


async def test_what_is_not_fetched_in_time_is_asked_for_again(place: VaultPlace, tmp_path: Path, turn: Turn) -> None:
    """Once, and only what is not there yet."""
    await fill(place, tmp_path / "tree", {"a": 10, "b": 20})
    down = Options(source_settings=place.settings)

    async def sync() -> int:
        return (await transfer.sync("glacier://vault", str(tmp_path / "out"), down)).exit_status

    assert await sync() == PENDING
    turn(5 + 24.5)
    assert [await sync(), await sync()] == [PENDING, PENDING]
    assert len(place.billing.retrievals) == 4
    turn(5)
    assert await sync() == 0
    assert contents(tmp_path / "out") == contents(tmp_path / "tree")
    assert len(place.billing.retrievals) == 4
    assert place.billing.billed_twice() == []


async def test_an_inventory_that_is_late(place: VaultPlace, tmp_path: Path, turn: Turn) -> None:
    """A journal made of it lacks what came since; the journal that was there all along does not."""
    await fill(place, tmp_path / "tree", {"a": 10})
    place.take_inventory()
    place.rules.inventories_held = True
    turn(24)
    (tmp_path / "tree" / "b").write_bytes(b"later")
    up = Options(target_settings=place.settings)
    assert (await transfer.sync(str(tmp_path / "tree"), "glacier://vault", up)).ok
    (journal,) = (tmp_path / "state").rglob("*.journal")
    kept = replace(Options(source_settings=place.settings), dry_run=True)
    assert (await transfer.sync("glacier://vault", str(tmp_path / "out"), kept)).totals.thaws == 2
    made = replace(kept, source_settings={**place.settings, "journal": str(tmp_path / "made.journal")})
    with pytest.raises(Awaited, match="its inventory was asked for"):
        await transfer.sync("glacier://vault", str(tmp_path / "out"), made)
    turn(5)
    assert (await transfer.sync("glacier://vault", str(tmp_path / "out"), made)).totals.thaws == 1
    assert len(place.archives) == 2
    assert journal.read_bytes().count(b"CREATED") == 2


@pytest.mark.parametrize(
    ("limits", "seconds", "most"),
    [(Options(retrieval_quota=4 * MIB), 86_400, 4 * MIB), (Options(retrieval_rate=2 * MIB), 3600, 2 * MIB)],
)
async def test_no_time_has_more_than_its_share(
    place: VaultPlace, tmp_path: Path, turn: Turn, limits: Options, seconds: int, most: int
) -> None:
    """By the vault's own count, though the run is made again and again."""
    await fill(place, tmp_path / "tree", {f"k{number}": MIB for number in range(10)})
    down = replace(limits, source_settings=place.settings)
    runs = 0
    while (await transfer.sync("glacier://vault", str(tmp_path / "out"), down)).exit_status == PENDING:
        turn(3)
        runs += 1
        assert runs < 24
    assert contents(tmp_path / "out") == contents(tmp_path / "tree")
    retrievals = place.billing.retrievals
    assert (len(retrievals), place.billing.billed_twice()) == (10, [])
    for last in retrievals:
        assert sum(each.size for each in retrievals if last.asked - seconds < each.asked <= last.asked) <= most

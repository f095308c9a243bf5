"""Two pairs that share a vault and its journal, at the same time: in one process, and in two."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

import transfer
from tests.glacier.vaultplace import VaultPlace
from transfer.event import PENDING
from transfer.options import Options

COUNT = 40


@pytest.fixture
def trees(tmp_path: Path) -> tuple[Path, Path]:
    made = tmp_path / "one", tmp_path / "two"
    for number, root in enumerate(made):
        root.mkdir()
        for each in range(COUNT):
            (root / f"k{each}").write_bytes(bytes([number, each]))
    return made


async def together(*pairs: tuple[str | Path, str | Path], options: Options) -> list[int]:
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(transfer.sync(str(source), str(target), options)) for source, target in pairs]
    return [task.result().exit_status for task in tasks]


async def test_both_are_right(place: VaultPlace, trees: tuple[Path, Path], tmp_path: Path) -> None:
    """Each fills its folder of the vault and gets all of it; what both want is retrieved once."""
    one, two = trees
    up, down = Options(target_settings=place.settings), Options(source_settings=place.settings)
    assert await together((one, "glacier://vault/1"), (two, "glacier://vault/2"), options=up) == [0, 0]
    pairs = ("glacier://vault/", tmp_path / "out-one"), ("glacier://vault/", tmp_path / "out-two")
    assert await together(*pairs, options=down) == [PENDING, PENDING]
    place.turn(hours=5)
    assert await together(*pairs, options=down) == [0, 0]
    for _, out in pairs:
        assert contents(out) == contents(one, "1/") | contents(two, "2/")
    assert place.billing.billed_twice() == []
    (journal,) = (tmp_path / "state").rglob("*.journal")
    written = journal.read_bytes()
    assert written.endswith(b"\n")
    kinds = [line.split(b"\t")[2] for line in written.splitlines()]
    assert kinds.count(b"CREATED") == 2 * COUNT
    assert kinds.count(b"RETRIEVE_JOB") == 2 * COUNT


def contents(root: Path, prefix: str = "") -> dict[str, bytes]:
    return {prefix + str(path.relative_to(root)): path.read_bytes() for path in root.rglob("*") if path.is_file()}

"""A folder into a vault and back, with the vault's clock turned; and what is in the way of it."""

from __future__ import annotations

import asyncio
import os
import time
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest

import transfer
from tests.glacier.vaultplace import VaultPlace
from transfer import engine
from transfer.errors import Awaited
from transfer.event import PENDING, Event, Notice
from transfer.filters import Filter
from transfer.options import Options
from transfer.pipeline.route import Route
from transfer.testing.checks.harness import noise
from transfer_glacier import uploading

MIB = 1024**2


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """Some files, large and small."""
    root = tmp_path / "tree"
    for name, size in (("large.bin", 3 * MIB + 5), ("a/small.txt", 10), ("a/ü.txt", 700), ("b", MIB)):
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(noise(size))
        os.utime(path, (1_400_000_000, 1_400_000_000))
    return root


@pytest.fixture
def up(place: VaultPlace) -> Options:
    return Options(target_settings=place.settings)


@pytest.fixture
def down(place: VaultPlace) -> Options:
    return Options(source_settings=place.settings)


def contents(root: Path) -> dict[str, bytes]:
    return {str(path.relative_to(root)): path.read_bytes() for path in root.rglob("*") if path.is_file()}


async def test_there_and_back(place: VaultPlace, tree: Path, tmp_path: Path, up: Options, down: Options) -> None:
    """Retrieved in one run, and fetched in the next; each is proven by its tree hash, and nothing is billed twice."""
    result = await transfer.sync(str(tree), "glacier://vault/backup", up)
    assert (result.ok, result.proofs) == (True, (("verified (sha256-tree)", 4),))
    again = await transfer.sync(str(tree), "glacier://vault/backup", up)
    assert (again.ok, again.totals.skipped_proven) == (True, 4)
    out = tmp_path / "out"
    waiting = await transfer.sync("glacier://vault/backup", str(out), replace(down, tier="bulk"))
    assert (waiting.exit_status, waiting.totals.pending, len(place.jobs)) == (PENDING, 4, 4)
    assert (await transfer.sync("glacier://vault/backup", str(out), replace(down, tier="bulk"))).exit_status == PENDING
    place.turn(hours=13)
    back = await transfer.sync("glacier://vault/backup", str(out), replace(down, tier="bulk"))
    assert (back.ok, back.totals.copied) == (True, 4)
    assert contents(out) == contents(tree)
    assert (out / "b").stat().st_mtime == 1_400_000_000
    assert place.billing.billed_twice() == []
    assert len(place.jobs) == 4


async def test_bytes_are_hashed_in_one_pass(
    place: VaultPlace, tree: Path, up: Options, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The engine takes what goes ahead of a part beside what it takes itself: none is left for the store."""

    async def again(*_: object) -> None:
        raise AssertionError("the bytes are read once more")

    monkeypatch.setattr(uploading, "digest_off_loop", again)
    result = await transfer.sync(str(tree), "glacier://vault", replace(up, part_size=2 * MIB))
    assert (result.ok, result.totals.copied) == (True, 4)


async def test_what_was_fetched_is_not_fetched_again(
    place: VaultPlace, tmp_path: Path, up: Options, down: Options
) -> None:
    """Though it was changed only just now: an archive never changes, which its version tells."""
    (tmp_path / "tree").mkdir()
    (tmp_path / "tree" / "k").write_bytes(b"data")
    assert (await transfer.sync(str(tmp_path / "tree"), "glacier://vault", up)).ok
    assert (await transfer.sync("glacier://vault", str(tmp_path / "out"), down)).exit_status == PENDING
    place.turn(hours=6)
    assert (await transfer.sync("glacier://vault", str(tmp_path / "out"), down)).totals.copied == 1
    again = await transfer.sync("glacier://vault", str(tmp_path / "out"), down)
    assert (again.ok, again.totals.copied, again.totals.skipped_proven) == (True, 0, 1)


async def test_an_archive_comes_in_pieces_that_fit_the_rate(
    place: VaultPlace, tree: Path, tmp_path: Path, up: Options, down: Options, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each is asked for when it may be, and read while it can be; what was sent is kept over runs."""
    turned = 0

    def now_ns() -> int:
        return time.time_ns() + turned * 3600 * 10**9

    monkeypatch.setattr(engine, "Route", partial(Route, now_ns=now_ns))
    for path in tree.rglob("*"):
        if path.is_file() and path.name != "large.bin":
            path.unlink()
    assert (await transfer.sync(str(tree), "glacier://vault", up)).ok
    slowly = replace(down, tier="bulk", retrieval_rate=2 * MIB, part_size=MIB, multipart_threshold=MIB)
    statuses: list[int] = []
    while not statuses or statuses[-1]:
        statuses.append((await transfer.sync("glacier://vault", str(tmp_path / "out"), slowly)).exit_status)
        turned += 13
        place.turn(hours=13)
    assert statuses == [PENDING, PENDING, 0]
    assert contents(tmp_path / "out") == contents(tree)
    assert place.billing.billed_twice() == []
    assert [retrieval.size for retrieval in place.billing.retrievals] == [2 * MIB, MIB + 5]


async def test_a_vault_without_its_checkpoint_is_known_by_its_hashes(
    place: VaultPlace, tree: Path, up: Options
) -> None:
    """Nothing is sent again: local files are hashed where their times don't show that they are the same."""
    assert (await transfer.sync(str(tree), "glacier://vault", up)).ok
    os.utime(tree / "b", (1_500_000_000, 1_500_000_000))
    before = len(place.archives)
    fresh = replace(up, checkpoint=tree.parent / "other.sqlite")
    result = await transfer.sync(str(tree), "glacier://vault", fresh)
    skipped = (result.totals.skipped_assumed, result.totals.skipped_proven)
    assert (result.ok, skipped, len(place.archives)) == (True, (3, 1), before)


async def test_one_empty_file_stops_nothing_else(place: VaultPlace, tree: Path, up: Options) -> None:
    """It is a failure that says why; another try would not help."""
    (tree / "empty").touch()
    result = await transfer.sync(str(tree), "glacier://vault", up)
    assert result.exit_status == 1
    (failure,) = result.failures
    assert (failure.key, failure.retryable) == ("empty", False)
    why = "'empty' is empty, and a vault takes no archives without bytes"
    assert failure.error == f"{why}; --min-size 1 leaves such files out"
    assert len(place.archives) == 4
    left_out = replace(up, filter=Filter(min_size=1))
    assert (await transfer.sync(str(tree), "glacier://vault", left_out)).exit_status == 0


async def test_what_is_gone_goes(place: VaultPlace, tree: Path, up: Options) -> None:
    assert (await transfer.sync(str(tree), "glacier://vault", up)).ok
    (tree / "b").unlink()
    assert (await transfer.sync(str(tree), "glacier://vault", replace(up, delete=True))).ok
    assert len(place.archives) == 3


async def test_two_folders_share_a_vault(place: VaultPlace, tree: Path, up: Options) -> None:
    """At the same time, each with its own names, in one journal."""
    other = tree.parent / "other"
    other.mkdir()
    (other / "b").write_bytes(b"other")
    one, two = (
        transfer.sync(str(tree), "glacier://vault/one", up),
        transfer.sync(str(other), "glacier://vault/two", up),
    )
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(each) for each in (one, two)]
    assert all(task.result().ok for task in tasks)
    assert len(place.archives) == 5


async def test_a_run_awaits_the_inventory_that_it_needs(
    place: VaultPlace, tree: Path, tmp_path: Path, up: Options, down: Options, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without a journal one is made of it: by the next run, or by one that waits."""
    assert (await transfer.sync(str(tree), "glacier://vault", up)).ok
    place.take_inventory()
    (tmp_path / "state" / "vaults").rename(tmp_path / "lost")
    with pytest.raises(Awaited, match="its inventory was asked for"):
        await transfer.sync("glacier://vault", str(tmp_path / "out"), down)
    heard: list[Event] = []
    monkeypatch.setattr("transfer.job.awaiting.LOOK_EVERY", 0.01)

    def listen(event: Event) -> None:
        if isinstance(event, Notice):
            place.turn(hours=6)
            heard.append(event)

    waiting = replace(down, wait=True, dry_run=True)
    result = await transfer.sync("glacier://vault", str(tmp_path / "out"), waiting, listener=listen)
    assert (result.ok, result.totals.thaws) == (True, 4)
    assert len(heard) == len(place.jobs) == 1

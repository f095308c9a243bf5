"""Disks that are full, read-only or partly unreadable, and a machine that allows few open files."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.adversity.cage import TRANSFER, NotPossible, SmallDisk, held_back, run, small_disk, transfer
from tests.adversity.trees import contents, fill, shown
from tests.kill.harness import Worker, judge
from transfer.testing.servers import Server

MIB = 1024 * 1024


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[SmallDisk]:
    """Eight MiB."""
    folder = tmp_path / "disk"
    folder.mkdir()
    try:
        with small_disk(folder, "8m") as opened:
            yield opened
    except NotPossible as why:
        pytest.skip(str(why))


def test_a_full_disk_ends_the_run_and_room_lets_it_go_on(tmp_path: Path, disk: SmallDisk) -> None:
    """One sentence says so, most of the work is not even tried, and no file is seen that is not whole."""
    tree = fill(tmp_path / "tree", 250, 100_000)
    arguments = ("sync", str(tmp_path / "tree"), str(disk.folder / "out"), "--transfers", "4")
    full = disk.transfer(*arguments)
    assert full.status == 1
    (note,) = full.result["notes"]
    assert note.startswith("Stopped early: ")
    assert "the disk is full; make room and run the same command again" in note
    assert full.err == ""
    assert sum(event["event"] == "object_started" for event in full.events) < 120
    there = contents(disk.seen / "out")
    assert 40 < len(there) < 90
    assert there == {key: tree[key] for key in there}
    disk.remount("size=64m")
    again = disk.transfer(*arguments)
    assert (again.status, again.result["copied"]) == (0, len(tree) - len(there))
    assert contents(disk.seen / "out") == tree


def test_a_large_file_goes_on_where_the_disk_was_full(tmp_path: Path, disk: SmallDisk) -> None:
    """What fitted is not read again, and nothing is seen of the file before it is whole."""
    data = random.Random(7).randbytes(20 * MIB)
    (tmp_path / "tree").mkdir()
    (tmp_path / "tree" / "large").write_bytes(data)
    arguments = ("sync", str(tmp_path / "tree"), str(disk.folder), "--part-size", "1MiB", "--memory", "16MiB")
    full = disk.transfer(*arguments)
    assert full.status == 1
    assert "the disk is full" in full.failed["large"]
    assert not (disk.seen / "large").exists()
    disk.remount("size=64m")
    again = disk.transfer(*arguments)
    assert again.status == 0, again.err
    assert again.result["resumed_bytes"] >= 4 * MIB
    assert contents(disk.seen) == {"large": shown(data)}


def test_the_checkpoints_own_disk_may_be_full(tmp_path: Path, disk: SmallDisk) -> None:
    """Then the run ends with a sentence that names it; with room there the same command goes on."""
    disk.remount("size=192k")
    tree = fill(tmp_path / "tree", 1200, 10)
    arguments = ("sync", str(tmp_path / "tree"), str(tmp_path / "out"))
    full = disk.transfer(*arguments, TRANSFER_STATE_DIR=str(disk.folder))
    assert full.status == 1
    assert full.err.count("\n") == 1
    assert "The disk of the checkpoint" in full.err
    assert "is full; make room there and run the command again" in full.err
    there = contents(tmp_path / "out")
    assert there == {key: tree[key] for key in there}
    disk.remount("size=64m")
    again = disk.transfer(*arguments, TRANSFER_STATE_DIR=str(disk.folder))
    assert again.status == 0, again.err
    assert contents(tmp_path / "out") == tree


def test_a_read_only_disk_is_refused_at_once(tmp_path: Path, disk: SmallDisk) -> None:
    """Before anything is listed, in one sentence."""
    fill(tmp_path / "tree", 3, 10)
    disk.remount("ro")
    refused = disk.transfer("sync", str(tmp_path / "tree"), str(disk.folder / "out"))
    assert refused.status == 2
    assert refused.err.count("\n") == 1
    assert "the file system is read-only; choose another one" in refused.err
    state = disk.transfer("sync", str(tmp_path / "tree"), str(tmp_path / "out"), TRANSFER_STATE_DIR=str(disk.folder))
    assert state.status == 2
    assert "--checkpoint" in state.err


@pytest.fixture
def bound() -> tuple[str, ...]:
    """``transfer``, which can't do what permissions forbid."""
    try:
        return tuple(held_back(*TRANSFER))
    except NotPossible as why:
        pytest.skip(str(why))


def test_a_read_only_folder_costs_only_what_belongs_into_it(tmp_path: Path, bound: tuple[str, ...]) -> None:
    """At the top it is refused; further down its objects fail by name."""
    tree = fill(tmp_path / "tree", 30, 10)
    out = tmp_path / "out"
    (out / "001").mkdir(parents=True)
    (out / "001").chmod(0o555)
    some = run(*bound, "sync", str(tmp_path / "tree"), str(out), "--json")
    assert some.status == 1
    assert set(some.failed) == {key for key in tree if key.startswith("001/")}
    assert all("permission denied" in error for error in some.failed.values())
    assert contents(out) == {key: data for key, data in tree.items() if not key.startswith("001/")}
    out.chmod(0o555)
    refused = run(*bound, "sync", str(tmp_path / "tree"), str(out))
    out.chmod(0o755)
    assert refused.status == 2
    assert "permission denied; choose another one or change its permissions" in refused.err


def test_what_can_not_be_read_is_not_deleted(tmp_path: Path, bound: tuple[str, ...]) -> None:
    """A folder and a file that became unreadable fail by name, and stay at the target, as does all else."""
    tree = fill(tmp_path / "tree", 30, 10)
    arguments = ("sync", str(tmp_path / "tree"), str(tmp_path / "out"), "--delete", "--json")
    assert run(*bound, *arguments).status == 0
    (tmp_path / "tree/001").chmod(0)
    (tmp_path / "tree/002/0020").write_bytes(b"changed, and unreadable")
    (tmp_path / "tree/002/0020").chmod(0)
    (tmp_path / "tree/000/0000").unlink()
    hidden = run(*bound, *arguments)
    (tmp_path / "tree/001").chmod(0o755)
    (tmp_path / "tree/002/0020").chmod(0o644)
    assert hidden.status == 1
    assert set(hidden.failed) == {"001", "002/0020"}
    assert "permission denied" in hidden.failed["002/0020"]
    assert hidden.result["deleted"] == 0
    assert contents(tmp_path / "out") == tree
    assert run(*bound, *arguments).status == 0
    assert contents(tmp_path / "out") == contents(tmp_path / "tree")


def test_a_filter_does_not_hide_a_folder_that_can_not_be_read(tmp_path: Path, bound: tuple[str, ...]) -> None:
    """It may hold files that pass: sync and verify fail by its name, until a filter prunes it."""
    photos = tmp_path / "tree" / "photos"
    photos.mkdir(parents=True)
    (photos / "a.jpg").write_bytes(b"new")
    (tmp_path / "out" / "photos").mkdir(parents=True)
    (tmp_path / "out" / "photos" / "a.jpg").write_bytes(b"stale")
    photos.chmod(0)
    sides = (str(tmp_path / "tree"), str(tmp_path / "out"), "--json")
    filtered = {
        (verb, rules): run(*bound, verb, *sides, *rules)
        for verb in ("sync", "verify")
        for rules in (("--include", "*.jpg"), ("--exclude", "photos/", "--include", "*.jpg"))
    }
    photos.chmod(0o755)
    for (_, rules), ran in filtered.items():
        expected = {"photos": "unreadable: permission denied"} if len(rules) == 2 else {}
        assert (ran.failed, ran.status) == (expected, len(expected)), ran.err


@pytest.mark.parametrize("way", ["up", "down"])
def test_the_limit_on_open_files_is_respected(
    tmp_path: Path, own_surroundings: Path, seaweed_server: Server, seaweed_bucket: str, way: str
) -> None:
    """Three hundred files, two hundred at once, and sixty-four open files allowed: nothing fails."""
    tree = fill(tmp_path / "tree", 300, 600)
    place = f"s3://{seaweed_bucket}/x"
    environment = Worker(own_surroundings, seaweed_server.endpoint, seaweed_server).environment({})
    few = ("sh", "-c", 'ulimit -n 64 && exec "$@"', "sh", *TRANSFER)
    sides = (str(tmp_path / "tree"), place)
    if way == "down":
        assert transfer("sync", *sides, **environment).status == 0
        sides = (place, str(tmp_path / "out"))
    ran = run(*few, "sync", *sides, "--transfers", "200", "--connections", "200", "--json", **environment)
    assert ran.status == 0, (ran.failed, ran.err)
    assert (ran.result["copied"], ran.result["retries"]) == (len(tree), 0), ran.err
    judge(seaweed_server, tmp_path / "tree" if way == "up" else tmp_path / "out", f"{seaweed_bucket}/x")

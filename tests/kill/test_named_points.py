"""SIGKILL between any two steps of moving an object; the same command then ends with everything there."""

from __future__ import annotations

import filecmp
import signal
from pathlib import Path

import pytest

from tests.kill.harness import Worker, judge, make_tree
from transfer.testing.servers import Server

MIB = 1024 * 1024
PART = 5 * MIB
UPLOAD_POINTS = ("intent:1", "begin:1", "part:1", "part:2", "receipt:1", "finish:1", "finish:2", "commit:1", "done:1")
DOWNLOAD_POINTS = (*UPLOAD_POINTS, "fsync:1", "fsync:9", "rename:1", "rename:9")
OPTIONS = ("--part-size", str(PART), "--multipart-threshold", str(PART), "--memory", "32MiB", "--json")


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("tree")
    make_tree(root, seed=1, large=(2 * PART + 1, PART + 17), small=12)
    return root


@pytest.fixture
def worker(own_surroundings: Path, seaweed_server: Server) -> Worker:
    return Worker(own_surroundings, seaweed_server.endpoint, seaweed_server)


@pytest.mark.parametrize("point", UPLOAD_POINTS)
def test_nothing_is_lost_on_the_way_up(worker: Worker, tree: Path, seaweed_bucket: str, point: str) -> None:
    """Killed at any point of an upload, the same command completes it, and no upload stays open."""
    arguments = ("sync", str(tree), f"s3://{seaweed_bucket}/up", *OPTIONS)
    assert worker.run(*arguments, TRANSFER_KILL_AT=point).status == -signal.SIGKILL
    again = worker.run(*arguments)
    assert again.status == 0, again.err
    judge(worker.server, tree, f"{seaweed_bucket}/up")
    assert worker.run("jobs", "--json").out.count('"open_uploads": 0') == 1


@pytest.mark.parametrize("point", DOWNLOAD_POINTS)
def test_nothing_is_lost_on_the_way_down(worker: Worker, tree: Path, source: str, tmp_path: Path, point: str) -> None:
    """Killed at any point of a download, the folder never shows a partial file, and the same command completes it."""
    target = tmp_path / "down"
    arguments = ("sync", source, str(target), *OPTIONS)
    assert worker.run(*arguments, TRANSFER_KILL_AT=point).status == -signal.SIGKILL
    for shown in target.rglob("*") if target.exists() else ():
        if shown.is_file() and not shown.name.startswith(".transfer-"):
            assert filecmp.cmp(shown, tree / shown.relative_to(target), shallow=False)
    again = worker.run(*arguments)
    assert again.status == 0, again.err
    assert contents(target) == contents(tree)


@pytest.fixture(scope="module")
def source(tree: Path, seaweed_server: Server, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The tree, in a bucket."""
    bucket = "kill-source"
    seaweed_server.create_bucket(bucket)
    worker = Worker(tmp_path_factory.mktemp("state"), seaweed_server.endpoint, seaweed_server)
    assert worker.run("sync", str(tree), f"s3://{bucket}/tree", *OPTIONS).status == 0
    return f"s3://{bucket}/tree"


def contents(root: Path) -> dict[str, bytes]:
    return {str(path.relative_to(root)): path.read_bytes() for path in root.rglob("*") if path.is_file()}


@pytest.mark.parametrize("processes", ["1", "2"])
@pytest.mark.parametrize("point", ["rename:1", "rename:2", "commit:1", "done:1"])
def test_a_backup_outlives_a_kill(worker: Worker, tmp_path: Path, point: str, processes: str) -> None:
    """Killed before or after the old object was overwritten: the same command copies again, and the backup keeps the
    old one."""
    source, target, backup = (tmp_path / name for name in ("source", "target", "backup"))
    for folder, text in ((source, "new"), (target, "old!")):
        folder.mkdir()
        (folder / "a").write_text(text)
    arguments = ("copy", str(source), str(target), "--backup-dir", str(backup), "--processes", processes, "--json")
    assert worker.run(*arguments, TRANSFER_KILL_AT=point).status in (0, 1, -signal.SIGKILL)
    again = worker.run(*arguments)
    assert again.status == 0, again.err
    assert contents(target) == {"a": b"new"}
    assert contents(backup)["a"] == b"old!"
    assert set(contents(backup).values()) <= {b"old!", b"new"}


def test_deletes_are_planned_anew_after_a_kill(worker: Worker, tmp_path: Path, seaweed_bucket: str) -> None:
    """Killed after a batch of deletions, the next run deletes what is left and only that."""
    tree = tmp_path / "tree"
    make_tree(tree, seed=2, large=(), small=20)
    arguments = ("sync", str(tree), f"s3://{seaweed_bucket}/del", "--delete", "--json")
    assert worker.run(*arguments).status == 0
    doomed = sorted((tree / "small" / "3").iterdir())
    for path in doomed:
        path.unlink()
    assert worker.run(*arguments, TRANSFER_KILL_AT="delete:1").status == -signal.SIGKILL
    doomed[0].write_bytes(b"back again")
    again = worker.run(*arguments)
    assert again.status == 0, again.err
    judge(worker.server, tree, f"{seaweed_bucket}/del")

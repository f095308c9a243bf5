"""SIGKILL between any two steps of writing to a vault; the same command then ends with journal and vault agreeing."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.emulators.running import KEY
from tests.glacier.vaultplace import REGION, VaultPlace, vault_place
from tests.kill.harness import Worker, make_tree
from transfer.testing.servers import Server

MIB = 1024 * 1024
POINTS = ("begin:1", "part:2", "completed:1", "completed:2", "named:1", "finish:1", "commit:1")
OPTIONS = ("--part-size", str(MIB), "--memory", "32MiB", "--json")


@pytest.fixture
def place() -> Iterator[VaultPlace]:
    with vault_place() as made:
        yield made


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    root = tmp_path / "tree"
    make_tree(root, seed=1, large=(2 * MIB + 1, MIB + 17), small=3)
    for path in root.rglob("*"):
        if path.is_file() and not path.stat().st_size:
            path.write_bytes(b"not empty")
    return root


@pytest.fixture
def worker(own_surroundings: Path, place: VaultPlace) -> Worker:
    server = Server(place.server.port, KEY.id, KEY.secret, REGION)
    return Worker(own_surroundings, place.endpoint, server)


@pytest.mark.parametrize("point", POINTS)
def test_no_archive_is_lost_or_doubled_on_the_way_up(worker: Worker, tree: Path, place: VaultPlace, point: str) -> None:
    """Killed at any point, the same command completes it: each file is one archive, and no upload stays open."""
    arguments = ("sync", str(tree), "glacier://vault", *OPTIONS)
    assert worker.run(*arguments, TRANSFER_KILL_AT=point).status == -signal.SIGKILL
    again = worker.run(*arguments)
    assert again.status == 0, again.err
    agree(worker, tree, place)


@pytest.mark.parametrize("point", ["named:1", "archive-deleted:1"])
def test_what_is_replaced_is_one_archive_in_the_end(worker: Worker, tree: Path, place: VaultPlace, point: str) -> None:
    """Killed between the new archive and the end of the old one, too."""
    arguments = ("sync", str(tree), "glacier://vault", *OPTIONS)
    assert worker.run(*arguments).status == 0
    changed = tree / "large-0.bin"
    changed.write_bytes(b"other" * MIB)
    assert worker.run(*arguments, TRANSFER_KILL_AT=point).status == -signal.SIGKILL
    again = worker.run(*arguments)
    assert again.status == 0, again.err
    agree(worker, tree, place)


@pytest.mark.parametrize("point", ["archive-deleted:2"])
def test_deletions_are_made_again(worker: Worker, tree: Path, place: VaultPlace, point: str) -> None:
    """An archive that is gone, of which the journal does not know that yet, is no failure."""
    arguments = ("sync", str(tree), "glacier://vault", "--delete", *OPTIONS)
    assert worker.run(*arguments).status == 0
    for number in range(2):
        (tree / f"large-{number}.bin").unlink()
    assert worker.run(*arguments, TRANSFER_KILL_AT=point).status == -signal.SIGKILL
    again = worker.run(*arguments)
    assert again.status == 0, again.err
    agree(worker, tree, place)


def test_a_purge_is_made_to_its_end(worker: Worker, tree: Path, place: VaultPlace) -> None:
    """Killed between the deletion of archives and writing that down: what is gone already is no failure."""
    assert worker.run("sync", str(tree), "glacier://vault", *OPTIONS).status == 0
    purge = ("glacier", "purge", "glacier://vault", "--yes")
    assert worker.run(*purge, TRANSFER_KILL_AT="archives-deleted:1").status == -signal.SIGKILL
    assert place.archives == []
    again = worker.run(*purge)
    assert again.status == 0, again.err
    assert "5 archives deleted" in again.out
    assert "0 archives" in worker.run(*purge).out


@pytest.mark.parametrize("point", ["initiated:1", "thaw:2", "rename:2"])
def test_nothing_is_retrieved_twice(worker: Worker, tree: Path, place: VaultPlace, tmp_path: Path, point: str) -> None:
    """Killed between a request and writing it down, or while files are written: the vault's list of jobs tells."""
    assert worker.run("sync", str(tree), "glacier://vault", *OPTIONS).status == 0
    back = ("sync", "glacier://vault", str(tmp_path / "back"), "--tier", "bulk", *OPTIONS)
    statuses = [worker.run(*back, TRANSFER_KILL_AT=point).status, worker.run(*back).status]
    place.turn(hours=13)
    statuses += [worker.run(*back, TRANSFER_KILL_AT=point).status, worker.run(*back).status]
    assert -signal.SIGKILL in statuses
    assert statuses[-1] == 0
    assert contents(tmp_path / "back") == contents(tree)
    assert len(place.jobs) == len(contents(tree))
    assert place.billing.billed_twice() == []


def contents(root: Path) -> dict[str, bytes]:
    return {str(path.relative_to(root)): path.read_bytes() for path in root.rglob("*") if path.is_file()}


def agree(worker: Worker, tree: Path, place: VaultPlace) -> None:
    """Folder, vault and journal have the same, and nothing is left open."""
    files = contents(tree)
    (journal,) = worker.state.rglob("*.journal")
    named: dict[str, str] = {}
    for line in journal.read_text().splitlines():
        fields = line.split("\t")
        if fields[2] == "CREATED":
            named[fields[3]] = fields[7]
        elif fields[2] == "DELETED":
            del named[fields[3]]
    assert {named[archive.id]: place.content(archive.id) for archive in place.archives} == files
    assert len(named) == len(place.archives) == len(files)
    assert place.uploads == []

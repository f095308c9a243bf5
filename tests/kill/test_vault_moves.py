"""The way out of a vault by the command line, in passes hours apart: to a disk that was lost, and to a bucket."""

from __future__ import annotations

import csv
import shutil
import signal
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.emulators.conftest import s3_server, s3_started
from tests.emulators.running import KEY, Emulator
from tests.emulators.s3 import S3
from tests.glacier.vaultplace import REGION, VaultPlace, vault_place
from tests.kill.harness import Ran, Worker, make_tree
from transfer import treehash
from transfer.testing.servers import Server

__all__ = ["s3_server", "s3_started"]

MIB = 1024 * 1024
LARGE = 13 * MIB + 3
"""Of more than one part in a bucket."""


@dataclass(frozen=True, slots=True)
class Move:
    """A vault with what was in ``tree``, a bucket, and commands in processes of their own."""

    place: VaultPlace
    worker: Worker
    tree: Path

    def sync(self, source: str | Path, target: str | Path, *options: str, **more: str) -> Ran:
        more |= {"AWS_ENDPOINT_URL_GLACIER": self.place.endpoint}
        return self.worker.run("sync", str(source), str(target), "--memory", "32MiB", *options, **more)

    @property
    def asked(self) -> int:
        """Retrievals so far, each of which must be the first of its bytes."""
        assert self.place.billing.billed_twice() == []
        return len(self.place.billing.retrievals)


@pytest.fixture
def place() -> Iterator[VaultPlace]:
    with vault_place() as made:
        yield made


@pytest.fixture
def move(place: VaultPlace, s3_server: Emulator[S3], own_surroundings: Path, tmp_path: Path) -> Move:
    s3_server.controls.switches.clock_skew_checked = False
    tree = tmp_path / "tree"
    make_tree(tree, seed=5, large=(LARGE,), small=4)
    for path in tree.rglob("*"):
        if path.is_file() and not path.stat().st_size:
            path.write_bytes(b"not empty")
    server = Server(s3_server.port, KEY.id, KEY.secret, REGION)
    made = Move(place, Worker(own_surroundings, s3_server.endpoint, server), tree)
    ran = made.sync(tree, "glacier://vault/photos")
    assert ran.status == 0, ran.err
    return made


def test_a_disk_that_was_lost_comes_back(move: Move, tmp_path: Path) -> None:
    """Asked for by one run, which ends; copied by the next, each proven by its tree hash, with its time."""
    kept = tmp_path / "kept"
    shutil.copytree(move.tree, kept)
    shutil.rmtree(move.tree)
    first = move.sync("glacier://vault/photos", move.tree)
    assert first.status == 75, first.err
    assert "5 objects, 13.0 MiB, wait for cold storage and should be readable by 20" in first.out
    assert move.sync("glacier://vault/photos", move.tree).status == 75
    move.place.turn(hours=5)
    report = tmp_path / "back.csv"
    second = move.sync("glacier://vault/photos", move.tree, "--report", str(report))
    assert second.status == 0, second.err
    assert files(move.tree) == files(kept)
    assert "5 verified (sha256-tree)" in second.out
    assert {row["source_checksum"] for row in rows(report)} == {
        f"sha256-tree:{tree_hash(path)}" for path in paths(kept)
    }
    assert move.asked == 5


@pytest.mark.parametrize("point", ["", "initiated:2", "part:1", "done:3"])
def test_a_vault_moves_into_a_bucket(move: Move, s3_server: Emulator[S3], tmp_path: Path, point: str) -> None:
    """By parts that are on no disk on their way, killed or not; the report pairs what was there with what is here."""
    bucket = s3_server.fresh_bucket()
    report, spare = tmp_path / "moved.csv", tmp_path / "spare"
    spare.mkdir()

    def sync(**more: str) -> Ran:
        options = ["--storage-class", "DEEP_ARCHIVE", "--tier", "bulk", "--report", str(report)]
        options += ["--multipart-threshold", "8MiB", "--part-size", "5MiB"]
        return move.sync("glacier://vault/photos", f"s3://{bucket.name}/cold", *options, TMPDIR=str(spare), **more)

    killed = []
    for hours in (12, 0):
        if point:
            killed.append(sync(TRANSFER_KILL_AT=point).status == -signal.SIGKILL)
        ran = sync()
        assert ran.status == (75 if hours else 0), ran.err
        move.place.turn(hours=hours)
    assert any(killed) == bool(point)
    assert move.asked == 5
    assert sum(path.stat().st_size for folder in (spare, move.worker.state) for path in paths(folder)) < MIB
    archives = {archive.id: archive for archive in move.place.archives}
    found = rows(report)
    assert {row["key"] for row in found} == {str(path.relative_to(move.tree)) for path in paths(move.tree)}
    for row in found:
        archive = archives.pop(row["source_version"])
        data = (move.tree / row["key"]).read_bytes()
        assert row["source_checksum"] == f"sha256-tree:{archive.tree_hash}"
        assert archive.tree_hash == treehash.tree_hash(data).hex()
        version = bucket.current("cold/" + row["key"])
        assert version is not None
        assert version.storage_class == "DEEP_ARCHIVE"
        assert b"".join(version.blob.chunks()) == data
        assert row["etag"] == version.etag
        assert bool(row["checksum"]) == (row["verdict"] == "done")
    assert archives == {}
    assert not bucket.uploads


def test_two_commands_at_once_pay_once(move: Move, tmp_path: Path) -> None:
    """What both want is asked for by one of them."""
    more = {"AWS_ENDPOINT_URL_GLACIER": move.place.endpoint}
    outs = (tmp_path / "one", tmp_path / "two")
    for status, hours in ((75, 5), (0, 0)):
        both = [move.worker.start("sync", "glacier://vault/photos", str(out), **more) for out in outs]
        for process in both:
            said, _ = process.communicate(timeout=60)
            assert process.returncode == status, said.decode()
        move.place.turn(hours=hours)
    assert [files(out) for out in outs] == [files(move.tree)] * 2
    assert move.asked == 5


def paths(root: Path) -> list[Path]:
    return [path for path in root.rglob("*") if path.is_file()]


def files(root: Path) -> dict[str, tuple[bytes, int]]:
    """Contents and times, which a vault keeps in whole seconds."""
    return {str(path.relative_to(root)): (path.read_bytes(), path.stat().st_mtime_ns // 10**9) for path in paths(root)}


def rows(report: Path) -> list[Mapping[str, str]]:
    with report.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def tree_hash(path: Path) -> str:
    return treehash.tree_hash(path.read_bytes()).hex()

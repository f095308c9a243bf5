"""A job that is spread over processes ends as one in a single process does."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path
from typing import Any

import pytest

from tests.kill.harness import Ran, Worker, judge, make_tree
from transfer.testing.servers import Server

MIB = 1024 * 1024
OPTIONS = ("--part-size", "5MiB", "--multipart-threshold", "5MiB", "--memory", "64MiB", "--json")
SMALL, LARGE = 40, (11 * MIB, 6 * MIB)
UNLIKE = ("seconds", "attempts", "sent")
"""What a row of the report tells of one run alone."""


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("tree")
    make_tree(root, seed=1, large=LARGE, small=SMALL)
    return root


@pytest.fixture
def worker(own_surroundings: Path, seaweed_server: Server) -> Worker:
    return Worker(own_surroundings, seaweed_server.endpoint, seaweed_server)


def sync(worker: Worker, source: object, target: object, report: Path, processes: int) -> Ran:
    again = ("--checkpoint", str(report.with_suffix(".sqlite")), "--report", str(report))
    arguments = ("sync", str(source), str(target), "--processes", str(processes), *again, *OPTIONS)
    ran = worker.run(*arguments)
    assert ran.status == 0, ran.err
    return ran


def rows(report: Path) -> dict[str, dict[str, Any]]:
    told = [json.loads(line) for line in report.read_text().splitlines()]
    return {row["key"]: {name: row[name] for name in row if name not in UNLIKE} for row in told}


def kept(report: Path) -> list[tuple[Any, ...]]:
    """What the checkpoint keeps of content and metadata."""
    with sqlite3.connect(report.with_suffix(".sqlite")) as db:
        return db.execute(
            "SELECT key, source_size, target_size, algorithm, digest, proven, proven_by, shape, metadata FROM done"
        ).fetchall()


def test_up_and_down(worker: Worker, tree: Path, seaweed_bucket: str, tmp_path: Path) -> None:
    """Report and checkpoint say the same, both sides are equal, and another run finds nothing to do."""
    place = f"s3://{seaweed_bucket}"
    reports = {(way, number): tmp_path / f"{way}{number}.jsonl" for way in ("up", "down") for number in (1, 2)}
    for number in (1, 2):
        sync(worker, tree, f"{place}/{number}", reports["up", number], number)
        sync(worker, f"{place}/{number}", tmp_path / f"down{number}", reports["down", number], number)
    judge(worker.server, tree, f"{seaweed_bucket}/2")
    judge(worker.server, tmp_path / "down2", f"{seaweed_bucket}/2")
    for way in ("up", "down"):
        assert rows(reports[way, 2]) == rows(reports[way, 1])
        assert kept(reports[way, 2]) == kept(reports[way, 1])
    again = sync(worker, tree, f"{place}/2", reports["up", 2], 2).result
    assert (again["skipped_proven"], again["sent_bytes"]) == (SMALL + len(LARGE), 0)


def test_looking_on(worker: Worker, tree: Path, seaweed_bucket: str) -> None:
    """verify finds what differs, and --dry-run says what would be sent, with more processes too."""
    place = f"s3://{seaweed_bucket}/x"
    assert worker.run("sync", str(tree), place, *OPTIONS).status == 0
    same = worker.run("verify", str(tree), place, "--processes", "2", "--json")
    assert (same.status, same.result["skipped_proven"]) == (0, SMALL + len(LARGE))
    nothing = worker.run("sync", str(tree), f"{place}/y", "--dry-run", "--processes", "2", *OPTIONS)
    assert (nothing.status, nothing.out.count('"verdict": "planned"')) == (0, SMALL + len(LARGE))
    missing = worker.run("verify", str(tree), f"{place}/y", "--processes", "2", "--json")
    assert (missing.status, missing.result["failed"]) == (1, SMALL + len(LARGE))


def test_one_limit_for_all(worker: Worker, tree: Path, seaweed_bucket: str) -> None:
    """--bwlimit holds for all processes together."""
    arguments = ("sync", str(tree), f"s3://{seaweed_bucket}/x", "--processes", "2", "--bwlimit", "12MiB", *OPTIONS)
    result = worker.run(*arguments).result
    assert result["sent_bytes"] > 17 * MIB
    assert result["seconds"] > result["sent_bytes"] / (12 * MIB) * 0.8


def test_what_is_deleted(worker: Worker, tmp_path: Path) -> None:
    """What workers put and what is deleted afterwards do not get into each other's way, empty folders included."""
    source, target = tmp_path / "source", tmp_path / "target"
    make_tree(source, seed=2, large=(), small=9)
    make_tree(target / "old", seed=3, large=(), small=5)
    (source / "old" / "empty").mkdir(parents=True)
    arguments = ("sync", str(source), str(target), "--delete", "--empty-dirs", "--processes", "2", "--json")
    ran = worker.run(*arguments)
    assert ran.status == 0, ran.err
    found = {str(path.relative_to(target)) for path in target.rglob("*")}
    assert found == {str(path.relative_to(source)) for path in source.rglob("*")}

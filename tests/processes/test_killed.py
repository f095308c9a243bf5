"""SIGKILL to a worker, to all of them, and to the process that they work for: nothing is lost."""

from __future__ import annotations

import json
import os
import signal
from pathlib import Path

import pytest

from tests.kill.harness import Ran, Worker, judge, make_tree
from tests.processes.surroundings import lives, open_parts, two_at_work, until
from transfer.testing.servers import Server

MIB = 1024 * 1024
SMALL, LARGE = 30, (14 * MIB, 9 * MIB)
OPTIONS = ("--part-size", "5MiB", "--multipart-threshold", "5MiB", "--memory", "64MiB", "--processes", "2", "--json")


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    make_tree(tmp_path / "tree", seed=5, large=LARGE, small=SMALL)
    return tmp_path / "tree"


@pytest.fixture
def worker(own_surroundings: Path, seaweed_server: Server) -> Worker:
    return Worker(own_surroundings, seaweed_server.endpoint, seaweed_server)


def test_the_parent(worker: Worker, tree: Path, seaweed_bucket: str) -> None:
    """Its workers end with it at once; the same command goes on with the parts that were sent."""
    arguments = ("sync", str(tree), f"s3://{seaweed_bucket}/x", *OPTIONS)
    process = worker.start(*arguments, "--bwlimit", "8MiB")
    workers = two_at_work(process)
    until(lambda: open_parts(worker) >= 1)
    process.kill()
    process.communicate()
    until(lambda: not any(map(lives, workers)))
    again = worker.run(*arguments)
    assert again.status == 0, again.err
    assert again.result["resumed_bytes"] >= MIB
    judge(worker.server, tree, f"{seaweed_bucket}/x")


def test_one_worker(worker: Worker, tree: Path, seaweed_bucket: str) -> None:
    """What it had in hand is tried again by others: everything arrives, and the totals say so."""
    process = worker.start("sync", str(tree), f"s3://{seaweed_bucket}/x", *OPTIONS, "--bwlimit", "8MiB")
    workers = two_at_work(process)
    until(lambda: open_parts(worker) >= 1)
    os.kill(workers[0], signal.SIGKILL)
    out, err = process.communicate(timeout=60)
    ran = Ran(process.returncode, out.decode(), err.decode())
    assert ran.status == 0, ran.err
    assert (arrived(ran), failed(ran)) == (SMALL + len(LARGE), [])
    assert "A worker process was lost" in ran.out
    assert "was killed (SIGKILL)" in ran.out
    judge(worker.server, tree, f"{seaweed_bucket}/x")


def test_every_worker(worker: Worker, tree: Path, seaweed_bucket: str) -> None:
    """If each one that begins a part is killed, the run ends and says why; the same command then completes it."""
    arguments = ("sync", str(tree), f"s3://{seaweed_bucket}/x", *OPTIONS)
    broken = worker.run(*arguments, TRANSFER_KILL_AT="part:1")
    assert broken.status == 1, broken.err
    assert arrived(broken) + len(failed(broken)) == SMALL + len(LARGE)
    assert {key for key in failed(broken) if key.startswith("large-")} == {"large-0.bin", "large-1.bin"}
    assert "the worker process that moved it was killed (SIGKILL)" in broken.out
    again = worker.run(*arguments)
    assert again.status == 0, again.err
    judge(worker.server, tree, f"{seaweed_bucket}/x")


def arrived(ran: Ran) -> int:
    """Objects at the target: what a killed worker brought and could not tell of is found there, and skipped."""
    totals = ran.result
    return int(totals["copied"]) + int(totals["skipped_proven"]) + int(totals["skipped_assumed"])


def failed(ran: Ran) -> list[str]:
    events = map(json.loads, ran.out.splitlines())
    return sorted(event["key"] for event in events if event["event"] == "finished" and event["verdict"] == "failed")


@pytest.mark.parametrize("point", ["begin:1", "finish:1"])
def test_between_two_steps(worker: Worker, tree: Path, seaweed_bucket: str, point: str) -> None:
    """Whichever process is killed at a point, the same command completes the job, and no upload stays open."""
    arguments = ("sync", str(tree), f"s3://{seaweed_bucket}/x", *OPTIONS)
    assert worker.run(*arguments, TRANSFER_KILL_AT=point).status in (0, 1, -signal.SIGKILL)
    again = worker.run(*arguments)
    assert again.status == 0, again.err
    judge(worker.server, tree, f"{seaweed_bucket}/x")
    assert worker.run("jobs", "--json").out.count('"open_uploads": 0') == 1

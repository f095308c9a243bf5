"""SIGKILL at random moments, thirty times: nothing missing, nothing wrong, little sent twice."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from tests.kill.harness import Worker, counting, judge, make_tree
from transfer.testing.servers import Server

MIB = 1024 * 1024
KILLS = 30
MEMORY = 32 * MIB
COMMIT_WINDOW = 8 * MIB
"""What goes out between two commits, 100 ms apart, at the rate below, and some."""


@pytest.mark.timeout(300)
def test_thirty_kills_lose_nothing(own_surroundings: Path, tmp_path: Path, seaweed_server: Server) -> None:
    """After each kill the same command goes on, until it ends by itself; then rclone finds both sides equal."""
    tree = tmp_path / "tree"
    size = make_tree(tree, seed=3, large=(22 * MIB + 1, 17 * MIB), small=150)
    chance = random.Random(4)
    kills = rounds = 0
    with counting(seaweed_server.port) as counter:
        worker = Worker(own_surroundings, f"http://127.0.0.1:{counter.port}", seaweed_server)
        while kills < KILLS:
            bucket = f"random-{rounds}"
            seaweed_server.create_bucket(bucket)
            before, killed = counter.sent, 0
            arguments = (
                *("sync", str(tree), f"s3://{bucket}/x", "--memory", str(MEMORY), "--part-size", "5MiB"),
                *("--multipart-threshold", "6MiB", "--bwlimit", "24MiB"),
            )
            while worker.run_and_kill(chance.uniform(0.5, 1.6), *arguments):
                killed += 1
            judge(seaweed_server, tree, f"{bucket}/x")
            sent_again = counter.sent - before - size
            overhead = MIB * (killed + 1)
            assert sent_again <= killed * (MEMORY + COMMIT_WINDOW) + overhead
            kills += killed
            rounds += 1
    assert kills >= KILLS

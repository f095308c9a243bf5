"""Ctrl-C, and what others can see of workers."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.kill.harness import Worker, judge, make_tree
from tests.processes.surroundings import (
    children_of,
    command_line,
    environment,
    ignores,
    lives,
    two_at_work,
    until,
)
from transfer.testing.servers import Server

MIB = 1024 * 1024
SCRIPT = """
import sys, transfer
source, target, endpoint, key = sys.argv[1:]
secret = sys.stdin.readline().strip()
settings = dict(endpoint=endpoint, access_key_id=key, secret_access_key=secret, path_style="true", region="us-east-1")
options = transfer.Options(processes=2, target_settings=settings, bwlimit=int(sys.stdin.readline()))
print(transfer.run(transfer.sync(source, target, options)).exit_status, flush=True)
sys.stdin.readline()
"""


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    make_tree(tmp_path / "tree", seed=6, large=(9 * MIB,), small=20)
    return tmp_path / "tree"


@pytest.mark.parametrize(("loop", "number"), [("asyncio", signal.SIGINT), ("uvloop", signal.SIGTERM)])
def test_a_stop(
    own_surroundings: Path,
    seaweed_server: Server,
    seaweed_bucket: str,
    tree: Path,
    loop: str,
    number: signal.Signals,
) -> None:
    """A signal to all of them ends the run as one to a single process does, and no worker outlives it."""
    worker = Worker(own_surroundings, seaweed_server.endpoint, seaweed_server)
    arguments = ("sync", str(tree), f"s3://{seaweed_bucket}/x", "--processes", "2")
    process = worker.start(*arguments, "--bwlimit", "1MiB", TRANSFER_LOOP=loop)
    workers = two_at_work(process)
    until(lambda: all(ignores(pid, number) for pid in workers))
    for pid in (*workers, process.pid):
        os.kill(pid, number)
    _, err = process.communicate(timeout=30)
    assert process.returncode == 130, err.decode()
    assert b"Traceback" not in err
    assert not any(map(lives, workers))
    assert worker.run(*arguments).status == 0
    judge(seaweed_server, tree, f"{seaweed_bucket}/x")


def test_a_script(seaweed_server: Server, seaweed_bucket: str, tree: Path, tmp_path: Path) -> None:
    """A plain script may ask for processes; no secret of it is to be seen, and it has no child left in the end."""
    script = tmp_path / "script.py"
    script.write_text(SCRIPT)
    secret = seaweed_server.secret_access_key
    target = f"s3://{seaweed_bucket}/x"
    command = [sys.executable, str(script), str(tree), target, seaweed_server.endpoint, seaweed_server.access_key_id]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(f"{secret}\n{6 * MIB}\n")
    process.stdin.flush()
    workers = two_at_work(process)
    for pid in workers:
        assert secret.encode() not in command_line(pid)
        assert environment(pid).items() <= environment(process.pid).items() | own(pid)
    assert process.stdout.readline() == "0\n"
    assert children_of(process.pid) == []
    process.communicate("\n")
    judge(seaweed_server, tree, f"{seaweed_bucket}/x")


def own(pid: int) -> set[tuple[bytes, bytes]]:
    """What a C library may set in any process (the locale of an interpreter)."""
    return {pair for pair in environment(pid).items() if pair[0] == b"LC_CTYPE"}

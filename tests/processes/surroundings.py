"""Looks at the processes of a run, as the system shows them."""

from __future__ import annotations

import signal
import sqlite3
import subprocess
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from tests.kill.harness import Worker

PATIENCE = 30.0
"""Seconds; a busy machine may need them."""


def workers_of(parent: int) -> list[int]:
    """The worker processes that ``parent`` has now."""
    return [pid for pid in children_of(parent) if b"transfer.processes.worker" in command_line(pid)]


def children_of(parent: int) -> list[int]:
    """All children of ``parent``, those included that have ended and were not waited for."""
    found = []
    for folder in Path("/proc").iterdir():
        with suppress(OSError, ValueError):
            if int((folder / "stat").read_text().rpartition(")")[2].split()[1]) == parent:
                found.append(int(folder.name))
    return found


def command_line(pid: int) -> bytes:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return b""


def environment(pid: int) -> dict[bytes, bytes]:
    pairs = Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")
    return dict(pair.split(b"=", 1) for pair in pairs if pair)


def lives(pid: int) -> bool:
    """Whether the worker process is there and runs."""
    return bool(command_line(pid))


def ignores(pid: int, number: signal.Signals) -> bool:
    """Whether the process has begun to ignore a signal."""
    with suppress(OSError):
        for line in Path(f"/proc/{pid}/status").read_text().splitlines():
            if line.startswith("SigIgn:"):
                return bool(int(line.split()[1], 16) >> (number - 1) & 1)
    return False


def until(seen: Callable[[], bool]) -> None:
    """Wait for something that is sure to come."""
    deadline = time.monotonic() + PATIENCE
    while not seen():
        assert time.monotonic() < deadline, "it did not come"
        time.sleep(0.01)


def two_at_work(process: subprocess.Popen[bytes] | subprocess.Popen[str]) -> list[int]:
    """The pids of a run's two workers, once both are there."""
    until(lambda: len(workers_of(process.pid)) == 2 or process.poll() is not None)
    return workers_of(process.pid)


def open_parts(worker: Worker) -> int:
    """How many parts the checkpoint has receipts for."""
    for path in worker.state.rglob("*.sqlite"):
        with suppress(sqlite3.Error), sqlite3.connect(f"file:{path}?mode=ro", uri=True) as db:
            return int(db.execute("SELECT count(*) FROM receipt").fetchone()[0])
    return 0

"""Writes are grouped, bounded, off the loop, and never silently lost."""

from __future__ import annotations

import asyncio
import sqlite3
import threading
import time
from collections.abc import Sequence
from contextlib import closing
from itertools import pairwise
from pathlib import Path

import pytest

from tests.checkpoint.samples import LOOK, UPLOAD, gathered, row
from transfer import killpoint
from transfer.checkpoint import Checkpoint, worker
from transfer.checkpoint.tables import Db
from transfer.errors import NoSpace


def committed(path: Path, table: str = "done") -> int:
    """Rows that somebody else sees."""
    with closing(sqlite3.connect(path)) as db:
        return int(db.execute(f"SELECT count(*) FROM {table}").fetchone()[0])


def _limit_growth(db: Db, pages: int) -> None:
    (now,) = db.execute("PRAGMA page_count").fetchone()
    db.execute(f"PRAGMA max_page_count = {now + pages}")


def _pragma(db: Db, name: str) -> object:
    return db.execute(f"PRAGMA {name}").fetchone()[0]


async def test_what_was_awaited_is_committed(checkpoint: Checkpoint) -> None:
    """Intents, upload ids and flushes are seen from outside once they return."""
    await checkpoint.intend("big", LOOK, "shape")
    assert committed(checkpoint.path, "upload") == 1
    await checkpoint.begun("big", UPLOAD)
    checkpoint.done(row("a"))
    await checkpoint.flush()
    assert committed(checkpoint.path) == 1


async def test_a_commit_is_on_the_disk_when_it_returns(checkpoint: Checkpoint) -> None:
    """The file is set up to survive a power cut, not only a kill."""
    assert await checkpoint._worker.read(_pragma, "journal_mode") == "wal"
    assert await checkpoint._worker.read(_pragma, "synchronous") == 2


async def test_writes_wait_for_each_other_but_not_long(checkpoint: Checkpoint, monkeypatch: pytest.MonkeyPatch) -> None:
    """A queued write is not committed at once, and is within a moment, though nobody asks."""
    monkeypatch.setattr(worker, "_WINDOW", 1.0)
    checkpoint.done(row("a"))
    await asyncio.sleep(0.02)
    assert committed(checkpoint.path) == 0
    async with asyncio.timeout(5):
        while not committed(checkpoint.path):
            await asyncio.sleep(0.02)


async def test_what_is_awaited_does_not_wait_for_more(checkpoint: Checkpoint, monkeypatch: pytest.MonkeyPatch) -> None:
    """A read or a flush is answered at once, however long writes may be gathered."""
    monkeypatch.setattr(worker, "_WINDOW", 60.0)
    async with asyncio.timeout(10):
        checkpoint.done(row("a"))
        await checkpoint.flush()
        assert await checkpoint.row("a") == row("a")


async def test_intents_at_the_same_time_share_commits(checkpoint: Checkpoint, monkeypatch: pytest.MonkeyPatch) -> None:
    """Many waiting at once cost few commits."""
    commits = _count_commits(checkpoint, monkeypatch)
    await asyncio.gather(*(checkpoint.intend(f"{number}", LOOK, "shape") for number in range(200)))
    assert committed(checkpoint.path, "upload") == 200
    assert len(commits) < 50


async def test_a_thousand_writes_are_committed_without_waiting(
    checkpoint: Checkpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No commit is larger than 1,000 operations."""
    commits = _count_commits(checkpoint, monkeypatch)
    for number in range(2_500):
        checkpoint.done(row(f"{number}"))
    await checkpoint.flush()
    assert sum(commits) == 2_501
    assert max(commits) == 1_000


async def test_room_bounds_what_is_queued(checkpoint: Checkpoint) -> None:
    """Whoever awaits room never has much more than 10,000 operations in memory."""
    most = 0
    for number in range(25_000):
        checkpoint.done(row(f"{number}"))
        most = max(most, checkpoint._worker.queued)
        await checkpoint.room()
    assert most <= 10_001


async def test_a_cancelled_wait_loses_no_upload_id(checkpoint: Checkpoint) -> None:
    """An id that is on its way in is kept although nobody waits for it any more."""
    await checkpoint.intend("big", LOOK, "shape")
    waiting = asyncio.create_task(checkpoint.begun("big", UPLOAD))
    await asyncio.sleep(0)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    found = await checkpoint.open_upload("big")
    assert found is not None
    assert found.upload == UPLOAD


async def test_a_full_disk_is_told_at_the_next_call(checkpoint: Checkpoint) -> None:
    """The failing commit is rolled back whole, all later calls raise NoSpace, and closing does not."""
    checkpoint.done(row("before"))
    await checkpoint.flush()
    await checkpoint._worker.read(_limit_growth, 10)
    begun, gate = threading.Event(), threading.Event()
    held = asyncio.create_task(checkpoint._worker.read(_held, (begun, gate)))
    await asyncio.to_thread(begun.wait)
    for number in range(900):
        checkpoint.done(row(f"{number}"))
    gate.set()  # so that all of them are one commit, however slow this machine is
    await held
    with pytest.raises(NoSpace, match=r"disk of the checkpoint .* is full"):
        await checkpoint.flush()
    with pytest.raises(NoSpace):
        checkpoint.done(row("after"))
    with pytest.raises(NoSpace):
        await checkpoint.row("before")
    assert committed(checkpoint.path) == 1
    await checkpoint.close()


def _held(_: sqlite3.Connection, events: tuple[threading.Event, threading.Event]) -> None:
    begun, gate = events
    begun.set()
    gate.wait()


async def test_a_busy_database_never_blocks_the_loop(checkpoint: Checkpoint) -> None:
    """While another process holds the file, the loop goes on, and the write is done afterwards."""
    with closing(sqlite3.connect(checkpoint.path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        checkpoint.done(row("a"))
        flushing = asyncio.create_task(checkpoint.flush())
        beats = [time.perf_counter()]
        while beats[-1] - beats[0] < 0.3:
            await asyncio.sleep(0.005)
            beats.append(time.perf_counter())
        assert not flushing.done()
        assert max(later - earlier for earlier, later in pairwise(beats)) < 0.2
        other.execute("COMMIT")
    await flushing
    assert committed(checkpoint.path) == 1


async def test_the_log_does_not_grow_without_end(checkpoint: Checkpoint) -> None:
    """Writing on while rows are being read keeps the log at a few megabytes."""
    log = checkpoint.path.with_name(checkpoint.path.name + "-wal")
    largest = 0
    reading = checkpoint.rows()
    for number in range(40_000):
        checkpoint.done(row(f"{'a long key, so that pages fill quickly/' * 6}{number:06}"))
        if number % 2_000 == 1_999:
            await anext(reading)
            largest = max(largest, log.stat().st_size)
    await checkpoint.close()
    assert checkpoint.path.stat().st_size > 10_000_000
    assert largest < 8_000_000


async def test_points_are_reached_once_for_each_operation_after_its_commit(
    checkpoint: Checkpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever waits for a point knows that the operation is on the disk."""
    reached: list[tuple[str, int, int]] = []

    def reach(point: str) -> None:
        reached.append((point, committed(checkpoint.path, "upload"), committed(checkpoint.path)))

    monkeypatch.setattr(killpoint, "reach", reach)
    await checkpoint.intend("big", LOOK, "shape")
    await checkpoint.begun("big", UPLOAD)
    checkpoint.done(row("a"))
    checkpoint.done(row("big"))
    await checkpoint.flush()
    assert reached == [("intent", 1, 0), ("begin", 1, 0), ("commit", 0, 2), ("commit", 0, 2)]


async def test_an_object_costs_the_loop_little(checkpoint: Checkpoint) -> None:
    """Queueing a row takes some microseconds of the loop's time; a busy machine may make several of them."""
    kept = [row(f"{number:06}") for number in range(10_000)]
    started = time.thread_time()
    for one in kept:
        checkpoint.done(one)
    assert (time.thread_time() - started) / len(kept) < 60e-6
    assert len(await gathered(checkpoint.rows())) == len(kept)


def _count_commits(checkpoint: Checkpoint, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The sizes of the commits from now on."""
    sizes: list[int] = []
    commit = checkpoint._worker._commit

    def counting(db: Db, jobs: Sequence[object]) -> None:
        sizes.append(len(jobs))
        commit(db, jobs)  # type: ignore[arg-type]

    monkeypatch.setattr(checkpoint._worker, "_commit", counting)
    return sizes

"""What the checkpoints on this machine tell, without locking or changing them; and an end for damaged ones."""

from __future__ import annotations

import asyncio
import os
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from transfer.checkpoint import schema
from transfer.checkpoint.cold import WAITING
from transfer.checkpoint.lock import Holder, Lock, holder
from transfer.checkpoint.places import folder_of
from transfer.checkpoint.records import NOTHING_WAITS, Pair, Waiting
from transfer.checkpoint.schema import damaged, version_of
from transfer.errors import Misconfigured

_COUNTS = """
SELECT
    (SELECT count(*) FROM done), (SELECT coalesce(sum(source_size), 0) FROM done),
    (SELECT count(*) FROM upload WHERE part_size IS NOT 0), (SELECT count(*) FROM receipt),
    (SELECT count(*) FROM failure), (SELECT count(*) FROM upload WHERE part_size = 0)
"""

_PARKS_SINCE = 3
"""The first version with objects that wait in cold storage."""

_NO_PAIR = Pair("", "")


@dataclass(frozen=True, slots=True)
class JobSummary:
    """One checkpoint. Times are in nanoseconds since 1970.

    ``state`` is ``new``, ``running``, ``complete``, ``waiting`` (for cold storage), ``failed``, ``interrupted``, or
    ``unreadable``; then ``problem`` tells why, and only ``path`` means anything. ``totals`` is what the last run's
    end was told. ``open_parts`` counts the parts of open uploads that are known to have been sent.
    ``fetches`` are objects that the target gets by itself, and that nobody has seen there yet.
    """

    path: Path
    pair: Pair = _NO_PAIR
    state: str = "unreadable"
    started_ns: int | None = None
    ended_ns: int | None = None
    totals: str | None = None
    objects: int = 0
    bytes: int = 0
    open_uploads: int = 0
    open_parts: int = 0
    failures: int = 0
    waiting: Waiting = NOTHING_WAITS
    running_by: Holder | None = None
    fetches: int = 0
    problem: str | None = None


async def summaries(state_dir: Path | None = None) -> Sequence[JobSummary]:
    """All checkpoints in the state folder; the one that was written to last comes last."""
    return await asyncio.to_thread(_summaries, folder_of(state_dir))


async def summary_of(path: Path) -> JobSummary:
    """One checkpoint, wherever it is."""
    return await asyncio.to_thread(_summary, path)


async def set_aside(path: Path) -> Path | None:
    """Move a damaged checkpoint aside; returns its new place, or None for one that is whole. Raises Misconfigured."""
    return await asyncio.to_thread(_set_aside, path)


def _set_aside(path: Path) -> Path | None:
    lock = Lock.acquire(path)
    try:
        return schema.set_aside(path)
    finally:
        lock.release()


def _summaries(folder: Path) -> Sequence[JobSummary]:
    return [_summary(path) for path in sorted(folder.glob("*.sqlite"), key=last_sign)]


def last_sign(path: Path) -> float:
    """When something was last written to the checkpoint. Whoever only looks leaves an empty log."""
    times = []
    for suffix in ("", "-wal"):
        try:
            status = os.stat(f"{path}{suffix}")
        except FileNotFoundError:
            continue
        if status.st_size or not suffix:
            times.append(status.st_mtime)
    return max(times, default=0.0)


def _summary(path: Path) -> JobSummary:
    try:
        return _read(path, holder(path))
    except (sqlite3.Error, Misconfigured, OSError) as error:
        return JobSummary(path, problem=_problem(path, error))


def _problem(path: Path, error: Exception) -> str:
    if not damaged(error):
        return str(error)
    return f"It is damaged ({error}); 'transfer jobs clean {path.stem} --forget' sets it aside."


def _read(path: Path, running_by: Holder | None) -> JobSummary:
    with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, isolation_level=None)) as db:
        version = version_of(db, path)
        if version == 0:
            return JobSummary(path, state="new", running_by=running_by)
        db.execute("BEGIN")
        job = db.execute("SELECT source, target, state, started_ns, ended_ns, totals FROM job").fetchone()
        if job is None:  # its process ended right after it had made the file
            return JobSummary(path, state="new", running_by=running_by)
        source, target, state, started, ended, totals = job
        objects, size, uploads, parts, failures, fetches = db.execute(_COUNTS).fetchone()
        waiting = Waiting(*db.execute(WAITING).fetchone()) if version >= _PARKS_SINCE else NOTHING_WAITS
    state = "interrupted" if state == "running" and running_by is None else state or "new"
    pair = Pair(source, target)
    counts = (objects, size, uploads, parts, failures)
    return JobSummary(path, pair, state, started, ended, totals, *counts, waiting, running_by, fetches)

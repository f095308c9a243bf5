"""The thread that owns the database: it groups writes into few commits, and answers reads in between.

Everything is done in the order in which it was asked for, so a read sees every write before
it. What someone waits for is committed at once; the rest within 100 ms, or when 1,000 operations
are waiting.
"""

from __future__ import annotations

import asyncio
import sqlite3
import threading
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass
from itertools import groupby
from operator import attrgetter
from pathlib import Path
from typing import Any, TypeVar

from transfer import killpoint
from transfer.checkpoint.lock import Lock
from transfer.checkpoint.places import remove
from transfer.checkpoint.schema import translated
from transfer.errors import Misconfigured

_WINDOW = 0.1
"""Seconds for which writes are gathered."""
_GROUP = 1_000
"""Operations of one commit."""

A = TypeVar("A")
R = TypeVar("R")
Db = sqlite3.Connection


@dataclass(slots=True)
class _Job:
    """A write of ``weight`` rows or so, or a read, which has an ``answer``. ``point`` is reached once a write is
    committed."""

    function: Callable[[Db, Any], Any]
    argument: Any
    point: str | None = None
    answer: Future[Any] | None = None
    weight: int = 1


class Worker:
    """Runs functions over the database on one thread, which also holds the lock on it."""

    def __init__(self, path: Path, connect: Callable[[], Db]) -> None:
        self._path = path
        self._connect = connect
        self._jobs: deque[_Job] = deque()
        self._weight = 0
        self._changed = threading.Condition()
        self._urgent = False
        self._closing = False
        self._discarded = False
        self._failure: Exception | None = None
        self._opened = _uncancellable()
        self._ended = _uncancellable()
        self._thread = threading.Thread(target=self._run, name="checkpoint", daemon=True)

    async def start(self) -> None:
        """Lock and open the database. When this is cancelled, the thread lets go of both by itself."""
        self._thread.start()
        try:
            await asyncio.wrap_future(self._opened)
        except asyncio.CancelledError:
            self._close()
            raise

    def write(
        self,
        function: Callable[[Db, Sequence[A]], None],
        argument: A,
        point: str | None = None,
        *,
        weight: int = 1,
    ) -> None:
        """Queue a write; runs of the same function become one call of it. Raises what an earlier write met.

        ``weight`` is the number of operations that it stands for.
        """
        self._raise_failure()
        self._put(_Job(function, argument, point, weight=weight))

    async def read(self, function: Callable[[Db, A], R], argument: A) -> R:
        """What the function gives, once all that was queued before is committed."""
        self._raise_failure()
        answer: Future[R] = Future()
        self._put(_Job(function, argument, answer=answer))
        return await asyncio.wrap_future(answer)

    @property
    def queued(self) -> int:
        """Operations."""
        return self._weight

    async def close(self) -> None:
        """Commit what is queued and let go of the database. Never raises what a write met."""
        self._close()
        await asyncio.wrap_future(self._ended)

    async def discard(self) -> None:
        """Close the database and remove it, still under its lock: whoever waits for that finds none, not half of one.

        Raises Misconfigured where it can't be removed, and what a write met.
        """
        self._discarded = True
        await self.close()
        if self._failure is not None:
            raise self._failure.with_traceback(None)

    def _put(self, job: _Job) -> None:
        with self._changed:
            self._jobs.append(job)
            before, self._weight = self._weight, self._weight + job.weight
            if job.answer is not None:
                self._urgent = True
            # Else the thread has nothing to do but to wait on.
            if self._urgent or len(self._jobs) == 1 or before < _GROUP <= self._weight:
                self._changed.notify()

    def _close(self) -> None:
        with self._changed:
            self._urgent = self._closing = True
            self._changed.notify()

    def _raise_failure(self) -> None:
        if self._failure is not None:
            raise self._failure.with_traceback(None)
        if self._closing:
            raise RuntimeError("the checkpoint is closed")

    def _run(self) -> None:
        try:
            self._own_and_serve()
        except Exception as error:
            if self._opened.done():
                raise
            self._opened.set_exception(error)
        finally:
            self._ended.set_result(None)

    def _own_and_serve(self) -> None:
        lock = Lock.acquire(self._path)
        try:
            db = self._connect()
            try:
                self._opened.set_result(None)
                self._serve(db)
            finally:
                db.close()
            if self._discarded:
                self._remove()
        finally:
            lock.release()

    def _remove(self) -> None:
        try:
            remove(self._path)
        except OSError as error:
            self._failure = Misconfigured(f"The checkpoint {self._path} can't be removed: {error.strerror}")

    def _serve(self, db: Db) -> None:
        while jobs := self._next():
            self._commit(db, jobs)

    def _next(self) -> Sequence[_Job]:
        """Wait for jobs, and then for more; empty once all is closed."""
        with self._changed:
            self._changed.wait_for(lambda: self._jobs or self._closing)
            self._changed.wait_for(lambda: self._urgent or self._weight >= _GROUP, timeout=_WINDOW)
            jobs = self._take()
            self._urgent = self._closing or (self._urgent and bool(self._jobs))
            return jobs

    def _take(self) -> Sequence[_Job]:
        """The first jobs, up to a group of operations, or what passes it by a single job."""
        jobs: list[_Job] = []
        taken = 0
        while self._jobs and taken < _GROUP:
            job = self._jobs.popleft()
            taken += job.weight
            jobs.append(job)
        self._weight -= taken
        return jobs

    def _commit(self, db: Db, jobs: Sequence[_Job]) -> None:
        wanted = [job for job in jobs if job.answer is None or job.answer.set_running_or_notify_cancel()]
        answers: list[tuple[Future[Any], Any]] = []
        if self._failure is None:
            try:
                db.execute("BEGIN")
                answers = _apply(db, wanted)
                db.execute("COMMIT")
            except Exception as error:
                _roll_back(db)
                self._failure = _explained(error, self._path)
        if self._failure is not None:
            _refuse(wanted, self._failure)
            return
        for job in wanted:
            if job.point is not None:
                killpoint.reach(job.point)
        for answer, value in answers:
            answer.set_result(value)


def _apply(db: Db, jobs: Sequence[_Job]) -> list[tuple[Future[Any], Any]]:
    """Do all jobs; writes next to each other go in one call. Returns the reads' answers."""
    answers = []
    for function, run in groupby(jobs, key=attrgetter("function")):
        group = list(run)
        if group[0].answer is None:
            function(db, [job.argument for job in group])
        else:
            answers += [(job.answer, function(db, job.argument)) for job in group if job.answer is not None]
    return answers


def _refuse(jobs: Sequence[_Job], failure: Exception) -> None:
    for job in jobs:
        if job.answer is not None:
            job.answer.set_exception(failure)


def _explained(error: Exception, path: Path) -> Exception:
    explained = translated(error, path)
    if explained is not error:
        explained.__cause__ = error
    return explained


def _roll_back(db: Db) -> None:
    with suppress(sqlite3.Error):
        db.execute("ROLLBACK")


def _uncancellable() -> Future[None]:
    future: Future[None] = Future()
    future.set_running_or_notify_cancel()
    return future

"""Turns in asking for retrievals: of all pairs that share a journal, in all processes, one asks at a time."""

from __future__ import annotations

import asyncio
import fcntl
import os
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

_LONGEST = 2.0
"""Seconds after which a turn takes nobody else in, so that others get theirs."""
_PAUSE = 0.1
"""Seconds that are left to others after such a turn."""
_LOOK_EVERY = 0.02
_OPEN = b"open"
_Taken = tuple[int, bool]


class Turns:
    """Those of one pair. All its requests that are made at once share one turn, which is the lock of a file.

    ``locate`` tells the file. ``doubt`` is called where a turn before did not end well, so that it is not known what
    was asked for in it.
    """

    def __init__(self, locate: Callable[[], Awaitable[Path]], doubt: Callable[[], None]) -> None:
        self._locate = locate
        self._doubt = doubt
        self._lock = asyncio.Lock()
        self._over = asyncio.Event()
        self._descriptor: int | None = None
        self._given_back: asyncio.Future[None] | None = None
        """The end of the turn before, which a thread sees to."""
        self._inside = 0
        self._well = True
        self._until = self._again = 0.0

    @asynccontextmanager
    async def taken(self) -> AsyncIterator[None]:
        """For the length of an ``async with``; one that is left by an exception did not end well."""
        await self._enter()
        try:
            yield
        except BaseException:
            self._well = False
            raise
        finally:
            self._leave()

    async def _enter(self) -> None:
        now = asyncio.get_running_loop().time
        while True:
            async with self._lock:
                if self._descriptor is None:
                    await asyncio.sleep(max(0.0, self._again - now()))
                    await self._begin()
                    self._until = now() + _LONGEST
                if now() < self._until:
                    self._inside += 1
                    return
            await self._over.wait()

    async def _begin(self) -> None:
        if self._given_back is not None:
            await asyncio.wait([self._given_back])
        path = await self._locate()
        while (taken := await _off_loop(path)) is None:  # noqa: ASYNC110 - nothing tells when another process is done
            await asyncio.sleep(_LOOK_EVERY)
        self._descriptor, ended_well = taken
        self._well = True
        self._over.clear()
        if not ended_well:
            self._doubt()

    def _leave(self) -> None:
        self._inside -= 1
        if self._inside or self._descriptor is None:
            return
        loop = asyncio.get_running_loop()
        self._given_back = loop.run_in_executor(None, _give_back, self._descriptor, self._well)
        self._descriptor = None
        self._again = loop.time() + _PAUSE if loop.time() >= self._until else loop.time()
        self._over.set()


async def _off_loop(path: Path) -> _Taken | None:
    """:func:`_take` on a thread. Cancelled, it lets go of what the thread has taken."""
    taking = asyncio.ensure_future(asyncio.to_thread(_take, path))
    try:
        return await asyncio.shield(taking)
    except asyncio.CancelledError:
        await asyncio.wait([taking])
        if not taking.exception() and (taken := taking.result()) is not None:
            await asyncio.to_thread(_give_back, *taken)
        raise


def _take(path: Path) -> _Taken | None:
    """Lock the file, unless somebody else has, and mark it; its descriptor, and whether the turn before ended well."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        if not _lock(descriptor):
            os.close(descriptor)
            return None
        ended_well = not os.pread(descriptor, len(_OPEN), 0)
        os.pwrite(descriptor, _OPEN, 0)
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor, ended_well


def _give_back(descriptor: int, well: bool) -> None:
    try:
        if well:
            os.ftruncate(descriptor, 0)
    finally:
        os.close(descriptor)


def _lock(descriptor: int) -> bool:
    """Lock the file, unless somebody else has."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True

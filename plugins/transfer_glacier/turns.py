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
        self._descriptor = -1
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
                if self._descriptor < 0:
                    await asyncio.sleep(max(0.0, self._again - now()))
                    self._begin(await self._locked())
                    self._until = now() + _LONGEST
                if now() < self._until:
                    self._inside += 1
                    return
            await self._over.wait()

    async def _locked(self) -> int:
        descriptor = os.open(await self._locate(), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            while not _lock(descriptor):  # noqa: ASYNC110 - nothing tells when another process is done
                await asyncio.sleep(_LOOK_EVERY)
        except BaseException:
            os.close(descriptor)
            raise
        return descriptor

    def _begin(self, descriptor: int) -> None:
        self._descriptor, self._well = descriptor, True
        self._over.clear()
        if os.pread(descriptor, len(_OPEN), 0):
            self._doubt()
        os.pwrite(descriptor, _OPEN, 0)

    def _leave(self) -> None:
        self._inside -= 1
        if self._inside:
            return
        if self._well:
            os.ftruncate(self._descriptor, 0)
        os.close(self._descriptor)
        self._descriptor = -1
        now = asyncio.get_running_loop().time()
        self._again = now + _PAUSE if now >= self._until else now
        self._over.set()


def _lock(descriptor: int) -> bool:
    """Lock the file, unless somebody else has."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True

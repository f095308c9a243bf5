"""A store's own threads, for the calls that block."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")


class Stopped(Exception):
    """Work on a thread was given up because its caller was cancelled. Never leaves this plugin."""


class Stop:
    """Tells work on a thread that nobody waits for it any more."""

    __slots__ = ("wanted",)

    def __init__(self) -> None:
        self.wanted = False

    def check(self) -> None:
        """Raise Stopped if the caller was cancelled."""
        if self.wanted:
            raise Stopped


class Threads:
    """At most ``size`` threads. When a call is cancelled its thread has ended before it returns,
    so that no buffer, file descriptor or half-written file is still in use."""

    def __init__(self, size: int) -> None:
        self._pool = ThreadPoolExecutor(size, thread_name_prefix="transfer-local")

    async def run(self, stop: Stop, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Call ``function`` on a thread; ``stop`` is set when the caller is cancelled."""
        work = self._pool.submit(function, *args, **kwargs)
        waiter = asyncio.wrap_future(work)
        try:
            await asyncio.wait((waiter,))
        except asyncio.CancelledError:
            stop.wanted = True
            work.cancel()
            await _end_of(waiter)
            raise
        return waiter.result()

    def start(self, function: Callable[P, None], *args: P.args, **kwargs: P.kwargs) -> None:
        """Call ``function`` on a thread; nobody waits for it here."""
        self._pool.submit(function, *args, **kwargs)

    async def aclose(self) -> None:
        """End the threads. Idempotent."""
        await asyncio.to_thread(self._pool.shutdown)


async def _end_of(waiter: asyncio.Future[T]) -> None:
    while not waiter.done():
        # Another cancellation changes nothing: the caller is about to raise the first.
        with suppress(asyncio.CancelledError):
            await asyncio.wait((waiter,))
    if not waiter.cancelled():
        waiter.exception()

"""Structured concurrency in the shapes that this project needs."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Coroutine, Generator, Iterable
from contextlib import asynccontextmanager, suppress
from contextvars import Context
from types import TracebackType
from typing import Any, ParamSpec, Self, TypeVar

from transfer.errors import Transient

P = ParamSpec("P")
T = TypeVar("T")


class Group(asyncio.TaskGroup):
    """A task group that raises the first of its errors by itself, so that callers can catch it by kind.

    When its own task is cancelled too, that goes first. (Before Python 3.13 a task group with
    an error forgets a cancellation from outside, and can't tell it from its own.) A child that
    ends as cancelled though nobody cancelled it has failed: a task group would take its work
    for done.
    """

    async def __aenter__(self) -> Self:
        self._mine: set[asyncio.Task[Any]] = set()
        self._cancelled_before = _cancellations()
        return await super().__aenter__()

    def create_task(
        self,
        coro: Generator[Any, None, T] | Coroutine[Any, Any, T],
        *,
        name: str | None = None,
        context: Context | None = None,
    ) -> asyncio.Task[T]:
        task = super().create_task(_seen_to_its_end(coro), name=name, context=context)
        self._mine.add(task)
        task.add_done_callback(self._mine.discard)
        task.add_done_callback(lambda _: coro.close())  # cancelled before its start, it was never awaited
        return task

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if error is None and (cancelled := await self._wait()) is not None:
                kind, error, trace = type(cancelled), cancelled, cancelled.__traceback__
            await super().__aexit__(kind, error, trace)
        except BaseExceptionGroup as group:
            if _cancellations() > self._cancelled_before:
                with suppress(asyncio.CancelledError):
                    await asyncio.sleep(0)  # from 3.13 on the task group has cancelled the task once more
                raise asyncio.CancelledError from group
            raise _leaf(group) from None

    async def _wait(self) -> asyncio.CancelledError | None:
        """Wait for all tasks here, not in the task group's own exit, which would miscount cancellations."""
        try:
            while self._mine:
                await asyncio.wait(self._mine)
        except asyncio.CancelledError as error:
            return error
        return None


async def _seen_to_its_end(work: Generator[Any, None, T] | Coroutine[Any, Any, T]) -> T:
    try:
        return await work  # type: ignore[misc, no-any-return]
    except asyncio.CancelledError as error:
        if is_cancelled():
            raise
        raise broken_off() from error


def is_cancelled() -> bool:
    """Whether somebody cancelled this task, rather than a library that it called something of its own."""
    return _cancellations() > 0


def broken_off() -> Transient:
    """What a cancellation means that nobody asked for."""
    return Transient("A call was broken off from within.")


def _cancellations() -> int:
    task = asyncio.current_task()
    assert task is not None
    return task.cancelling()


def _leaf(error: BaseException) -> BaseException:
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error


async def in_thread(function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Like ``asyncio.to_thread``, but when cancelled waits for the thread, which uses what the caller lets go of."""
    running = asyncio.ensure_future(asyncio.to_thread(function, *args, **kwargs))
    try:
        return await asyncio.shield(running)
    except asyncio.CancelledError:
        while not running.done():
            with suppress(asyncio.CancelledError):
                await asyncio.wait([running])
        raise


async def for_each(items: Iterable[T], work: Callable[[T], Awaitable[None]], *, width: int) -> None:
    """Await ``work(item)`` for all items, at most ``width`` at once; the first error ends all."""
    shared = iter(items)

    async def worker() -> None:
        for item in shared:
            await work(item)

    async with Group() as group:
        for _ in range(width):
            group.create_task(worker())


@asynccontextmanager
async def closing(items: AsyncIterator[T]) -> AsyncIterator[AsyncIterator[T]]:
    """``items`` for the length of the block, ended with it: a generator that is merely dropped
    would be ended some time later, in a task of its own."""
    try:
        yield items
    finally:
        if isinstance(items, AsyncGenerator):
            await items.aclose()


class Ahead(AsyncIterator[T]):
    """Runs an iterator in a task of ``group``, up to ``depth`` items ahead of who reads it."""

    def __init__(self, items: AsyncIterator[T], group: asyncio.TaskGroup, *, depth: int) -> None:
        self._items = items
        self._queue: asyncio.Queue[tuple[T] | None] = asyncio.Queue(depth)
        self._error: BaseException | None = None
        self._task = group.create_task(self._run())

    async def _run(self) -> None:
        try:
            async with closing(self._items):
                async for item in self._items:
                    await self._queue.put((item,))
        except Exception as error:
            self._error = error
        await self._queue.put(None)

    async def __anext__(self) -> T:
        got = await self._queue.get()
        if got is not None:
            return got[0]
        await self._queue.put(None)
        if self._error is not None:
            raise self._error
        raise StopAsyncIteration

    def cancel(self) -> None:
        """Stop running ahead; what was not read is dropped."""
        self._task.cancel()

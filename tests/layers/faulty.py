"""A store in memory that fails as it is told, and time that does not pass by itself."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from itertools import count
from typing import TypeVar

from transfer.errors import TransferError
from transfer.event import Event, Retrying
from transfer.governor import Governor
from transfer.layers import wrap
from transfer.layers.layer import Layer
from transfer.model import Body, Entry, Metadata, Page, Span
from transfer.plugin import Origin, Prune, Reading, Store, StoreOptions
from transfer_memory.store import MemoryStore

T = TypeVar("T")
_buckets = count()


class Faulty(Layer):
    """Raises ``before`` each call what is next there (None lets it be), and ``after`` it what is next there.

    While there is a ``gate``, each call waits for it.
    """

    def __init__(self, inner: Store) -> None:
        super().__init__(inner)
        self.before: list[TransferError | None] = []
        self.after: list[TransferError | None] = []
        self.calls: list[str] = []
        self.gate: asyncio.Event | None = None
        self.busy = 0
        self.busiest = 0

    async def _call(self, what: str, call: Callable[[], Awaitable[T]]) -> T:
        self.calls.append(what)
        self.busy += 1
        self.busiest = max(self.busiest, self.busy)
        try:
            await (self.gate.wait() if self.gate else asyncio.sleep(0))
            _raise_next(self.before)
            result = await call()
            _raise_next(self.after)
            return result
        finally:
            self.busy -= 1

    async def list(
        self, prefix: str = "", *, after: str | None = None, resume: str | None = None, prune: Prune | None = None
    ) -> AsyncIterator[Page]:
        pages = super().list(prefix, after=after, resume=resume, prune=prune)
        while (page := await self._call(f"list from {resume}", lambda: anext(pages, None))) is not None:
            yield page

    @asynccontextmanager
    async def read(self, entry: Entry, span: Span | None = None) -> AsyncIterator[Reading]:
        await self._call(f"read {entry.key}", lambda: asyncio.sleep(0))
        self.busy += 1
        try:
            async with super().read(entry, span) as reading:
                yield reading
        finally:
            self.busy -= 1


def _raise_next(errors: list[TransferError | None]) -> None:
    error = errors.pop(0) if errors else None
    if error is not None:
        raise error


class Bench:
    """A faulty store, the same within all layers, and the clock that they run on."""

    def __init__(self, *, most: int = 8, retries: int = 3) -> None:
        self.store = Faulty(MemoryStore(Origin("memory:", "", f"layers-{next(_buckets)}", ""), StoreOptions()))
        self.governor = Governor(most)
        self.now = 0.0
        self.slept: list[float] = []
        self.events: list[Event] = []
        self.layered = wrap(
            self.store,
            governor=self.governor,
            retries=retries,
            listener=self.events.append,
            sleep=self._sleep,
            clock=lambda: self.now,
            random=lambda: 0.5,
        )

    @property
    def retried(self) -> list[str]:
        return [event.what for event in self.events if isinstance(event, Retrying)]

    async def put(self, key: str, data: bytes = b"data") -> None:
        """Have an object there, without faults and counts."""
        await MemoryStore(self.store.origin, StoreOptions()).put(key, Body(data), Metadata())

    async def _sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds
        await asyncio.sleep(0)

"""Stores to move between, which count what they are asked and fail as they are told."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from itertools import count
from pathlib import Path
from types import ModuleType
from typing import Any, TypeVar

import pytest

from transfer.budget import Budget
from transfer.event import Event, Finished, Outcome, RunStarted
from transfer.layers.layer import Layer, close_pages
from transfer.model import Body, Entry, Metadata, Page, Span
from transfer.options import Options
from transfer.plugin import Origin, Prune, Reading, Store, StoreOptions
from transfer_memory.bucket import Object, bucket
from transfer_memory.store import MemoryStore

T = TypeVar("T")
Hook = Callable[[str], Awaitable[None]]

MIB = 1024 * 1024
WRITES = ("put", "begin", "finish", "abort", "copy", "update", "delete")
_numbers = count()


def memory(name: str = "", *, endpoint: str | None = None, prefix: str = "") -> MemoryStore:
    """A fresh, empty store, at an endpoint of its own unless told: so nothing is copied server side."""
    number = next(_numbers)
    name = f"{name or 'core'}-{number}"
    return MemoryStore(Origin(endpoint or f"memory-{number}:", "", name, prefix), StoreOptions(tags=True))


async def fill(store: Store, objects: Mapping[str, bytes], metadata: Metadata | None = None) -> None:
    """Have these objects there."""
    for key, data in objects.items():
        await store.put(key, Body(data), metadata or Metadata())


def objects(store: Store) -> dict[str, Object]:
    """What a memory store holds, by key."""
    held = bucket(store.origin.container).objects
    return {name.removeprefix(store.origin.prefix): found for name, found in held.items()}


def contents(store: Store) -> dict[str, bytes]:
    """The bytes of what a memory store holds, by key."""
    return {key: found.data for key, found in objects(store).items()}


def open_uploads(store: Store) -> int:
    """How many multipart uploads are open in a memory store."""
    return len(bucket(store.origin.container).uploads)


def pattern(size: int, seed: int = 0) -> bytes:
    """Bytes of which no two parts are alike."""
    block = b"".join((number * 2654435761 + seed).to_bytes(8, "big") for number in range(size // 8 + 1))
    return block[:size]


def quick(**changes: Any) -> Options:
    """Options with which a few MiB are large, and a failure is not waited over."""
    chosen: dict[str, Any] = {
        "memory": 16 * MIB,
        "part_size": MIB,
        "multipart_threshold": MIB,
        "retries": 0,
        "transfers": 4,
    }
    return Options(**{**chosen, **changes})


class Watched(Layer):
    """Notes every call as ``put some/key`` or ``put part 3 of some/key``; reads as ``read key`` or ``read key at 5+3``.

    ``before`` and ``after`` are awaited around each, and may raise.
    """

    def __init__(self, inner: Store) -> None:
        super().__init__(inner)
        self.calls: list[str] = []
        self.before: Hook | None = None
        self.after: Hook | None = None
        self.closed = False

    def count(self, *verbs: str) -> int:
        """How many calls began with one of these."""
        return sum(call.startswith(verbs) for call in self.calls)

    def forget(self) -> None:
        self.calls.clear()

    async def _call(self, what: str, call: Callable[[], Awaitable[T]]) -> T:
        self.calls.append(what)
        if self.before is not None:
            await self.before(what)
        result = await call()
        if self.after is not None:
            await self.after(what)
        return result

    async def list(
        self, prefix: str = "", *, after: str | None = None, resume: str | None = None, prune: Prune | None = None
    ) -> AsyncIterator[Page]:
        pages = super().list(prefix, after=after, resume=resume, prune=prune)
        try:
            while (page := await self._call("list", lambda: anext(pages, None))) is not None:
                yield page
        finally:
            await close_pages(pages)

    @asynccontextmanager
    async def read(self, entry: Entry, span: Span | None = None) -> AsyncIterator[Reading]:
        where = "" if span is None else f" at {span.offset}+{span.size}"
        await self._call(f"read {entry.key}{where}", _nothing)
        async with super().read(entry, span) as reading:
            yield reading

    async def aclose(self) -> None:
        self.closed = True
        await super().aclose()


class Forgetful(Watched):
    """A store that keeps neither checksums nor ETags that could be compared."""

    async def list(
        self, prefix: str = "", *, after: str | None = None, resume: str | None = None, prune: Prune | None = None
    ) -> AsyncIterator[Page]:
        async for page in super().list(prefix, after=after, resume=resume, prune=prune):
            entries = [replace(item, etag=None) for item in page.items if isinstance(item, Entry)]
            yield Page(tuple(entries), page.resume)

    async def stat(self, key: str) -> Entry:
        return replace(await super().stat(key), etag=None, checksums={})


async def _nothing() -> None:
    pass


class Heard(list[Event]):
    """A listener that keeps all events."""

    def __call__(self, event: Event) -> None:
        self.append(event)

    @property
    def outcomes(self) -> dict[str, Outcome]:
        """The last outcome of each key."""
        return {event.outcome.key: event.outcome for event in self if isinstance(event, Finished)}

    @property
    def checkpoint(self) -> Path:
        """The run's checkpoint."""
        (started,) = self.of(RunStarted)
        assert started.checkpoint is not None
        return Path(started.checkpoint)

    def of(self, kind: type[T]) -> list[T]:
        """The events of one kind."""
        return [event for event in self if isinstance(event, kind)]


def raising(error: Exception, *verbs: str, times: int | None = None) -> Hook:
    """A hook that raises at calls that begin with one of ``verbs``: always, or the first ``times``."""
    left = count() if times is None else iter(range(times))

    async def hook(what: str) -> None:
        if what.startswith(verbs) and next(left, None) is not None:
            raise error

    return hook


def budgets_kept(monkeypatch: pytest.MonkeyPatch, *modules: ModuleType) -> list[Budget]:
    """A list that gets the budgets of all runs, as these modules make them."""
    made: list[Budget] = []

    def make(total: int) -> Budget:
        made.append(Budget(total))
        return made[-1]

    for module in modules:
        monkeypatch.setattr(module, "Budget", make)
    return made

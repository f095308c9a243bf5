"""The parts of a run, measured: stores, lanes, memory, journal. Unchanged where nobody watches."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Mapping, Sequence
from dataclasses import replace
from typing import TypeVar

from transfer.budget import Budget
from transfer.checkpoint import Backup, Look, OpenUpload, Row
from transfer.lanes import Lanes, Line, Unit
from transfer.layers.timing import Timing
from transfer.model import Upload
from transfer.pipeline.route import Journal, Route
from transfer.plugin import Store
from transfer.profile import Profile, watching
from transfer.tasks import closing

T = TypeVar("T")


def watched_store(store: Store, side: str) -> Store:
    """``store`` as its provider is asked, within all layers."""
    profile = watching()
    return store if profile is None else Timing(store, profile, f"{side} requests")


def watched_route(plain: Route) -> Route:
    """A route that is about to be used."""
    profile = watching()
    if profile is None:
        return plain
    budget = _Budget(plain.budget.total, profile)
    return replace(
        plain,
        source=Timing(plain.source, profile, "source"),
        target=Timing(plain.target, profile, "target"),
        budget=budget,
        lanes=_Lanes(budget, plain.lanes.limit, profile),
        journal=_Journal(plain.journal, profile),
    )


def waited_for(items: AsyncIterator[T], name: str) -> AsyncIterator[T]:
    """``items``, and how long each was waited for."""
    profile = watching()
    return items if profile is None else _waited_for(items, profile, name)


async def _waited_for(items: AsyncIterator[T], profile: Profile, name: str) -> AsyncGenerator[T, None]:
    async with closing(items):
        while True:
            try:
                with profile.span(name):
                    item = await anext(items)
            except StopAsyncIteration:
                return
            yield item


class _Budget(Budget):
    def __init__(self, total: int, profile: Profile) -> None:
        super().__init__(total)
        self._profile = profile

    async def take(self, size: int) -> memoryview:
        with self._profile.span("wait: memory", size):
            return await super().take(size)


class _Lanes(Lanes):
    def __init__(self, budget: Budget, limit: int, profile: Profile) -> None:
        super().__init__(budget, limit)
        self._profile = profile

    def unit(self, size: int, *, large: bool = False) -> Unit:
        line = self._large if large else self._small
        return _Unit(self, self._budget, line, size, self._profile)

    async def enter(self, line: Line) -> None:
        with self._profile.span("wait: a lane"):
            await super().enter(line)


class _Unit(Unit):
    __slots__ = ("_profile",)

    def __init__(self, lanes: Lanes, budget: Budget, line: Line, size: int, profile: Profile) -> None:
        super().__init__(lanes, budget, line, size)
        self._profile = profile

    async def __aenter__(self) -> memoryview:
        with self._profile.span("wait: memory and a lane, in line"):
            return await super().__aenter__()


class _Journal:
    """Measures what is waited for; what is merely queued takes no time."""

    def __init__(self, inner: Journal, profile: Profile) -> None:
        self._inner = inner
        self._profile = profile
        self.receipt = inner.receipt
        self.dropped = inner.dropped
        self.done = inner.done
        self.alike = inner.alike
        self.doubted = inner.doubted

    async def intend(self, key: str, source: Look, shape: str, to: str | None = None) -> None:
        with self._profile.span("checkpoint: intend"):
            await self._inner.intend(key, source, shape, to)

    async def begun(self, key: str, upload: Upload) -> None:
        with self._profile.span("checkpoint: keep an upload"):
            await self._inner.begun(key, upload)

    async def open_upload(self, key: str) -> OpenUpload | None:
        with self._profile.span("checkpoint: look"):
            return await self._inner.open_upload(key)

    async def row(self, key: str) -> Row | None:
        with self._profile.span("checkpoint: look"):
            return await self._inner.row(key)

    async def doubts(self, keys: Sequence[str]) -> Mapping[str, Look | None]:
        with self._profile.span("checkpoint: look"):
            return await self._inner.doubts(keys)

    async def backed_up(self, key: str, backup: Backup) -> None:
        with self._profile.span("checkpoint: keep a backup"):
            await self._inner.backed_up(key, backup)

    async def backup(self, key: str) -> Backup | None:
        with self._profile.span("checkpoint: look"):
            return await self._inner.backup(key)

    async def room(self) -> None:
        with self._profile.span("checkpoint: wait for room"):
            await self._inner.room()

    async def flush(self) -> None:
        with self._profile.span("checkpoint: flush"):
            await self._inner.flush()

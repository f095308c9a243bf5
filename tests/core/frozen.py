"""A store whose objects are in cold storage, by a clock that tests turn, and what it bills."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace

from tests.core.rig import Watched
from transfer.errors import Frozen
from transfer.model import Cold, Entry, Page, Span, Thaw
from transfer.plugin import Prune, Reading, Store

HOUR_NS = 3600 * 10**9
DAY_NS = 24 * HOUR_NS
HOURS = {"Bulk": 12, "Standard": 5, "Expedited": 1, "": 5}


@dataclass(slots=True)
class Clock:
    """Begins now."""

    moment: int

    @classmethod
    def started(cls) -> Clock:
        return cls(time.time_ns())

    def __call__(self) -> int:
        return self.moment

    def turn(self, hours: float) -> None:
        self.moment += round(hours * HOUR_NS)


@dataclass(frozen=True, slots=True)
class Bill:
    """A request that was charged for."""

    key: str
    span: Span | None
    size: int
    tier: str
    asked_ns: int
    ready_ns: int
    until_ns: int

    def state(self, now_ns: int) -> Cold:
        if now_ns >= self.until_ns:
            return Cold.FROZEN
        return Cold.THAWED if now_ns >= self.ready_ns else Cold.THAWING

    def holds(self, offset: int, size: int) -> bool:
        return self.span is None or (self.span.offset <= offset and offset + size <= self.span.offset + self.span.size)

    def meets(self, span: Span | None) -> bool:
        if self.span is None or span is None:
            return True
        return self.span.offset < span.offset + span.size and span.offset < self.span.offset + self.span.size


class Freezer(Watched):
    """Like a bucket of archives: ``stat`` tells how far each is, and a repeated request costs nothing."""

    def __init__(self, inner: Store, clock: Clock, cold: set[str]) -> None:
        super().__init__(inner)
        self.clock = clock
        self.cold = cold
        self.bills: list[Bill] = []
        self.lists = False
        self.stats_tell = True

    @property
    def capabilities(self):  # type: ignore[no-untyped-def, override]
        tiers = ("Bulk", "Standard", "Expedited")
        return replace(self._inner.capabilities, thaw=True, thaw_tiers=tiers, lists_cold=self.lists)

    @property
    def limits(self):  # type: ignore[no-untyped-def, override]
        return replace(self._inner.limits, max_thaw_days=30)

    def live(self, key: str) -> list[Bill]:
        """Requests that go on, or of which something can be read."""
        return [bill for bill in self.bills if bill.key == key and bill.state(self.clock()) is not Cold.FROZEN]

    def twice(self) -> list[tuple[Bill, Bill]]:
        """What was paid for while it was paid for."""
        pairs = [(one, other) for number, one in enumerate(self.bills) for other in self.bills[number + 1 :]]
        return [
            (one, other)
            for one, other in pairs
            if one.key == other.key and one.meets(other.span) and other.asked_ns < one.until_ns
        ]

    def most_in(self, window_ns: int) -> int:
        """The most bytes asked for in any stretch of that length."""
        sums = [
            sum(other.size for other in self.bills if one.asked_ns <= other.asked_ns < one.asked_ns + window_ns)
            for one in self.bills
        ]
        return max(sums, default=0)

    def told(self, entry: Entry) -> Entry:
        """``entry`` with how far it is."""
        if entry.key not in self.cold:
            return entry
        states = {bill.state(self.clock()) for bill in self.live(entry.key)}
        for cold in (Cold.THAWED, Cold.THAWING):
            if cold in states:
                return replace(entry, cold=cold)
        return replace(entry, cold=Cold.FROZEN)

    async def stat(self, key: str) -> Entry:
        return self.told(await super().stat(key))

    async def list(
        self, prefix: str = "", *, after: str | None = None, resume: str | None = None, prune: Prune | None = None
    ) -> AsyncIterator[Page]:
        async for page in super().list(prefix, after=after, resume=resume, prune=prune):
            items = [self.told(item) if isinstance(item, Entry) and self.lists else item for item in page.items]
            yield replace(page, items=tuple(items))

    @asynccontextmanager
    async def read(self, entry: Entry, span: Span | None = None) -> AsyncIterator[Reading]:
        offset, size = (0, entry.size or 0) if span is None else (span.offset, span.size)
        if entry.key in self.cold and not self._readable(entry.key, offset, size):
            self.calls.append(f"read {entry.key} in vain")
            raise Frozen(f"'{entry.key}' is frozen", key=entry.key)
        async with super().read(entry, span) as reading:
            yield reading

    def _readable(self, key: str, offset: int, size: int) -> bool:
        bills = [bill for bill in self.live(key) if bill.state(self.clock()) is Cold.THAWED]
        return any(bill.holds(offset, size) for bill in bills)

    async def thaw(self, entry: Entry, days: int, tier: str, span: Span | None = None) -> Thaw:
        what = f"thaw {entry.key}" if span is None else f"thaw {entry.key} at {span.offset}+{span.size}"
        return await self._call(what, lambda: self._asked(entry, days, tier, span))

    async def _asked(self, entry: Entry, days: int, tier: str, span: Span | None) -> Thaw:
        for bill in self.live(entry.key):
            return Thaw(entry.key, bill.state(self.clock()), bill.size, tier=bill.tier)
        return self._billed(entry, days, tier, span)

    def _billed(self, entry: Entry, days: int, tier: str, span: Span | None) -> Thaw:
        now = self.clock()
        ready = now + HOURS[tier] * HOUR_NS
        size = (entry.size or 0) if span is None else span.size
        bill = Bill(entry.key, span, size, tier, now, ready, ready + days * DAY_NS)
        self.bills.append(bill)
        return Thaw(entry.key, Cold.THAWING, size, now, ready, tier=tier, span=span)


class Vault(Freezer):
    """Like a vault: a list tells what was asked for, in spans too; a repeated request is paid for again."""

    def __init__(self, inner: Store, clock: Clock, cold: set[str], span: int | None = None) -> None:
        super().__init__(inner, clock, cold)
        self.span = span

    @property
    def capabilities(self):  # type: ignore[no-untyped-def, override]
        return replace(super().capabilities, thaws=True, lists_cold=True)

    @property
    def limits(self):  # type: ignore[no-untyped-def, override]
        return replace(self._inner.limits, thaw_span=self.span, max_thaw_days=None)

    def told(self, entry: Entry) -> Entry:
        if entry.key not in self.cold:
            return entry
        live = self.live(entry.key)
        if any(bill.span is None and bill.state(self.clock()) is Cold.THAWED for bill in live):
            return replace(entry, cold=Cold.THAWED)
        return replace(entry, cold=Cold.THAWING if live else Cold.FROZEN)

    async def _asked(self, entry: Entry, days: int, tier: str, span: Span | None) -> Thaw:
        assert days == 1
        return self._billed(entry, days, tier, span)

    async def thaws(self) -> Sequence[Thaw]:
        return await self._call("list thaws", self._listed)

    async def _listed(self) -> Sequence[Thaw]:
        now = self.clock()
        recent = [bill for bill in self.bills if now < bill.until_ns + DAY_NS]
        return [Thaw(b.key, b.state(now), b.size, b.asked_ns, b.ready_ns, b.until_ns, b.tier, b.span) for b in recent]

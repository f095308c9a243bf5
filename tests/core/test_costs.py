"""What a plan will cost is known ahead of the run that is limited by it."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Sequence
from contextlib import closing
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest

import transfer
from tests.core.rig import Heard, Watched, contents, fill, memory, quick
from transfer.costs import Charge, Estimate
from transfer.errors import Misconfigured
from transfer.event import RunFinished
from transfer.model import Entry, Page
from transfer.plugin import Prune, Store


class Meter:
    """A dollar for each write, two for what is replaced, three for what is deleted."""

    def __init__(self, currency: str) -> None:
        self.currency = currency
        self.total = 0

    def thaws(self, entry: Entry, days: int, tier: str) -> None:
        """Costs nothing."""

    def writes(self, parts: int) -> None:
        self.total += parts

    async def replaces(self, entry: Entry) -> None:
        self.total += 2

    async def deletes(self, entries: Sequence[Entry]) -> None:
        self.total += 3 * len(entries)

    def estimate(self) -> Estimate:
        return Estimate("here", "now", self.currency, (Charge("work", Decimal(self.total)),))


class Charging(Watched):
    """A store that knows what it charges."""

    currency = "USD"

    def __init__(self, inner: Store) -> None:
        super().__init__(inner)
        self.listing = asyncio.Event()
        self.listed = asyncio.Event()
        self.listed.set()

    @property
    def capabilities(self):  # type: ignore[no-untyped-def, override]
        return replace(super().capabilities, charges=True)

    async def meter(self) -> Meter:
        return Meter(self.currency)

    async def spent(self) -> Estimate:
        return Meter(self.currency).estimate()

    async def list(
        self, prefix: str = "", *, after: str | None = None, resume: str | None = None, prune: Prune | None = None
    ) -> AsyncIterator[Page]:
        self.listing.set()
        await self.listed.wait()
        async for page in super().list(prefix, after=after, resume=resume, prune=prune):
            yield page


async def places() -> tuple[Watched, Charging]:
    """One object is new, one is changed, one is at the target alone: 1 + 1 + 2 + 3 dollars."""
    source, target = Watched(memory()), Charging(memory())
    await fill(source, {"changed": b"new", "new": b"1"})
    await fill(target, {"changed": b"old data", "gone": b"2"})
    return source, target


@pytest.mark.parametrize(("most", "status"), [("6.99", 3), ("7", 0)])
async def test_all_of_the_plan_counts(most: str, status: int) -> None:
    source, target = await places()
    before = contents(target)
    result = await transfer.sync(source, target, quick(delete=True, max_cost=Decimal(most)))
    assert result.exit_status == status
    assert (contents(target) == before) is (status == 3)


async def test_who_interrupts_the_plan_is_told_as_ever() -> None:
    source, target = await places()
    target.listed.clear()
    heard = Heard()
    running = asyncio.create_task(transfer.sync(source, target, quick(max_cost=7), listener=heard))
    await target.listing.wait()
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    (finished,) = heard.of(RunFinished)
    assert finished.result.interrupted


async def test_a_plan_writes_nothing_down(tmp_path: Path) -> None:
    """Not even what it found to be the same, which a run does."""
    source, target = await places()
    await fill(source, {"same": b"equal"})
    await fill(target, {"same": b"equal"})
    for most, rows in ((0, 0), (7, 3)):
        await transfer.sync(source, target, quick(max_cost=most, checkpoint=tmp_path / "c.sqlite"))
        with closing(sqlite3.connect(tmp_path / "c.sqlite")) as database:
            assert database.execute("SELECT count(*) FROM done").fetchone() == (rows,)


async def test_two_currencies_make_no_sum() -> None:
    source, target = Charging(memory()), Charging(memory())
    source.currency = "CNY"
    with pytest.raises(Misconfigured, match="one amount, and the prices are in CNY and USD"):
        await transfer.sync(source, target, quick(max_cost=7))

"""Prices at hand for a vault: what a plan would cost, and what was spent."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from transfer.costs import Estimate
from transfer.model import Entry
from transfer_glacier.archive import Archive
from transfer_glacier.bill import Bill
from transfer_glacier.names import Names
from transfer_glacier.prices import Prices, bundled, read_table

_REQUESTS_BESIDE_PARTS = 2
"""An upload is begun and completed."""


class Billing:
    """``table`` is a file with prices, or None for those that come with this package."""

    def __init__(self, region: str, table: str | None) -> None:
        self._region = region
        self._table = table
        self._spent: Bill | None = None

    async def see(self) -> None:
        """Raise Misconfigured for a table that can't be used."""
        if self._table is not None:
            await self.spent()

    async def spent(self) -> Bill:
        """Of all that was asked for so far, to be added to."""
        if self._spent is None:
            bill = Bill(await asyncio.to_thread(self._prices))
            self._spent = self._spent or bill  # another task may have been faster
        return self._spent

    async def new(self) -> Bill:
        """An empty one."""
        return Bill((await self.spent()).prices)

    def _prices(self) -> Prices:
        table = bundled() if self._table is None else read_table(self._table)
        return table.prices(self._region)


class VaultMeter:
    """What a plan asks of a vault. ``keeps`` says that older archives of a name stay when it is replaced or deleted."""

    def __init__(self, bill: Bill, names: Names, now: int, *, keeps: bool) -> None:
        self._bill = bill
        self._names = names
        self._now = now
        self._keeps = keeps

    def thaws(self, entry: Entry, days: int, tier: str) -> None:
        self._bill.retrieve(tier, entry.size or 0)

    def writes(self, parts: int) -> None:
        self._bill.upload(parts + _REQUESTS_BESIDE_PARTS)

    async def replaces(self, entry: Entry) -> None:
        """Only the archive that has the name goes; older ones stay as they are."""
        if not self._keeps:
            self._delete((await self._names.doomed(entry.key, all_versions=True))[:1])

    async def deletes(self, entries: Sequence[Entry]) -> None:
        for entry in entries:
            self._delete(await self._names.doomed(entry.key, all_versions=not self._keeps))

    def estimate(self) -> Estimate:
        return self._bill.estimate()

    def _delete(self, archives: Sequence[Archive]) -> None:
        for archive in archives:
            self._bill.delete(archive.size, archive.created, self._now)

"""Adding up what a plan costs, for stores that know what is charged for."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from transfer.costs import Estimate
from transfer.model import Entry


class Meter(Protocol):
    """What is asked of a store is told here, and comes to an estimate.

    It has what each call is charged with, and what is owed for objects that go before their least time is over; not
    what their bytes cost on their way out, nor what it costs to keep them.
    """

    def thaws(self, entry: Entry, days: int, tier: str) -> None:
        """All of an object is thawed; ``days`` and ``tier`` as for :meth:`Store.thaw`."""

    def writes(self, parts: int) -> None:
        """An object is written, in so many parts; 1 may be a :meth:`Store.put`."""

    async def replaces(self, entry: Entry) -> None:
        """The object is replaced now."""

    async def deletes(self, entries: Sequence[Entry]) -> None:
        """The objects are deleted now."""

    def estimate(self) -> Estimate:
        """What all of it comes to."""

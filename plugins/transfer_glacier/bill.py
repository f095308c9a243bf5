"""What is asked of a vault, and comes to an estimate."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field

from transfer.costs import Estimate
from transfer_glacier import estimate as estimates
from transfer_glacier.estimate import Early
from transfer_glacier.prices import Prices

USUAL = "standard"
"""The tier of a retrieval for which none was named."""


@dataclass(slots=True)
class _Retrieved:
    requests: int = 0
    size: int = 0


@dataclass(slots=True)
class Bill:
    """Adds up requests that are charged for, and what is owed for archives that go early."""

    prices: Prices
    _retrieved: dict[str, _Retrieved] = field(default_factory=lambda: defaultdict(_Retrieved))
    """By tier."""
    _uploads: int = 0
    _early: Early = field(init=False)

    def __post_init__(self) -> None:
        self._early = Early(self.prices)

    def retrieve(self, tier: str, size: int) -> None:
        """One request for an archive, or a range of it."""
        retrieved = self._retrieved[tier or USUAL]
        retrieved.requests += 1
        retrieved.size += size

    def upload(self, requests: int) -> None:
        """So many requests that write."""
        self._uploads += requests

    def delete(self, size: int, created: int, now: int) -> None:
        """One archive of ``size`` bytes; both times are in seconds since 1970."""
        self._early.add(size, created, now)

    def estimate(self) -> Estimate:
        """What it comes to. Raises Misconfigured for a tier without a price."""
        total = estimates.nothing(self.prices)
        for tier, retrieved in sorted(self._retrieved.items()):
            total = total.plus(estimates.retrieval(self.prices, tier, retrieved.requests, retrieved.size))
        return total.plus(estimates.uploads(self.prices, self._uploads)).plus(self._early.estimate())

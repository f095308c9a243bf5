"""What a plan will cost: retrievals, uploads, deletions. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from transfer.costs import Charge, Estimate
from transfer.errors import Misconfigured
from transfer_glacier.prices import Prices

_GB = 1024**3
_THOUSAND = 1000
_DAY_S = 86_400
_MONTH_DAYS = 30


def nothing(prices: Prices) -> Estimate:
    """An estimate to add to."""
    return Estimate(prices.region, prices.terms.date, prices.terms.currency)


def retrieval(prices: Prices, tier: str, requests: int, size: int, *, leaving: int = 0) -> Estimate:
    """Of ``size`` bytes asked for in so many requests, one for each archive or range.

    ``leaving`` are the bytes that then go to somewhere outside AWS. Raises Misconfigured for a tier without a price.
    """
    rate = prices.retrieval.get(tier)
    if rate is None:
        known = ", ".join(prices.retrieval) or "none"
        raise Misconfigured(f"There is no price for {tier} retrievals in {prices.region}; there is for {known}.")
    assumed = f"retrieval.{tier}" in prices.assumed
    charges = (
        Charge(f"{requests:,} {tier} {_plural(requests, 'request')}", rate.thousand * requests / _THOUSAND, assumed),
        Charge(f"{_gb(size)} retrieved", rate.gb * size / _GB, assumed),
        Charge(
            f"{_gb(leaving)} sent out of AWS", prices.transfer_out * leaving / _GB, "transfer_out" in prices.assumed
        ),
    )
    return _estimate(prices, charges)


def uploads(prices: Prices, requests: int) -> Estimate:
    """Of so many requests that write: an archive in n parts takes n + 2."""
    words = f"{requests:,} upload {_plural(requests, 'request')}"
    return _estimate(prices, (Charge(words, prices.upload * requests / _THOUSAND, "upload" in prices.assumed),))


def storage(prices: Prices, archives: int, size: int) -> Estimate:
    """Of a month of so many archives with ``size`` bytes in all."""
    billed = size + archives * prices.terms.overhead
    words = f"a month of {archives:,} {_plural(archives, 'archive')}, {_gb(billed)}"
    return _estimate(prices, (Charge(words, prices.storage * billed / _GB, "storage" in prices.assumed),))


@dataclass(slots=True)
class Early:
    """Adds up archives that are deleted, or overwritten, before their minimum days are over.

    What is left of the minimum is paid for by the second.
    """

    prices: Prices
    _archives: int = 0
    _owed: int = 0
    """Bytes times seconds."""

    def add(self, size: int, created: int, now: int) -> None:
        """One that was ``created`` then and is deleted ``now``, both in seconds since 1970."""
        least_s = self.prices.terms.minimum_days * _DAY_S
        left_s = min(least_s, created + least_s - now)
        if left_s > 0:
            self._archives += 1
            self._owed += (size + self.prices.terms.overhead) * left_s

    def estimate(self) -> Estimate:
        """What is owed."""
        days = self.prices.terms.minimum_days
        words = f"{self._archives:,} {_plural(self._archives, 'archive')} younger than {days} days"
        amount = self.prices.storage * self._owed / _GB / (_MONTH_DAYS * _DAY_S)
        return _estimate(self.prices, (Charge(words, amount, "storage" in self.prices.assumed),))


def early_deletion(prices: Prices, deleted: Iterable[tuple[int, int]], now: int) -> Estimate:
    """Of deleting archives ``now``, of which ``deleted`` are sizes and times of creation (seconds since 1970)."""
    early = Early(prices)
    for size, created in deleted:
        early.add(size, created, now)
    return early.estimate()


def _estimate(prices: Prices, charges: tuple[Charge, ...]) -> Estimate:
    return Estimate(
        prices.region, prices.terms.date, prices.terms.currency, tuple(each for each in charges if each.amount)
    )


def _gb(size: int) -> str:
    return f"{Decimal(size) / _GB:,.2f} GB"


def _plural(count: int, noun: str) -> str:
    return noun if count == 1 else f"{noun}s"

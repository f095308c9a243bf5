"""What a plan will cost: retrievals, uploads, deletions. Pure.

An estimate is a sum of charges, each with what it is for, so that a person can see where the money goes.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import ROUND_CEILING, Decimal

from transfer.errors import Misconfigured
from transfer_glacier.prices import Prices

_GB = 1024**3
_THOUSAND = 1000
_DAY_S = 86_400
_MONTH_DAYS = 30
_CENT = Decimal("0.01")


@dataclass(frozen=True, slots=True)
class Charge:
    """``amount`` for what ``words`` say. ``assumed``: the price was not found published."""

    words: str
    amount: Decimal
    assumed: bool = False


@dataclass(frozen=True, slots=True)
class Estimate:
    """What something will cost, in ``currency``, at the prices of ``date`` in ``region``."""

    region: str
    date: str
    currency: str
    charges: tuple[Charge, ...] = ()

    @property
    def total(self) -> Decimal:
        return sum((charge.amount for charge in self.charges), Decimal())

    def plus(self, other: Estimate) -> Estimate:
        """Both together, of one region and table."""
        return Estimate(self.region, self.date, self.currency, self.charges + other.charges)

    def __str__(self) -> str:
        if not self.total:
            return f"Nothing to pay for (prices of {self.date}, {self.region})."
        parts = ", ".join(
            f"{_shown(charge.amount)} for {charge.words}{' (assumed)' if charge.assumed else ''}"
            for charge in self.charges
            if charge.amount
        )
        return (
            f"About {_shown(self.total)} {self.currency} (prices of {self.date}, {self.region}, before taxes): {parts}."
        )


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


def early_deletion(prices: Prices, deleted: Iterable[tuple[int, int]], now: int) -> Estimate:
    """Of deleting, or overwriting, archives before their minimum days are over.

    ``deleted`` are the size and the time of creation (seconds since 1970) of each; ``now`` is when they are deleted.
    What is left of the minimum is paid for by the second.
    """
    least_s = prices.terms.minimum_days * _DAY_S
    early = owed = 0
    for size, created in deleted:
        left_s = min(least_s, created + least_s - now)
        if left_s > 0:
            early += 1
            owed += (size + prices.terms.overhead) * left_s
    words = f"{early:,} {_plural(early, 'archive')} younger than {prices.terms.minimum_days} days"
    amount = prices.storage * owed / _GB / (_MONTH_DAYS * _DAY_S)
    return _estimate(prices, (Charge(words, amount, "storage" in prices.assumed),))


def _estimate(prices: Prices, charges: tuple[Charge, ...]) -> Estimate:
    return Estimate(
        prices.region, prices.terms.date, prices.terms.currency, tuple(each for each in charges if each.amount)
    )


def _shown(amount: Decimal) -> str:
    """Rounded up, so that nothing looks free that is not."""
    return f"{amount.quantize(_CENT, ROUND_CEILING):,}"


def _gb(size: int) -> str:
    return f"{Decimal(size) / _GB:,.2f} GB"


def _plural(count: int, noun: str) -> str:
    return noun if count == 1 else f"{noun}s"

"""What something costs at a provider, as an estimate: a sum of charges, each with what it is for. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_CEILING, Decimal

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
            f"{shown(charge.amount)} for {charge.words}{' (assumed)' if charge.assumed else ''}"
            for charge in self.charges
            if charge.amount
        )
        return (
            f"About {shown(self.total)} {self.currency} (prices of {self.date}, {self.region}, before taxes): {parts}."
        )


def shown(amount: Decimal) -> str:
    """Rounded up to cents, so that nothing looks free that is not."""
    return f"{amount.quantize(_CENT, ROUND_CEILING):,}"

"""Estimates of costs as JSON."""

from __future__ import annotations

from transfer.costs import Estimate


def estimate_body(estimate: Estimate) -> dict[str, object]:
    """Its fields; amounts are decimal numbers, as texts."""
    charges = [
        {"for": charge.words, "amount": str(charge.amount), "assumed": charge.assumed} for charge in estimate.charges
    ]
    return {
        "total": str(estimate.total),
        "currency": estimate.currency,
        "region": estimate.region,
        "prices_of": estimate.date,
        "charges": charges,
    }

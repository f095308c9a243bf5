"""What an account would have been billed for."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Retrieval:
    """A retrieval job that was accepted; the bytes are those up to ``end``. Moments are seconds since 1970."""

    job: str
    vault: str
    archive: str
    tier: str
    start: int
    end: int
    asked: float
    until: float
    """When its output goes."""

    @property
    def size(self) -> int:
        """How many bytes."""
        return self.end - self.start


@dataclass(frozen=True, slots=True)
class EarlyDeletion:
    """An archive that was deleted before it was old enough."""

    archive: str
    vault: str
    size: int
    days: float
    """How old it was."""


@dataclass(slots=True)
class Billing:
    """All of it."""

    retrievals: list[Retrieval] = field(default_factory=list)
    early_deletions: list[EarlyDeletion] = field(default_factory=list)
    requests: Counter[str] = field(default_factory=Counter)
    """Requests that were granted, by verb."""

    def retrieved(self, tier: str = "") -> int:
        """Bytes of that tier, or of all."""
        return sum(each.size for each in self.of_tier(tier))

    def of_tier(self, tier: str = "") -> list[Retrieval]:
        """Retrievals of that tier, or all."""
        return [each for each in self.retrievals if tier in ("", each.tier)]

    def billed_twice(self) -> list[tuple[Retrieval, Retrieval]]:
        """Retrievals of bytes that another one, not yet over, had already been asked for."""
        pairs, of_archive = [], defaultdict[str, list[Retrieval]](list)
        for later in self.retrievals:
            before = of_archive[later.archive]
            pairs += [(earlier, later) for earlier in before if _covers(earlier, later)]
            before.append(later)
        return pairs

    def summary(self) -> dict[str, object]:
        """As the control endpoint tells it."""
        tiers = sorted({each.tier for each in self.retrievals})
        return {
            "retrievals": {tier: _sum(self.of_tier(tier)) for tier in tiers},
            "billed_twice": len(self.billed_twice()),
            "early_deletions": {"archives": len(self.early_deletions), "bytes": _bytes(self.early_deletions)},
            "requests": dict(self.requests),
        }


def _covers(earlier: Retrieval, later: Retrieval) -> bool:
    return earlier.start < later.end and later.start < earlier.end and later.asked < earlier.until


def _sum(retrievals: Iterable[Retrieval]) -> dict[str, int]:
    found = list(retrievals)
    return {"jobs": len(found), "bytes": _bytes(found)}


def _bytes(found: Iterable[Retrieval | EarlyDeletion]) -> int:
    return sum(each.size for each in found)

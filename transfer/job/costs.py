"""What a run will cost, or did, at those of its places that know what is charged for."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from decimal import Decimal

from transfer.costs import Estimate, shown
from transfer.decide import Step
from transfer.errors import Misconfigured, TransferError
from transfer.event import Action, Costs, Outcome, Verdict
from transfer.job.asking import days_of, tiers_of
from transfer.model import Entry
from transfer.pipeline.multipart import planned_part
from transfer.pipeline.route import Route
from transfer.pipeline.way import in_parts
from transfer.plugin import Meter, Store


@dataclass(frozen=True, slots=True)
class Expected:
    """Adds up what a plan will cost, step by step, while it is only told."""

    route: Route
    source: Meter | None
    target: Meter | None

    @classmethod
    async def of(cls, route: Route) -> Expected:
        """Raises Misconfigured where prices can't be used, lack one that is needed, or are in two currencies."""
        expected = cls(route, await _meter(route.source), await _meter(route.target))
        trial = await _meter(route.source)
        if trial is not None:
            trial.thaws(Entry("", 0), *_asked_of(route))
            trial.estimate()
        currencies = sorted({meter.estimate().currency for meter in (expected.source, expected.target) if meter})
        if len(currencies) > 1 and route.options.max_cost is not None:
            raise Misconfigured(f"--max-cost is one amount, and the prices are in {' and '.join(currencies)}.")
        return expected

    async def add(self, step: Step, outcome: Outcome) -> None:
        """What was told of one object."""
        if outcome.verdict is not Verdict.PLANNED:
            return
        if self.source is not None and outcome.action is Action.THAW:
            entry = step.source or await _found(self.route.source, step.key) or Entry(step.key, outcome.size)
            self.source.thaws(entry, *_asked_of(self.route))
        if self.target is not None and outcome.action in (Action.THAW, Action.COPY):
            self.target.writes(self._parts(outcome.size or 0))
            there = step.target or await _found(self.route.target, step.target_key)
            if there is not None:
                await self.target.replaces(there)

    async def deletes(self, entries: Sequence[Entry]) -> None:
        """What is at the target alone goes."""
        if self.target is not None:
            await self.target.deletes(entries)

    def all(self) -> Costs:
        """What it comes to, by place."""
        meters = ((self.route.source, self.source), (self.route.target, self.target))
        return _told([(store.url, meter.estimate()) for store, meter in meters if meter is not None])

    def _parts(self, size: int) -> int:
        with suppress(TransferError):  # which is told when it is sent
            if in_parts(self.route, size):
                return -(-size // planned_part(self.route, size))
        return 1


async def spent(route: Route) -> Costs:
    """What was asked for in this run, by place, as far as this process has asked for it."""
    stores = [store for store in (route.source, route.target) if store.capabilities.charges]
    return _told([(store.url, await store.spent()) for store in stores])


def excess(costs: Costs, most: Decimal | None) -> str | None:
    """The sentence with which a run is refused that costs more than ``most``, all in one currency."""
    total = sum((estimate.total for _, estimate in costs), Decimal())
    if most is None or total <= most:
        return None
    currency = costs[0][1].currency
    return (
        f"this would cost about {shown(total)} {currency}, which is more than --max-cost {most} allows; "
        "nothing was asked for, written or deleted"
    )


def sentences(costs: Costs) -> list[str]:
    """Of each place, what it charges."""
    return [f"At {url}: {estimate}" for url, estimate in costs]


def _told(costs: Sequence[tuple[str, Estimate]]) -> Costs:
    return tuple((url, estimate) for url, estimate in costs if estimate.total)


def _asked_of(route: Route) -> tuple[int, str]:
    """For how many days, and by which tier, things would be thawed."""
    options, source = route.options, route.source
    return days_of(options, source.limits), tiers_of(options.tier, source.capabilities)[0]


async def _meter(store: Store) -> Meter | None:
    return await store.meter() if store.capabilities.charges else None


async def _found(store: Store, key: str) -> Entry | None:
    """None for what is not there, and for what can't be seen, of which nothing is known."""
    try:
        return await store.stat(key)
    except TransferError:
        return None

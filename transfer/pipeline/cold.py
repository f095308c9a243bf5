"""What becomes of an object that is in cold storage at the source: it is parked, and moved another time."""

from __future__ import annotations

from transfer.decide import Step
from transfer.errors import Frozen
from transfer.event import Action, Outcome, Verdict
from transfer.model import Cold, Entry, Span
from transfer.pipeline.route import Route

COLD = (Cold.FROZEN, Cold.THAWING)
"""What can't be read, or not wholly."""
REASON = "in cold storage"


def parks(route: Route) -> bool:
    """Whether a run has the source's objects thawed; else one in cold storage is a failure."""
    return route.options.thaw and route.source.capabilities.thaw


def parked(step: Step, size: int | None) -> Outcome:
    """The outcome, for now, of a step that has to wait."""
    return Outcome(step.key, Action.THAW, Verdict.PENDING, REASON, size=size)


async def see_readable(route: Route, entry: Entry) -> None:
    """Raise Frozen for what can't be read yet, ahead of anything that is begun at the target for it.

    ``entry`` is as its store knows it. Some objects can be read whatever their class says, so one is tried; of those
    that are thawed span by span, some of which may be readable, only the reads tell.
    """
    unknown = entry.cold is None and entry.storage_class in route.source.capabilities.cold_classes
    if entry.cold not in COLD and not unknown:
        return
    if route.source.limits.thaw_span is None:
        async with route.source.read(entry, Span(0, min(1, entry.size or 0))):
            return
    if entry.cold is Cold.FROZEN:
        raise Frozen(f"'{entry.key}' is in cold storage and must be thawed before it can be read", key=entry.key)

"""What a run makes of its steps: moves them, only compares, or only tells."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from enum import Enum

from transfer.checkpoint import Checkpoint
from transfer.decide import Do, Step
from transfer.event import Action, Outcome, Planned, Verdict
from transfer.job import deleting
from transfer.model import Cold
from transfer.pipeline.cold import REASON, parks
from transfer.pipeline.mover import carry_out, closer
from transfer.pipeline.outcomes import stopped, told
from transfer.pipeline.route import Route


class Mode(Enum):
    """``sync`` and ``copy`` move; ``verify`` compares; ``--dry-run`` tells."""

    MOVE = "move"
    COMPARE = "compare"
    TELL = "tell"

    @property
    def deletes(self) -> bool:
        return self is not Mode.COMPARE

    async def carry_out(self, route: Route, step: Step) -> Outcome:
        """The outcome of one step; raises nothing."""
        if self is Mode.MOVE:
            return await carry_out(route, step)
        try:
            closed = await closer(route, step)
            if self is Mode.TELL and closed.do is Do.COPY:
                return await _copy_told(route, closed)
        except Exception as error:
            return stopped(step, error)
        return _compared(closed) if self is Mode.COMPARE else _told(route, closed)

    async def delete(self, route: Route, checkpoint: Checkpoint) -> AsyncIterator[Outcome]:
        """The outcomes of all deletions."""
        if self is Mode.MOVE:
            async for outcome in deleting.delete(route, checkpoint):
                yield outcome
            return
        async for page in checkpoint.doomed():
            for entry in page:
                reason = "not at the source any more"
                yield Outcome(entry.key, Action.DELETE, Verdict.PLANNED, reason, size=entry.size)


def _compared(step: Step) -> Outcome:
    match step.do:
        case Do.COPY if step.target is None:
            return told(replace(step, do=Do.FAIL, reason="missing at the target"))
        case Do.COPY:
            return told(replace(step, do=Do.FAIL, reason=f"differs: {step.reason}"))
        case Do.UPDATE:
            return told(replace(step, do=Do.SKIP, reason="same content, other metadata", proven=True))
        case _:
            return told(step)


async def _copy_told(route: Route, step: Step) -> Outcome:
    """What would be copied; or thawed first, where nobody has asked for that yet."""
    entry = step.source
    if entry is None or not parks(route):
        return _told(route, step)
    if entry.cold is None and entry.storage_class in route.source.capabilities.cold_classes:
        entry = await route.source.stat(entry.key)
    match entry.cold:
        case Cold.FROZEN:
            reason = f"{REASON}; tier {route.options.tier}" if route.options.tier else REASON
            route.listener(Planned(step.key, Action.THAW, reason, entry.size))
            return Outcome(step.key, Action.THAW, Verdict.PLANNED, reason, size=entry.size)
        case Cold.THAWING:
            return _told(route, replace(step, reason=f"{step.reason}, once it is thawed"))
        case _:
            return _told(route, step)


def _told(route: Route, step: Step) -> Outcome:
    if step.do not in (Do.COPY, Do.UPDATE):
        return told(step)
    action = Action.COPY if step.do is Do.COPY else Action.UPDATE
    size = step.source.size if step.source else None
    route.listener(Planned(step.key, action, step.reason, size))
    return Outcome(step.key, action, Verdict.PLANNED, step.reason, size=size)

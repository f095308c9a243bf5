"""A plan of a run that is made to know what the run will cost, ahead of its first request that costs anything."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from functools import partial

from transfer.checkpoint import Checkpoint
from transfer.decide import Step
from transfer.event import Notice, ignore
from transfer.job.costs import Expected, excess
from transfer.job.mode import Mode
from transfer.job.run import Run
from transfer.pipeline.route import Reminder, Route


async def refusal(
    route: Route,
    checkpoint: Checkpoint,
    own: frozenset[str],
    expected: Expected,
    steps: AsyncIterator[Sequence[Step]] | None,
) -> str | None:
    """The sentence with which the run is refused that would cost more than ``--max-cost``.

    Or of which nobody knows, for a listing failed. Whatever else the plan meets the run itself will meet too, and tell.
    """
    route.listener(Notice("The plan is made ahead, to know what it costs."))
    told = replace(route, journal=Reminder(checkpoint), listener=ignore)
    run = Run(told, checkpoint, Mode.TELL, partial(Mode.TELL.carry_out, told), own, expected)
    result = await run.execute(steps)
    if run.listing_failed is not None:
        return f"a listing failed, so nobody knows what this costs, which --max-cost is to limit: {run.listing_failed}"
    return excess(result.costs, route.options.max_cost)

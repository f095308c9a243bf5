"""Holds the plan against what the checkpoint knows of tries that failed."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Sequence

from transfer.checkpoint import Checkpoint
from transfer.decide import Rules, Step, doubted, may_be_doubted
from transfer.tasks import closing


async def doubting(
    runs: AsyncIterator[Sequence[Step]], checkpoint: Checkpoint, rules: Rules
) -> AsyncGenerator[Sequence[Step], None]:
    """The same steps, but for those whose object is not what it looks like, as far as is known when they begin."""
    async with closing(runs):
        any_doubts = await checkpoint.has_doubts()
        async for run in runs:
            yield await _doubted(run, checkpoint, rules) if any_doubts else run


async def _doubted(run: Sequence[Step], checkpoint: Checkpoint, rules: Rules) -> Sequence[Step]:
    doubts = await checkpoint.doubts([step.key for step in run if may_be_doubted(step)])
    return [doubted(step, doubts[step.key], rules) if step.key in doubts else step for step in run]

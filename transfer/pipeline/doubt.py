"""Notes that a try which failed may have left something at the target, which looks as it should."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from transfer.checkpoint import Look
from transfer.decide import Step
from transfer.errors import Changed, Frozen, NotFound
from transfer.pipeline.effort import Effort
from transfer.pipeline.moved import LeftOut
from transfer.pipeline.route import Route
from transfer.pipeline.way import must_be_absent

_PATIENCE = 5.0
"""Seconds: whatever made the try fail may keep us from looking too."""


@asynccontextmanager
async def doubted_if_failed(route: Route, step: Step, effort: Effort) -> AsyncIterator[None]:
    """If the block fails once the target's object may be another, it is copied next time, whatever it looks like."""
    try:
        yield
    except (LeftOut, Frozen):
        raise
    except Exception as error:
        others = isinstance(error, Changed) and must_be_absent(route, step)
        if effort.writing and not others:
            await _doubt(route, step)
        raise


async def _doubt(route: Route, step: Step) -> None:
    left = None
    if _others_matter(route):
        try:
            async with asyncio.timeout(_PATIENCE):
                left = Look.of(await route.target.stat(step.target_key))
        except NotFound:
            return
        except Exception:  # the try's own error is the one to be told
            left = None
        if left is not None and step.target is not None and left.same(step.target):
            return
    route.journal.doubted(step.key, left)


def _others_matter(route: Route) -> bool:
    """Whether it makes a difference if an object is ours: else it is overwritten in any case."""
    options = route.options
    return route.backup is not None or options.update or options.ignore_existing

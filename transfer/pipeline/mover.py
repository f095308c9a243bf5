"""Carries out one step of the plan, up to its outcome."""

from __future__ import annotations

import asyncio
from dataclasses import replace

from transfer.decide import Do, Step
from transfer.errors import Changed, Corrupt, Frozen, NotFound
from transfer.event import Action, ObjectStarted, Outcome, Planned, Retrying
from transfer.model import Entry
from transfer.pipeline.backup import back_up
from transfer.pipeline.cold import parked, parks
from transfer.pipeline.doubt import doubted_if_failed
from transfer.pipeline.effort import Effort
from transfer.pipeline.inspect import inspect, look_up
from transfer.pipeline.moved import UploadGone
from transfer.pipeline.outcomes import stopped, told
from transfer.pipeline.record import record
from transfer.pipeline.refresh import refresh
from transfer.pipeline.route import Route
from transfer.pipeline.way import move, must_be_absent
from transfer.tasks import broken_off, is_cancelled

_TRIES = 3
"""Of the whole object, after it changed underway, turned out damaged, or its upload vanished."""

_WORK = {Do.COPY: Action.COPY, Do.UPDATE: Action.UPDATE}


async def carry_out(route: Route, step: Step) -> Outcome:
    """Do what ``step`` says; raises nothing: a failure is an outcome too."""
    if step.key in route.efforts:  # named twice, so that two tasks have it in hand
        route = replace(route, efforts={})
    effort = route.efforts[step.key] = Effort()
    try:
        return await _carry_out(route, step, effort)
    except asyncio.CancelledError:
        if is_cancelled():
            raise
        return effort.told_by(stopped(effort.step or step, broken_off()))
    except Exception as error:
        return effort.told_by(stopped(effort.step or step, error))
    finally:
        del route.efforts[step.key]


async def _carry_out(route: Route, step: Step, effort: Effort) -> Outcome:
    if step.do is not Do.COPY or route.options.immutable:
        step = effort.step = await _told_closer(route, step)
    if step.do is Do.UPDATE:
        effort.attempts = 1
        async with doubted_if_failed(route, step, effort):
            refreshed = await refresh(route, step)
        if isinstance(refreshed, Outcome):
            return effort.told_by(refreshed)
        step = refreshed
    if step.do is Do.COPY:
        return await _copy(route, step, effort)
    return effort.told_by(told(step))


async def _told_closer(route: Route, step: Step) -> Step:
    """Like :func:`closer`; what turns out to be work is told as planned."""
    close = await closer(route, step)
    if step.do not in _WORK and close.do in _WORK:
        size = close.source.size if close.source else None
        route.listener(Planned(close.key, _WORK[close.do], close.reason, size))
    return close


async def closer(route: Route, step: Step) -> Step:
    """The step with everything looked up that it leaves open. Raises TransferError."""
    if step.do is Do.LOOK_UP:
        step = await look_up(route, step)
    if step.do is Do.INSPECT:
        step = await inspect(route, step)
    if route.options.immutable and step.target is not None and step.do in (Do.COPY, Do.UPDATE):
        return replace(step, do=Do.FAIL, reason=f"--immutable forbids to overwrite it ({step.reason})")
    return step


async def _copy(route: Route, step: Step, effort: Effort) -> Outcome:
    entry = _source(step)
    route.listener(ObjectStarted(step.key, entry.size))
    if step.target is not None:
        step = replace(step, target=await back_up(route, step.key, step.target))
    for attempt in range(1, _TRIES + 1):
        effort.attempts = attempt
        begun_ns = route.now_ns()
        try:
            async with doubted_if_failed(route, step, effort):
                moved = await move(route, step, entry)
            break
        except Frozen:
            if not parks(route):
                raise
            return effort.told_by(parked(step, entry.size))
        except (Changed, Corrupt, UploadGone) as error:
            if attempt == _TRIES or (isinstance(error, Changed) and must_be_absent(route, step)):
                raise
            route.listener(Retrying(f"copy {step.key}", attempt, 0.0, str(error)))
            entry = await route.source.stat(entry.key)
    async with doubted_if_failed(route, step, effort):
        return await record(route, step, moved, effort, racy=route.racy(entry, begun_ns))


def _source(step: Step) -> Entry:
    if step.source is None:
        raise NotFound(f"'{step.key}' is not at the source", key=step.key)
    return step.source

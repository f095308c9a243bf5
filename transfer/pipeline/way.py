"""Chooses the way of one object: whole, in parts, or by the provider itself, which copies it or fetches it."""

from __future__ import annotations

from transfer.decide import Step
from transfer.errors import Changed, NotFound, Unsupported
from transfer.model import Entry
from transfer.pipeline import pull, server_side
from transfer.pipeline.cold import see_readable
from transfer.pipeline.moved import Moved
from transfer.pipeline.multipart import move_in_parts
from transfer.pipeline.resume import drop_earlier
from transfer.pipeline.route import Route
from transfer.pipeline.whole import move_whole


async def move(route: Route, step: Step, entry: Entry) -> Moved:
    """Move ``entry`` and prove it. Raises TransferError, LeftOut."""
    if entry.size is None:
        entry = await route.source.stat(entry.key)
    _check_limits(route, step, entry)
    if_absent = must_be_absent(route, step)
    if if_absent and not route.target.capabilities.if_absent:
        await _see_that_absent(route, step.target_key)
        if_absent = False
    if pull.possible(route, entry):
        entry = await route.source.stat(entry.key)
        await see_readable(route, entry)
        return await pull.pull(route, step, entry, if_absent=if_absent)
    await pull.let_end(route, step.key)
    if server_side.possible(route):
        entry = await route.source.stat(entry.key)
        try:
            return await _by_provider(route, step, entry, if_absent=if_absent)
        except Unsupported:
            await drop_earlier(route, step.key)
    return await _streamed(route, step, entry, if_absent=if_absent)


async def _by_provider(route: Route, step: Step, entry: Entry, *, if_absent: bool) -> Moved:
    most = route.target.limits.max_copy
    if most is not None and (entry.size or 0) > most:
        await see_readable(route, entry)
        return await move_in_parts(route, step, entry, if_absent=if_absent, by_copy=True)
    await drop_earlier(route, step.key)
    return await server_side.copy_whole(route, step, entry, if_absent=if_absent)


async def _streamed(route: Route, step: Step, entry: Entry, *, if_absent: bool) -> Moved:
    if in_parts(route, entry.size or 0):
        entry = await route.source.stat(entry.key)
        if in_parts(route, entry.size or 0):
            await see_readable(route, entry)
            return await move_in_parts(route, step, entry, if_absent=if_absent, by_copy=False)
    await drop_earlier(route, step.key)
    return await move_whole(route, step, entry, if_absent=if_absent)


def must_be_absent(route: Route, step: Step) -> bool:
    """Whether an object that came into being at the target, or that its listing hid, must not be replaced."""
    options = route.options
    careful = options.immutable or options.ignore_existing or options.update or options.backup_dir is not None
    return careful and step.target is None


async def _see_that_absent(route: Route, key: str) -> None:
    try:
        await route.target.stat(key)
    except NotFound:
        return
    raise Changed(f"'{key}' exists at the target by now", key=key)


def _check_limits(route: Route, step: Step, entry: Entry) -> None:
    limits, prefix = route.target.limits, route.target.origin.prefix
    # On disk the limit is the path's below the folder, elsewhere that of the whole name.
    name = step.target_key if route.target.capabilities.folders else prefix + step.target_key
    length = len(name.encode("utf-8", "surrogatepass"))
    if limits.max_key is not None and length > limits.max_key:
        raise Unsupported(f"the name has {length:,} bytes, and the target takes {limits.max_key:,}", key=step.key)
    if name[:1] and name[0] in limits.no_start:
        raise Unsupported(f"the name starts with '{name[0]}', which the target does not take", key=step.key)
    if found := limits.refused.intersection(name):
        raise Unsupported(f"the name has {min(found)!a} in it, which the target does not take", key=step.key)
    if limits.max_object is not None and (entry.size or 0) > limits.max_object:
        raise Unsupported(
            f"{entry.size:,} bytes are more than the target's {limits.max_object:,} for one object", key=step.key
        )


def in_parts(route: Route, size: int) -> bool:
    """Whether an object that is streamed goes in parts."""
    if not route.target.capabilities.multipart:
        return False
    most = route.target.limits.max_put
    threshold = min(route.options.multipart_threshold, route.budget.largest // 2)
    return size > threshold or (most is not None and size > most)

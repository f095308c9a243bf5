"""Moves a large object in parts, many at once, and takes up where an earlier run stopped."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import replace

from transfer import killpoint
from transfer.checkpoint import Look
from transfer.checksums import digest_off_loop
from transfer.decide import Step
from transfer.errors import Changed, Corrupt, Frozen, NotFound
from transfer.event import BytesMoved
from transfer.model import Algorithm, Body, Checksums, Entry, Part, Receipt, Stored, Upload
from transfer.partition import FAR_PART, cut, part_size, part_size_between, sizes_of_parts
from transfer.pipeline.carry import carried
from transfer.pipeline.long import Unsteady, buffer_size, put_long_part, tell_long
from transfer.pipeline.moved import Moved, UploadGone
from transfer.pipeline.proof import needed, source_check, whole
from transfer.pipeline.prove import check_source, settle, settle_copy, wants_staged_read_back
from transfer.pipeline.resume import Plan, already_finished, drop, forget, take_up
from transfer.pipeline.route import Route
from transfer.pipeline.spans import fetch_part
from transfer.pipeline.whole import refuse_symlink
from transfer.tasks import Group


async def move_in_parts(route: Route, step: Step, entry: Entry, *, if_absent: bool, by_copy: bool) -> Moved:
    """Move ``entry``, whose every field is known, in parts; ``by_copy``: the provider copies them.

    On failure the upload stays open, with its receipts in the checkpoint.
    """
    refuse_symlink(route, entry)
    plan = _plan(route, step, entry, by_copy=by_copy)
    left = await take_up(route, plan)
    if left.finished is not None:
        route.writing(plan.key)
        route.unfinished.discard(plan.key)
        return await _moved(route, plan, left.finished, left.receipts, resumed=plan.size)
    upload = left.upload or await _begin(route, plan)
    receipts = await _send_missing(route, plan, upload, left.receipts)
    stored = await _finish(route, plan, upload, receipts, if_absent=if_absent)
    route.unfinished.discard(plan.key)
    resumed = sum(receipt.size for receipt in left.receipts)
    return await _moved(route, plan, stored, receipts, resumed=resumed)


def _plan(route: Route, step: Step, entry: Entry, *, by_copy: bool) -> Plan:
    size, limits = entry.size or 0, route.target.limits
    if by_copy:
        smallest = route.options.part_size
        limits = replace(limits, max_part=limits.max_copy or limits.max_part)
        part = part_size(size, limits, memory=limits.max_part or size, smallest=max(smallest or 0, 512 * 1024 * 1024))
    else:
        part = planned_part(route, size)
    metadata = carried(entry, route.options, route.target.capabilities)
    check = source_check(entry.checksums, in_parts=sizes_of_parts(size, part))
    return Plan(step.key, step.target_key, entry, size, part, metadata, check, by_copy)


def planned_part(route: Route, size: int) -> int:
    """Bytes in each part of an object that would be sent from now on. Raises Unsupported."""
    smallest = route.options.part_size or (FAR_PART if route.lanes.far else None)
    limits, memory = route.target.limits, route.budget.largest
    long = route.target.capabilities.long_parts
    return part_size_between(size, route.source.limits, limits, memory=memory, smallest=smallest, long=long)


async def _begin(route: Route, plan: Plan) -> Upload:
    await route.journal.intend(plan.key, Look.of(plan.entry), route.shape, plan.to)
    route.unfinished.add(plan.key)
    upload = await route.target.begin(plan.to, plan.metadata, size=plan.size, part_size=plan.part)
    killpoint.reach("begin")
    await route.journal.begun(plan.key, upload)
    return upload


async def _send_missing(route: Route, plan: Plan, upload: Upload, kept: Sequence[Receipt]) -> list[Receipt]:
    """All receipts in order, after sending the parts that have none yet."""
    long = not plan.by_copy and not route.budget.fits(upload.part_size)
    if long:
        tell_long(route, plan, upload)
    put = put_long_part if long else _send_part
    receipts = {receipt.number: receipt for receipt in kept}
    frozen: list[Frozen] = []
    missing = (part for part in cut(plan.size, upload.part_size) if part.number not in receipts)

    async def send() -> None:
        """One part; who got a lane, and memory, lets the next part wait for them."""
        if (part := next(missing, None)) is None:
            return
        async with _room(route, plan, buffer_size(route) if long else part.size) as view:
            group.create_task(send())
            moving = _copy_part(route, plan, upload, part) if view is None else put(route, plan, upload, part, view)
            try:
                receipts[part.number] = receipt = await moving
            except Frozen as error:
                if route.source.limits.thaw_span is None:
                    raise
                frozen.append(error)  # other spans of it may be thawed
                return
        route.journal.receipt(plan.key, receipt)
        await route.journal.room()
        if plan.by_copy:
            route.listener(BytesMoved(plan.key, part.size, by_provider=True))
        else:
            route.sent(plan.key, part.size)

    try:
        async with Group() as group:
            group.create_task(send())
    except NotFound as error:
        raise await _gone(route, plan, error) from error
    except Unsteady:
        await drop(route, plan, upload)  # what was read of other parts may be of no use either
        raise
    if frozen:
        raise frozen[0]
    return [receipts[number] for number in sorted(receipts)]


def _room(route: Route, plan: Plan, size: int) -> AbstractAsyncContextManager[memoryview | None]:
    """A lane, and a buffer unless the provider does the copying."""
    return route.lanes.bare(large=True) if plan.by_copy else route.lanes.unit(size, large=True)


async def _gone(route: Route, plan: Plan, error: NotFound) -> NotFound | UploadGone:
    """Which of the two is gone: the upload, which is forgotten, or the source."""
    try:
        await route.source.stat(plan.entry.key)
    except NotFound:
        return error
    forget(route, plan.key)
    return UploadGone(plan.key)


async def _send_part(route: Route, plan: Plan, upload: Upload, part: Part, view: memoryview) -> Receipt:
    await fetch_part(route, plan.entry, part.span, view)
    able = route.target.capabilities
    checksums = await digest_off_loop(view, needed(able.verifies, plan.check, able.sends))
    receipt = await route.target.put_part(upload, part, Body(view, checksums))
    killpoint.reach("part")
    return replace(receipt, checksums=checksums)


async def _copy_part(route: Route, plan: Plan, upload: Upload, part: Part) -> Receipt:
    receipt = await route.target.copy_part(upload, part, route.source.origin, plan.entry)
    killpoint.reach("part")
    return receipt


async def _finish(route: Route, plan: Plan, upload: Upload, receipts: Sequence[Receipt], *, if_absent: bool) -> Stored:
    checksums = plan.entry.checksums if plan.by_copy else whole(receipts)
    try:
        check_source(plan.entry, checksums, plan.check)
    except Corrupt:
        await drop(route, plan, upload)
        raise
    read_back = wants_staged_read_back(route, plan.check)
    expected = {**checksums, **_sequential(plan.entry.checksums)} if read_back else checksums
    # If the process ends behind this, all receipts are there to know the object by.
    await route.journal.flush()
    route.writing(plan.key)
    try:
        stored = await route.target.finish(
            upload, receipts, plan.metadata, checksums=expected, if_absent=if_absent, read_back=read_back
        )
    except NotFound:
        found = await already_finished(route, plan, receipts)
        if found is None:
            forget(route, plan.key)
            raise UploadGone(plan.key) from None
        return found
    except (Changed, Corrupt):
        await drop(route, plan, upload)
        raise
    killpoint.reach("finish")
    return stored


def _sequential(checksums: Checksums) -> Checksums:
    """The source's MD5: parts' don't combine, but a target that reads back can check it."""
    return {algorithm: value for algorithm, value in checksums.items() if algorithm is Algorithm.MD5}


async def _moved(route: Route, plan: Plan, stored: Stored, receipts: Sequence[Receipt], *, resumed: int) -> Moved:
    if plan.by_copy:
        proven = await settle_copy(route, plan.entry, stored)
        return Moved(plan.entry, plan.metadata, proven, plan.entry.checksums, resumed)
    checksums = whole(receipts)
    try:
        settled = await settle(route, stored, checksums, plan.check)
    except Corrupt:
        forget(route, plan.key)
        raise
    return Moved(plan.entry, plan.metadata, settled, checksums, resumed)

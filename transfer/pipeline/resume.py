"""What an earlier try in parts left behind, and what of it still counts."""

from __future__ import annotations

from collections.abc import Awaitable, Sequence
from contextlib import suppress
from dataclasses import dataclass

from transfer.checkpoint import Look, OpenUpload
from transfer.checksums import combinable
from transfer.errors import Corrupt, Denied, NotFound, TransferError, Unsupported
from transfer.event import BytesMoved, Notice
from transfer.model import Algorithm, Entry, Metadata, Proven, Receipt, Stored, Upload
from transfer.partition import cut, sizes_of_parts
from transfer.pipeline.abandon import abandon
from transfer.pipeline.carry import differs
from transfer.pipeline.proof import ALWAYS, agreed, needed, recognise, whole
from transfer.pipeline.prove import settle
from transfer.pipeline.route import Route

_NOT_OURS_TO_ABORT = (Denied, Unsupported)
"""What no other try can help: an upload that can't be aborted must not keep its object from being moved."""


@dataclass(frozen=True, slots=True)
class Plan:
    """One object's move in parts. ``key`` is the step's, ``to`` the target's."""

    key: str
    to: str
    entry: Entry
    size: int
    part: int
    metadata: Metadata
    check: Algorithm | None
    by_copy: bool


@dataclass(frozen=True, slots=True)
class Left:
    """What an earlier run left: a finished object, or an upload; and the receipts that count."""

    finished: Stored | None = None
    upload: Upload | None = None
    receipts: Sequence[Receipt] = ()


async def take_up(route: Route, plan: Plan) -> Left:
    earlier = await route.journal.open_upload(plan.key)
    if earlier is None:
        return Left()
    upload = earlier.upload
    if upload is None or not _usable(route, plan, earlier, upload):
        await _let_go(route, plan.key, abandon(route.target, earlier))
        return Left()
    ours, complete = _receipts_that_fit(route, plan, upload, earlier.receipts)
    try:
        theirs = await route.target.parts(upload)
    except NotFound:
        finished = await _finished_earlier(route, plan, upload, ours) if complete else None
        if finished is None:
            forget(route, plan.key)
            return Left()
        route.listener(BytesMoved(plan.key, plan.size, resumed=True))
        return Left(finished=finished, receipts=ours)
    kept = list(agreed(ours, theirs).values())
    route.listener(BytesMoved(plan.key, sum(receipt.size for receipt in kept), resumed=True))
    return Left(upload=upload, receipts=kept)


def _usable(route: Route, plan: Plan, earlier: OpenUpload, upload: Upload) -> bool:
    same = earlier.shape == route.shape and earlier.source.same(Look.of(plan.entry)) and earlier.to == plan.to
    if not same or upload.size != plan.size:
        return False
    if plan.by_copy:
        return True
    fits = route.target.capabilities.long_parts or route.budget.fits(upload.part_size)
    return fits and _can_be_checked(plan, upload.part_size)


def _can_be_checked(plan: Plan, part: int) -> bool:
    """Whether the source's checksum combines over an earlier plan's parts too."""
    return plan.check is None or combinable(plan.check, sizes_of_parts(plan.size, part))


def _receipts_that_fit(
    route: Route, plan: Plan, upload: Upload, receipts: Sequence[Receipt]
) -> tuple[list[Receipt], bool]:
    """Those with the size that the cut gives, and the checksums that are needed now; whether these are all parts."""
    parts = {part.number: part.size for part in cut(plan.size, upload.part_size)}
    wanted: frozenset[Algorithm] = frozenset()
    if not plan.by_copy:
        wanted = needed(route.target.capabilities.verifies, plan.check)
    fit = [each for each in receipts if parts.get(each.number) == each.size and wanted <= each.checksums.keys()]
    return fit, len(fit) == len(parts)


async def _finished_earlier(route: Route, plan: Plan, upload: Upload, receipts: Sequence[Receipt]) -> Stored | None:
    """The upload is gone, and all its parts had been sent: the object, if an earlier finish made it.

    Where it can be made once more that comes first, for the earlier one may have ended before all of it was done.
    """
    if route.target.finishes_again:
        checksums = plan.entry.checksums if plan.by_copy else whole(receipts)
        with suppress(NotFound):
            return await route.target.finish(upload, receipts, plan.metadata, checksums=checksums)
    return await already_finished(route, plan, receipts)


async def already_finished(route: Route, plan: Plan, receipts: Sequence[Receipt]) -> Stored | None:
    """The upload is gone: if the target has just these bytes, an earlier finish succeeded."""
    try:
        entry = await route.target.stat(plan.to)
    except NotFound:
        return None
    if entry.size != plan.size or differs(plan.metadata, entry.metadata or Metadata(), route.target.capabilities):
        return None
    checksums = plan.entry.checksums if plan.by_copy else whole(receipts)
    stored = Stored(entry, recognise(entry, plan.size, checksums, receipts))
    if stored.proof.proven is not Proven.UNPROVEN:
        return stored
    if ALWAYS not in checksums or entry.checksums.keys() & checksums.keys():
        return None
    try:
        settled = await settle(route, stored, checksums, None)
    except Corrupt:
        return None
    return settled if settled.proof.proven is not Proven.UNPROVEN else None


async def drop(route: Route, plan: Plan, upload: Upload) -> None:
    """Abort an upload whose parts are of no use, after an error, which goes before any of the abort's."""
    await _let_go(route, plan.key, route.target.abort(upload), bearable=(TransferError,))


async def drop_earlier(route: Route, key: str) -> None:
    """Abort what an earlier try in parts left open of an object that goes another way now."""
    await _drop_earlier(route, key, _NOT_OURS_TO_ABORT)


async def drop_needless(route: Route, key: str) -> None:
    """Abort what an earlier try in parts left open of an object that is done, which no error undoes."""
    await _drop_earlier(route, key, (TransferError,))


async def _drop_earlier(route: Route, key: str, bearable: tuple[type[TransferError], ...]) -> None:
    if key not in route.unfinished:
        return
    earlier = await route.journal.open_upload(key)
    if earlier is None:
        forget(route, key)
    else:
        await _let_go(route, key, abandon(route.target, earlier), bearable)


async def _let_go(
    route: Route, key: str, abort: Awaitable[None], bearable: tuple[type[TransferError], ...] = _NOT_OURS_TO_ABORT
) -> None:
    """Await ``abort`` and forget the upload; after a ``bearable`` error too, which is told: it stays open then."""
    try:
        await abort
    except bearable as error:
        route.listener(Notice(f"An upload of '{key}' is left open at the target: {error}"))
    forget(route, key)


def forget(route: Route, key: str) -> None:
    route.journal.dropped(key)
    route.unfinished.discard(key)

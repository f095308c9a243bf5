"""Input of unknown length, as from a pipe: parts grow as the stream does, or all of it is kept on a disk first."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, nullcontext
from dataclasses import replace

from transfer.budget import Budget
from transfer.checksums import digest_off_loop
from transfer.controls import Controls
from transfer.decide import Do, Rules, Step
from transfer.errors import Misconfigured, NotFound, TransferError, Unsupported
from transfer.event import (
    Action,
    BytesMoved,
    Finished,
    Listener,
    Notice,
    ObjectStarted,
    Outcome,
    Result,
    RunFinished,
    RunStarted,
    Verdict,
    ignore,
)
from transfer.governor import Governor
from transfer.job.climbing import climbing, lanes_of
from transfer.job.following import following
from transfer.job.pieces import Bounded, Pieces
from transfer.job.sides import load, opened
from transfer.job.spool import Spool, spool_in, spooled
from transfer.job.streaming import WRITING, refuse_idle
from transfer.job.wishes import refuse_unmet
from transfer.layers.pace import Pace
from transfer.location import Named, split_object, url_of
from transfer.model import Algorithm, Body, Checksums, Entry, Metadata, Part, Proven, Receipt, Stored, Upload
from transfer.options import Options
from transfer.partition import part_size, stream_capacity, stream_part_size
from transfer.pipeline.abandon import give_up
from transfer.pipeline.carry import carried
from transfer.pipeline.once import move_once
from transfer.pipeline.proof import ALWAYS, needed, recognise, whole
from transfer.pipeline.prove import settle, wants_staged_read_back
from transfer.pipeline.route import NoJournal, Route
from transfer.plugin import Store
from transfer.report import reporting
from transfer.tally import Tally
from transfer.tasks import Group
from transfer.units import format_size


async def copy_stream(
    chunks: AsyncIterator[bytes],
    target: Named,
    options: Options = Options(),
    *,
    listener: Listener = ignore,
    controls: Controls | None = None,
) -> Result:
    """Write a stream to the object at ``target``, proven like any other; to a temporary file only with ``spool``.

    Nothing is visible before the stream's end. A stream can't be read again, so an interrupted
    one leaves nothing behind. Raises Misconfigured for what can't work, and for options that a stream does not heed.
    """
    if options.dry_run or options.backup_dir is not None:
        raise Misconfigured("--dry-run and --backup-dir need something to look at first; leave them out for a stream.")
    refuse_idle(options, WRITING)
    folder, key = split_object(url_of("target", target))
    config, controls = await load(options), Controls.of(options, controls)
    governors: dict[str, Governor] = {}
    async with (
        reporting(options.report, listener) as listener,
        opened(folder, options, listener, config, options.target_settings, governors, controls) as unpaced,
        following(controls, listener),
    ):
        store = Pace(unpaced, read=controls.down, written=controls.up)
        refuse_unmet(options, store)
        await store.check(write=True)
        route = _route(store, options, listener)
        async with nullcontext() if options.spool is None else spool_in(options.spool) as spool:
            listener(RunStarted("-", store.url, None, resuming=False))
            if spool is None:
                _see_capacity(route)
            async with climbing(route.lanes, options, controls, (store,), governors.values()):
                return await _result(route, key, Pieces(_bounded(chunks, options)), spool)


def _bounded(chunks: AsyncIterator[bytes], options: Options) -> AsyncIterator[bytes]:
    most = options.filter.max_size
    return chunks if most is None else Bounded(chunks, most)


def _route(store: Store, options: Options, listener: Listener) -> Route:
    budget = Budget(options.memory)
    return Route(
        source=store,
        target=store,
        options=options,
        budget=budget,
        lanes=lanes_of(options, budget),
        journal=NoJournal(),
        listener=listener,
        rules=Rules(),
    )


def _see_capacity(route: Route) -> None:
    """Tell how long the stream may become, where that was not said. Raises Misconfigured for what can't be."""
    try:
        capacity = _capacity(route)
    except Unsupported as error:
        remedy = ", or --spool DIR" if _fits_in_long_parts(route) else ""
        raise Misconfigured(f"The stream can't become as large as was said: {error}{remedy}.") from None
    if route.options.filter.max_size is None:
        text = f"The stream may have up to {format_size(capacity)}; --max-size or --spool allow more."
        route.listener(Notice(text))


def _fits_in_long_parts(route: Route) -> bool:
    """Whether the memory alone is in the way, and that would not be if the size were known."""
    if not route.target.capabilities.long_parts:
        return False
    try:
        part_size(_expected(route.options) or 0, route.target.limits, memory=route.budget.largest, long=True)
    except Unsupported:
        return False
    return True


def _capacity(route: Route) -> int:
    return stream_capacity(
        route.target.limits,
        memory=route.budget.largest,
        size_hint=_expected(route.options),
        smallest=route.options.part_size,
    )


def _expected(options: Options) -> int | None:
    """For how many bytes parts are to be large enough."""
    return options.filter.max_size if options.size_hint is None else options.size_hint


async def _result(route: Route, key: str, pieces: Pieces, spool: Spool | None) -> Result:
    started = time.monotonic()
    tally = Tally()
    route.listener(ObjectStarted(key, None))
    try:
        if spool is None:
            stored, checksums = await _store(route, key, pieces)
        else:
            stored, checksums = await _spool_and_store(route, key, pieces, spool)
    except TransferError as error:
        outcome = Outcome(key, Action.COPY, Verdict.FAILED, "stream", error=str(error))
    else:
        outcome = _outcome(route, key, stored, checksums)
    outcome = replace(outcome, attempts=1, seconds=time.monotonic() - started)
    tally.add(outcome)
    route.listener(Finished(outcome))
    result = Result(tally.totals, outcome.seconds, tuple(tally.failures), proofs=tuple(sorted(tally.proofs.items())))
    route.listener(RunFinished(result))
    return result


def _outcome(route: Route, key: str, stored: Stored, checksums: Checksums) -> Outcome:
    unproven = stored.proof.proven is Proven.UNPROVEN and not route.options.allow_unproven
    size = stored.entry.size
    return Outcome(
        key,
        Action.COPY,
        Verdict.FAILED if unproven else Verdict.DONE,
        "stream",
        size=size,
        checksum=(ALWAYS, checksums[ALWAYS]) if ALWAYS in checksums else None,
        proof=stored.proof,
        etag=stored.entry.etag,
        version=stored.entry.version,
        sent=size or 0,
        lost=stored.lost,
        error="nothing proves that the target has the same bytes" if unproven else None,
    )


async def _spool_and_store(route: Route, key: str, pieces: Pieces, spool: Spool) -> tuple[Stored, Checksums]:
    """As any object is moved, from the file. What fails is not gone on with: the file goes with this process."""
    source = await spooled(spool, key, pieces, route.budget, route.now_ns)
    entry = source.entry
    route.listener(Notice(f"The stream has {format_size(entry.size or 0)}, and is sent from '{spool.folder}' now."))
    moved = await move_once(replace(route, source=source), Step(Do.COPY, key, "stream", entry), entry)
    return moved.stored, moved.checksums


async def _store(route: Route, key: str, pieces: Pieces) -> tuple[Stored, Checksums]:
    stored, checksums = await _send_all(route, key, pieces)
    return await settle(route, stored, checksums, None), checksums


async def _send_all(route: Route, key: str, pieces: Pieces) -> tuple[Stored, Checksums]:
    """In one piece if the stream ends within the first part, else in parts; with the whole's checksums."""
    metadata = carried(Entry(key, modified_ns=route.now_ns()), route.options, route.target.capabilities)
    async with AsyncExitStack() as until_done:
        first = _part_size(route, 1)
        async with route.budget.buffer(first) as view:
            filled = await pieces.fill(view)
            if filled < first or not route.target.capabilities.multipart:
                await _refuse_more(pieces)
                return await _put(route, key, view[:filled], metadata)
            upload = await route.target.begin(key, metadata, size=None, part_size=first)
            until_done.push_async_callback(give_up, route.target, upload)
            receipts = [await _send(route, upload, Part(1, 0, first), view)]
        receipts += await _rest(route, upload, pieces, first)
        stored = await _finish(route, upload, receipts, metadata)
        until_done.pop_all()
    return stored, whole(receipts)


def _part_size(route: Route, number: int) -> int:
    return stream_part_size(
        number,
        route.target.limits,
        memory=route.budget.largest,
        size_hint=_expected(route.options),
        smallest=route.options.part_size,
    )


async def _refuse_more(pieces: Pieces) -> None:
    if not await pieces.ended():
        raise Unsupported("the stream is longer than the target takes in one piece, and it has no multipart uploads")


async def _put(route: Route, key: str, data: memoryview, metadata: Metadata) -> tuple[Stored, Checksums]:
    checksums = await digest_off_loop(data, _needed(route))
    stored = await route.target.put(
        key,
        Body(data, checksums),
        metadata,
        if_absent=route.options.immutable,
        read_back=wants_staged_read_back(route, None),
    )
    route.listener(BytesMoved(key, len(data)))
    return stored, checksums


async def _send(route: Route, upload: Upload, part: Part, view: memoryview) -> Receipt:
    checksums = await digest_off_loop(view, _needed(route))
    receipt = await route.target.put_part(upload, part, Body(view, checksums))
    route.listener(BytesMoved(upload.key, part.size))
    return replace(receipt, checksums=checksums)


async def _rest(route: Route, upload: Upload, pieces: Pieces, offset: int) -> list[Receipt]:
    """Parts from the second on: read one after the other, sent side by side."""
    receipts: dict[int, Receipt] = {}

    async def next_part(number: int, offset: int, read: asyncio.Future[int]) -> None:
        async with route.lanes.unit(_part_size(route, number), large=True) as view:
            filled = await pieces.fill(view)
            if not read.cancelled():
                read.set_result(filled)
            if filled:
                part = Part(number, offset, filled)
                receipts[number] = await _send(route, upload, part, view[:filled])

    async with Group() as group:
        number, filled = 2, 1
        while filled:
            if number > route.target.limits.max_parts:
                await _refuse_longer(route, pieces)
                break
            read: asyncio.Future[int] = asyncio.get_running_loop().create_future()
            group.create_task(next_part(number, offset, read))
            filled = await read
            offset += filled
            number += 1
    return [receipts[number] for number in sorted(receipts)]


async def _refuse_longer(route: Route, pieces: Pieces) -> None:
    if not await pieces.ended():
        raise Unsupported(
            f"the stream is longer than the {format_size(_capacity(route))} that its parts have room for; "
            "say with --max-size how long it may become, or have it kept on a disk first with --spool DIR"
        )


async def _finish(route: Route, upload: Upload, receipts: list[Receipt], metadata: Metadata) -> Stored:
    checksums = whole(receipts)
    try:
        return await route.target.finish(
            upload,
            receipts,
            metadata,
            checksums=checksums,
            if_absent=route.options.immutable,
            read_back=wants_staged_read_back(route, None),
        )
    except NotFound:
        # An earlier try may have succeeded, and only its reply was lost.
        entry = await route.target.stat(upload.key)
        proof = recognise(entry, sum(receipt.size for receipt in receipts), checksums, receipts)
        if proof.proven is Proven.UNPROVEN:
            raise
        return Stored(entry, proof)


def _needed(route: Route) -> frozenset[Algorithm]:
    able = route.target.capabilities
    return needed(able.verifies, None, able.sends)

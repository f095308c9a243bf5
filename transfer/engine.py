"""The Python API: what the command line does, with the same words.

A source or target is a URL, a path, or an open :class:`~transfer.plugin.Store`, which stays open.
Options that can't work raise Misconfigured (or another TransferError, before anything was
moved); what fails later is told in the :class:`~transfer.event.Result`. Cancelling is safe
at any moment: the checkpoint keeps what is done, and the same call goes on.
"""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import AsyncGenerator, AsyncIterator, Coroutine, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from transfer.budget import Budget
from transfer.checkpoint import Checkpoint, Pair, path_of
from transfer.controls import Controls
from transfer.decide import Rules, Step
from transfer.errors import Misconfigured
from transfer.event import Event, Listener, Result, RunStarted, ignore
from transfer.fields import flag
from transfer.job import forerun
from transfer.job.climbing import climbing, lanes_of
from transfer.job.costs import Expected
from transfer.job.following import following
from transfer.job.memory import Memory, recollect, settle
from transfer.job.mode import Mode
from transfer.job.named import only, see_names
from transfer.job.own import keys_of, refuse_own_files
from transfer.job.profiling import profiling
from transfer.job.run import CarryOut, Run
from transfer.job.sides import Sides, open_sides
from transfer.job.single import Single, refuse_itself, single_object
from transfer.job.target import remember, target_of
from transfer.job.watched import watched_route
from transfer.job.wishes import refuse_unmet
from transfer.location import Named, place, side_of
from transfer.loop import runner
from transfer.options import Compare, Options
from transfer.pipeline.carry import shape
from transfer.pipeline.route import Journal, Reminder, Route
from transfer.plugin import Store
from transfer.processes.share import among, number_of, refuse_nonsense
from transfer.report import reporting

T = TypeVar("T")


async def sync(
    source: Named | Store,
    target: Named | Store,
    options: Options = Options(),
    *,
    listener: Listener = ignore,
    controls: Controls | None = None,
) -> Result:
    """Make the target like the source: what is new or changed is copied; with ``delete``, the rest goes."""
    source, target = side_of("source", source), side_of("target", target)
    mode = Mode.TELL if options.dry_run else Mode.MOVE
    return await _run(source, target, options, listener, Controls.of(options, controls), mode)


async def copy(
    source: Named | Store,
    target: Named | Store,
    options: Options = Options(),
    *,
    listener: Listener = ignore,
    controls: Controls | None = None,
) -> Result:
    """Copy one object, or a whole tree, without comparing. What a killed copy sent is not sent again."""
    source, target = side_of("source", source), side_of("target", target)
    if options.delete:
        raise Misconfigured("'copy' deletes nothing; use 'sync --delete'.")
    if options.compare not in (Compare.DEFAULT, Compare.ALWAYS):
        raise Misconfigured(f"'copy' compares nothing; use 'sync --compare {options.compare}'.")
    options = replace(options, compare=Compare.ALWAYS)
    mode, controls = Mode.TELL if options.dry_run else Mode.MOVE, Controls.of(options, controls)
    if isinstance(source, str) and isinstance(target, str) and options.files_from is None:
        single = await single_object(source, target, options, listener, controls)
        if single is not None:
            return await _run(single.source, single.target, options, listener, controls, mode, single)
    return await _run(source, target, options, listener, controls, mode)


async def verify(
    source: Named | Store,
    target: Named | Store,
    options: Options = Options(),
    *,
    listener: Listener = ignore,
    controls: Controls | None = None,
) -> Result:
    """Compare both sides and move nothing: every difference is a failure in the result."""
    source, target = side_of("source", source), side_of("target", target)
    if options.compare in (Compare.DEFAULT, Compare.ALWAYS):
        options = replace(options, compare=Compare.CHECKSUM)
    options, controls = _for_comparing(options), Controls.of(options, controls)
    return await _run(source, target, options, listener, controls, Mode.COMPARE)


def _for_comparing(options: Options) -> Options:
    """The same, without what only a run that changes something heeds."""
    return replace(
        options,
        delete=False,
        max_delete=None,
        allow_empty_source=False,
        existing=False,
        ignore_existing=False,
        update=False,
        immutable=False,
        backup_dir=None,
    )


def run(work: Coroutine[Any, Any, T]) -> T:
    """Run one of these coroutines from code that has no event loop: ``run(sync(a, b))``.

    It has a loop of its own, uvloop's where that is installed (``TRANSFER_LOOP=asyncio`` declines it).
    """
    with runner() as ours:
        return ours.run(work)


async def events(
    source: Named | Store, target: Named | Store, options: Options = Options()
) -> AsyncGenerator[Event, None]:
    """The events of a sync as they happen, the last being RunFinished. Leaving the loop cancels the run."""
    queue: asyncio.Queue[Event | None] = asyncio.Queue()
    task = asyncio.create_task(sync(source, target, options, listener=queue.put_nowait))
    task.add_done_callback(lambda _: queue.put_nowait(None))
    try:
        while (event := await queue.get()) is not None:
            yield event
        await task
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def _run(
    source: str | Store,
    target: str | Store,
    options: Options,
    listener: Listener,
    controls: Controls,
    mode: Mode,
    single: Single | None = None,
) -> Result:
    for name in ("size_hint", "spool"):
        if getattr(options, name) is not None:
            raise Misconfigured(f"{flag(name)} is for a stream, and both sides tell their sizes; leave it out.")
    refuse_nonsense(options, by_url=isinstance(source, str) and isinstance(target, str))
    options = among(options)
    await asyncio.to_thread(see_names, options.files_from, nul=options.files_from_nul)
    await asyncio.to_thread(refuse_own_files, options, source, target, single)
    async with (
        reporting(options.report, listener) as reported,
        profiling(options.profile, reported) as told,
        _sides(source, target, options, told, controls, mode, single) as sides,
        _checkpoint(sides, options, mode) as checkpoint,
        following(controls, told, checkpoint.path),
    ):
        if mode is Mode.MOVE and isinstance(target, str):
            await remember(checkpoint, target_of(target, options, sides.config.path))
        memory = await recollect(checkpoint, options, moves=mode is Mode.MOVE)
        journal = checkpoint if mode is Mode.MOVE else Reminder(checkpoint)
        route = watched_route(_route(sides, options, told, journal, _rules(sides, options, mode, memory), memory))
        told(await _started(sides, checkpoint, options))
        own = await asyncio.to_thread(_own_keys, sides, options)
        expected = await Expected.of(route) if mode is Mode.TELL or options.max_cost is not None else None
        ahead = None
        if mode is Mode.MOVE and expected is not None:
            ahead, expected = partial(forerun.refusal, route, checkpoint, own, expected, _steps(single)), None
        async with _hands(source, target, sides, route, mode, controls, trees=single is None) as carry_out:
            run = Run(route, checkpoint, mode, carry_out, own, expected)
            result = await run.execute(_steps(single), ahead=ahead)
        if mode is Mode.MOVE and result.ok:
            await settle(checkpoint, options)
        return result


def _steps(single: Single | None) -> AsyncIterator[Sequence[Step]] | None:
    """What stands in for a plan, where there is one object."""
    return None if single is None else only([single.key], single.to)


@asynccontextmanager
async def _sides(
    source: str | Store,
    target: str | Store,
    options: Options,
    listener: Listener,
    controls: Controls,
    mode: Mode,
    single: Single | None,
) -> AsyncIterator[Sides]:
    """Both sides, open, and nothing between them that has to be refused: so far, nothing is written down."""
    write, trees = mode is Mode.MOVE, single is None
    async with open_sides(source, target, options, listener, controls, write=write, trees=trees) as sides:
        if single is not None:
            refuse_itself(sides, single)
        if mode is not Mode.COMPARE:
            refuse_unmet(options, sides.target, source=sides.source, backup=sides.backup)
        yield sides


@asynccontextmanager
async def _hands(
    source: str | Store,
    target: str | Store,
    sides: Sides,
    route: Route,
    mode: Mode,
    controls: Controls,
    *,
    trees: bool,
) -> AsyncIterator[CarryOut]:
    """What carries out steps: this process, or a crew of others."""
    if number_of(route.options) == 1:
        async with climbing(route.lanes, route.options, controls, (route.source, route.target), sides.governors):
            yield partial(mode.carry_out, route)
        return
    from transfer.processes.crew import at_work  # noqa: PLC0415 - most runs have no use for it

    async with at_work(str(source), str(target), route, mode, controls, trees=trees) as crew:
        yield crew.carry_out


@asynccontextmanager
async def _checkpoint(sides: Sides, options: Options, mode: Mode) -> AsyncIterator[Checkpoint]:
    """The pair's checkpoint; one for the moment where nothing is moved and there is none yet."""
    pair, path = await asyncio.to_thread(_kept_at, sides, options)
    async with AsyncExitStack() as stack:
        if mode is Mode.COMPARE or (mode is Mode.TELL and not await asyncio.to_thread(path.exists)):
            path = await stack.enter_async_context(_folder_for_the_moment()) / "checkpoint.sqlite"
        checkpoint = await Checkpoint.open(path, pair)
        try:
            yield checkpoint
        finally:
            await asyncio.shield(checkpoint.close())


@asynccontextmanager
async def _folder_for_the_moment() -> AsyncIterator[Path]:
    folder = await asyncio.to_thread(tempfile.TemporaryDirectory, prefix="transfer-")
    try:
        yield Path(folder.name)
    finally:
        await asyncio.shield(asyncio.to_thread(folder.cleanup))


def _kept_at(sides: Sides, options: Options) -> tuple[Pair, Path]:
    pair = Pair(place(sides.source.origin), place(sides.target.origin))
    return pair, options.checkpoint or path_of(pair)


def _own_keys(sides: Sides, options: Options) -> frozenset[str]:
    _, path = _kept_at(sides, options)
    return keys_of(path, (sides.source.origin, sides.target.origin))


def _rules(sides: Sides, options: Options, mode: Mode, memory: Memory) -> Rules:
    # What must not be replaced unseen is looked at, though an upload to it was interrupted.
    careful = options.immutable or options.update or options.backup_dir is not None
    disks = sides.source.capabilities.folders or sides.target.capabilities.folders
    return Rules(
        compare=options.compare,
        existing=options.existing,
        ignore_existing=options.ignore_existing,
        update=options.update,
        delete=options.delete,
        two_way=mode is Mode.COMPARE,
        filter=options.filter,
        shape=shape(options),
        folders=disks,
        empty_dirs=options.stores.empty_dirs,
        run=memory.number,
        since=memory.since,
        unfinished=frozenset() if careful or mode is Mode.COMPARE else memory.unfinished,
        unsettled_ns=memory.unsettled_ns,
    )


def _route(sides: Sides, options: Options, listener: Listener, journal: Journal, rules: Rules, memory: Memory) -> Route:
    budget = Budget(options.memory // number_of(options))
    return Route(
        source=sides.source,
        target=sides.target,
        options=options,
        budget=budget,
        lanes=lanes_of(options, budget),
        journal=journal,
        listener=listener,
        rules=rules,
        backup=sides.backup,
        unfinished=set(memory.unfinished),
    )


async def _started(sides: Sides, checkpoint: Checkpoint, options: Options) -> RunStarted:
    _, path = await asyncio.to_thread(_kept_at, sides, options)
    return RunStarted(
        sides.source.url,
        sides.target.url,
        str(path) if checkpoint.path == path else None,
        resuming=checkpoint.resuming,
        dry_run=options.dry_run,
    )

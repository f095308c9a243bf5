"""Opens both sides of a run, checks them and wraps them in their layers."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Collection, Iterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass, replace
from functools import partial

from transfer.bucket import Bucket
from transfer.config import Config, load_config
from transfer.controls import Controls
from transfer.descriptors import calls_within_limit
from transfer.errors import Misconfigured, NotFound, TransferError
from transfer.event import Listener
from transfer.goodput import MOST
from transfer.governor import Governor
from transfer.job.awaiting import checked
from transfer.job.watched import watched_store
from transfer.layers import wrap
from transfer.layers.pace import Pace
from transfer.location import inside, is_disk, same, split_object
from transfer.options import Options
from transfer.plugin import Store
from transfer.registry import open_store
from transfer.tasks import Group

CALLS_AT_ONCE = 32 + MOST
"""To one side, unless it asks us to slow down, or the limit on open files does not allow as many. Never what
limits the lanes: beside them there are listings, and looks at objects."""


@dataclass(frozen=True, slots=True)
class Sides:
    """The stores of a run, in their layers."""

    source: Store
    target: Store
    backup: Store | None
    config: Config
    governors: Collection[Governor] = ()
    """Of all endpoints."""


@asynccontextmanager
async def opened(
    url: str | Store,
    options: Options,
    listener: Listener,
    config: Config,
    settings: Mapping[str, str],
    governors: dict[str, Governor] | None = None,
    controls: Controls | None = None,
    side: str = "store",
) -> AsyncIterator[Store]:
    """A store in its layers, closed at the end unless it was passed in open.

    Stores of one endpoint share the governor that ``governors`` has for it, and what ``controls`` have.
    """
    ours = isinstance(url, str)
    stores = replace(options.stores, asked_class=options.storage_class)
    bare = await open_store(url, stores, config=config, settings=settings) if isinstance(url, str) else url
    try:
        fresh = Governor(calls_within_limit(max(CALLS_AT_ONCE, options.transfers or 0)))
        governor = (governors if governors is not None else {}).setdefault(bare.origin.endpoint, fresh)
        calls = (controls or Controls.of(options)).calls(bare.origin)
        with _turns(bare, calls) as for_layers:
            yield wrap(
                watched_store(bare, side),
                governor=governor,
                calls=for_layers,
                retries=options.retries,
                listener=listener,
            )
    finally:
        if ours:
            await bare.aclose()


@contextmanager
def _turns(store: Store, calls: Bucket) -> Iterator[Bucket | None]:
    """Have the store take a turn for each request; where it can't, the layers get ``calls``, for a turn each call."""
    traffic = store.traffic
    if traffic is None or traffic.turn is not None:
        yield calls if traffic is None else None
        return
    traffic.turn = partial(calls.spend, 1)
    try:
        yield None
    finally:
        traffic.turn = None


async def load(options: Options) -> Config:
    """The configuration that the options ask for."""
    return await asyncio.to_thread(load_config, options.config)


def for_reading(options: Options) -> Options:
    """The options without those that shape what is written: they are the target's."""
    stores = replace(options.stores, acl=None, sse=None, sse_kms_key_id=None, sse_c_key_file=None)
    return replace(options, stores=stores, storage_class=None)


@asynccontextmanager
async def open_sides(
    source: str | Store,
    target: str | Store,
    options: Options,
    listener: Listener,
    controls: Controls,
    *,
    write: bool,
    trees: bool = True,
) -> AsyncIterator[Sides]:
    """Both stores (and the backup's), found to be there and, with ``write``, writable.

    ``trees``: all that is in them may be moved, so none may lie in another; else the caller has to see that
    its object is not its own target or backup. Raises Misconfigured.
    """
    config = await load(options)
    async with AsyncExitStack() as stack:
        governors: dict[str, Governor] = {}

        async def side(name: str, url: str | Store, options: Options, settings: Mapping[str, str]) -> Store:
            return await stack.enter_async_context(
                opened(url, options, listener, config, settings, governors, controls, name)
            )

        first = await side("source", source, for_reading(options), options.source_settings)
        second = await side("target", target, options, options.target_settings)
        backup = None
        if options.backup_dir is not None:
            plain = replace(options, storage_class=None)
            backup = await side("backup", options.backup_dir, plain, options.target_settings)
        sides = Sides(first, second, backup, config, governors.values())
        if trees:
            refuse_overlap(sides)
        await _check(sides, listener, write=write, wait=options.wait)
        if isinstance(source, str) and first.empty:
            await _refuse_object(source, options, listener, config)
        yield _paced(sides, controls)


def _paced(sides: Sides, controls: Controls) -> Sides:
    """The same with the limits on bytes: on what crosses a network, and from disk to disk on what is read."""
    one_machine = is_disk(sides.source.origin) and is_disk(sides.target.origin)

    def paced(store: Store) -> Store:
        if is_disk(store.origin):
            return Pace(store, read=controls.down) if one_machine else store
        return Pace(store, read=controls.down, written=controls.up)

    backup = None if sides.backup is None else paced(sides.backup)
    return replace(sides, source=paced(sides.source), target=paced(sides.target), backup=backup)


def refuse_overlap(sides: Sides) -> None:
    """Raise Misconfigured where one place lies in another that the run would change."""
    _refuse(sides.source, sides.target, "the source", "the target")
    if sides.backup is not None:
        _refuse(sides.backup, sides.target, "--backup-dir", "the target")
        _refuse(sides.backup, sides.source, "--backup-dir", "the source")


def _refuse(one: Store, other: Store, name: str, other_name: str) -> None:
    if same(one.origin, other.origin):
        raise Misconfigured(f"{name} and {other_name} are the same place, {one.url}; name two different ones.")
    if inside(one.origin, other.origin):
        raise Misconfigured(f"{name} {one.url} lies inside {other_name} {other.url}; name places apart.")
    if inside(other.origin, one.origin):
        raise Misconfigured(f"{other_name} {other.url} lies inside {name} {one.url}; name places apart.")


async def _refuse_object(url: str, options: Options, listener: Listener, config: Config) -> None:
    """Raise Misconfigured where nothing is below ``url``, but it is an object's: as a folder it is merely empty."""
    try:
        folder, key = split_object(url)
    except Misconfigured:
        return
    async with opened(folder, for_reading(options), listener, config, options.source_settings) as store:
        try:
            await store.stat(key)
        except TransferError:
            return
    raise Misconfigured(
        f"'{url}' is an object, not a folder; copy it with 'transfer copy', or give the folder that it is in."
    )


async def _check(sides: Sides, listener: Listener, *, write: bool, wait: bool) -> None:
    async with Group() as group:
        group.create_task(checked(sides.source, listener, write=False, wait=wait))
        group.create_task(_check_target(sides.target, listener, write=write, wait=wait))
        if sides.backup is not None:
            group.create_task(_check_target(sides.backup, listener, write=write, wait=wait))


async def _check_target(store: Store, listener: Listener, *, write: bool, wait: bool) -> None:
    """A target folder need not be there before something is written to it."""
    try:
        await checked(store, listener, write=write, wait=wait)
    except NotFound:
        if write or not store.capabilities.folders:
            raise

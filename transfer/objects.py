"""Single verbs on one store: ``cat``, ``ls``, ``rm``."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, AsyncIterator, Mapping, Sequence
from contextlib import aclosing
from dataclasses import replace

from transfer.budget import Budget
from transfer.controls import Controls
from transfer.errors import Frozen, Misconfigured, NotFound, TransferError, Unsupported
from transfer.event import (
    Action,
    Finished,
    Listener,
    Outcome,
    Planned,
    Result,
    RunFinished,
    RunStarted,
    Verdict,
    ignore,
)
from transfer.job.awaited import explained, until_readable
from transfer.job.following import following
from transfer.job.own import refuse_within
from transfer.job.sides import load, opened
from transfer.job.wishes import refuse_thaw
from transfer.layers.pace import Pace
from transfer.location import Named, split_object, url_of
from transfer.model import Entry, Page, Span, Unlisted
from transfer.options import Options
from transfer.partition import DEFAULT_PART
from transfer.pipeline.fetch import fetch
from transfer.plugin import Store
from transfer.registry import open_service
from transfer.report import reporting
from transfer.tally import Tally
from transfer.tasks import closing

Item = Entry | Unlisted
_RECURSIVE = "add the name of an object in it, or --recursive to delete all that is below it"


async def cat(
    url: Named, options: Options = Options(), *, span: Span | None = None, listener: Listener = ignore
) -> AsyncGenerator[bytes, None]:
    """The object's bytes, or those of a span of it, in order. Raises NotFound, Changed and the like."""
    folder, key = split_object(url_of("url", url))
    config, controls = await load(options), Controls.of(options)
    budget = Budget(options.memory)
    async with (
        opened(folder, options, listener, config, options.source_settings, controls=controls) as unpaced,
        following(controls, listener),
    ):
        store = Pace(unpaced, read=controls.down)
        await store.check(write=False)
        refuse_thaw(options, store)
        entry = await _object(store, key, _folder_sentence(url))
        size = entry.size or 0
        first, last = (0, size) if span is None else (min(span.offset, size), min(span.offset + span.size, size))
        step = max(1, min(DEFAULT_PART, budget.largest // 2))
        for offset in range(first, last, step):
            piece = Span(offset, min(step, last - offset))
            async with budget.buffer(piece.size) as view:
                try:
                    await fetch(store, entry, piece, view, listener)
                except Frozen as error:
                    if not options.wait:
                        raise explained(error, url_of("url", url), entry) from None
                    await until_readable(store, entry, Span(offset, last - offset), options, listener)
                    await fetch(store, entry, piece, view, listener)
                data = bytes(view)
            yield data


async def plan_cat(url: Named, options: Options = Options(), *, listener: Listener = ignore) -> Result:
    """What :func:`cat` would read, as the result of a dry run: of the object itself nothing is read."""
    folder, key = split_object(url_of("url", url))
    config = await load(options)
    started, tally, why = time.monotonic(), Tally(), "asked for"
    async with (
        reporting(options.report, listener) as listener,
        opened(folder, options, listener, config, options.source_settings) as store,
    ):
        await store.check(write=False)
        listener(RunStarted(store.url, "-", None, resuming=False, dry_run=True))
        entry = await _object(store, key, _folder_sentence(url))
        listener(Planned(key, Action.COPY, why, entry.size))
        outcome = Outcome(key, Action.COPY, Verdict.PLANNED, why, size=entry.size)
        tally.add(outcome)
        listener(Finished(outcome))
    result = Result(tally.totals, time.monotonic() - started, dry_run=True)
    listener(RunFinished(result))
    return result


def _folder_sentence(url: Named) -> str:
    return f"'{url}' is a folder; name an object in it, 'transfer ls' lists them."


async def _object(store: Store, key: str, if_folder: str) -> Entry:
    """What is to be read or deleted. Raises NotFound; Misconfigured, saying ``if_folder``, for a folder."""
    try:
        return await store.stat(key)
    except Unsupported as error:
        raise Misconfigured(error.message, key=key) from None
    except NotFound:
        if await _is_folder(store, key):
            raise Misconfigured(if_folder, key=key) from None
        raise


async def _is_folder(store: Store, key: str) -> bool:
    try:
        if store.capabilities.folders:
            return bool(await store.stat(f"{key}/"))
        async with closing(store.list(f"{key}/")) as pages:
            async for page in pages:
                if page.items:
                    return True
    except TransferError:
        return False
    return False


async def list_objects(
    url: Named, options: Options = Options(), *, listener: Listener = ignore
) -> AsyncGenerator[Page, None]:
    """The listing of what ``url`` names: a folder's, or the one object's, in the store's own order.

    Raises NotFound where neither is there; an object store's folder without objects is merely empty.
    """
    url = url_of("url", url)
    missing: TransferError | None = None
    config = await load(options)
    async with opened(url, options, listener, config, options.source_settings) as store:
        found = False
        try:
            await store.check(write=False)
            async with closing(store.list(prune=options.filter.prunes)) as pages:
                async for page in pages:
                    found = found or bool(page.items)
                    yield page
        except (NotFound, Misconfigured) as error:
            if found:
                raise
            missing = error
        if found:
            return
    async with closing(_single(url, options, listener)) as pages:
        async for page in pages:
            missing = None
            yield page
    if missing is not None:
        raise missing


async def list_containers(url: str, options: Options = Options(), *, listener: Listener = ignore) -> Sequence[str]:
    """The names of all buckets behind a scheme or remote (``s3://``). Raises Misconfigured, Denied and the like."""
    config = await load(options)
    service = await open_service(url, options.stores, config=config, settings=options.source_settings)
    async with aclosing(service), opened(service, options, listener, config, options.source_settings) as store:
        return await store.containers()


async def _single(url: str, options: Options, listener: Listener) -> AsyncIterator[Page]:
    """The object of just this name, if there is one. Raises NotFound where its bucket or folder isn't there."""
    try:
        folder, key = split_object(url)
    except Misconfigured:
        return
    config = await load(options)
    async with opened(folder, options, listener, config, options.source_settings) as store:
        await store.check(write=False)
        try:
            yield Page((await store.stat(key),))
        except NotFound:
            return


async def remove(
    url: Named, options: Options = Options(), *, recursive: bool = False, listener: Listener = ignore
) -> Result:
    """Delete one object, or with ``recursive`` all below a folder that the filter lets through.

    One that is a symlink on disk is deleted itself, and never what it points to.
    """
    url = url_of("url", url)
    folder, key = (url, None) if recursive else split_object(url, _RECURSIVE)
    touches = options.filter.passes_key if key is None else key.__eq__
    await asyncio.to_thread(refuse_within, options, "folder", folder, touches)
    if key is not None:
        options = replace(options, stores=replace(options.stores, links="keep"))
    config = await load(options)
    started, tally = time.monotonic(), Tally()
    async with (
        reporting(options.report, listener) as listener,
        opened(folder, options, listener, config, options.target_settings) as store,
    ):
        await store.check(write=False)
        listener(RunStarted(store.url, store.url, None, resuming=False, dry_run=options.dry_run))
        groups = _below(store, options) if key is None else _one(store, url, key)
        async with aclosing(groups) as entries:
            async for group in entries:
                for outcome in await _remove(store, group, options, listener):
                    tally.add(outcome)
                    listener(Finished(outcome))
    result = Result(tally.totals, time.monotonic() - started, tuple(tally.failures), dry_run=options.dry_run)
    listener(RunFinished(result))
    return result


async def _one(store: Store, url: str, key: str) -> AsyncGenerator[list[Item], None]:
    yield [await _object(store, key, f"'{url}' is a folder; {_RECURSIVE}.")]


async def _below(store: Store, options: Options) -> AsyncGenerator[list[Item], None]:
    """What there is to delete, in batches, and the names that could not be looked behind."""
    size = max(1, store.limits.delete_batch)
    async with closing(store.list(prune=options.filter.prunes)) as pages:
        async for page in pages:
            items = [item for item in page.items if _is_meant(item, options)]
            for start in range(0, len(items), size):
                yield items[start : start + size]


def _is_meant(item: Item, options: Options) -> bool:
    passes = options.filter
    if isinstance(item, Unlisted):
        return item.failed and passes.passes_unlisted(item)
    return passes.passes_key(item.key) and passes.passes_entry(item)


async def _remove(store: Store, items: Sequence[Item], options: Options, listener: Listener) -> list[Outcome]:
    entries = [item for item in items if isinstance(item, Entry)]
    unlisted = [_unlisted(item) for item in items if isinstance(item, Unlisted)]
    return unlisted + (await _remove_entries(store, entries, options, listener) if entries else [])


def _unlisted(item: Unlisted) -> Outcome:
    error = f"{item.why}: {item.detail}"
    return Outcome(item.key, Action.DELETE, Verdict.FAILED, "asked for", error=error)


async def _remove_entries(
    store: Store, entries: Sequence[Entry], options: Options, listener: Listener
) -> list[Outcome]:
    if options.dry_run:
        for entry in entries:
            listener(Planned(entry.key, Action.DELETE, "asked for", entry.size))
        return [Outcome(entry.key, Action.DELETE, Verdict.PLANNED, "asked for", size=entry.size) for entry in entries]
    try:
        failures: Mapping[str, TransferError] = await store.delete([entry.key for entry in entries])
    except TransferError as error:
        failures = {entry.key: error for entry in entries}
    return [_outcome(entry, failures.get(entry.key)) for entry in entries]


def _outcome(entry: Entry, error: TransferError | None) -> Outcome:
    verdict = Verdict.DONE if error is None else Verdict.FAILED
    told = None if error is None else str(error)
    return Outcome(entry.key, Action.DELETE, verdict, "asked for", size=entry.size, error=told)

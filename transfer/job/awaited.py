"""One object, or a span of it, out of cold storage for whoever waits for it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from contextlib import suppress

from transfer.errors import Frozen
from transfer.event import Listener, Thawing
from transfer.job.asking import days_of, tiers_of
from transfer.job.hearing import Hearing, sleep
from transfer.model import Cold, Entry, Span
from transfer.options import Options
from transfer.plugin import Store
from transfer.thaw.polls import next_poll

_SECOND_NS = 1_000_000_000


def explained(error: Frozen, url: str, entry: Entry) -> Frozen:
    """``error`` with what to do about it."""
    going = ", where it is being thawed by now" if entry.cold is Cold.THAWING else ""
    message = f"'{url}' is in cold storage{going}; add --wait to have it thawed, wait, and then read it"
    return Frozen(message, key=error.key, code=error.code, request_id=error.request_id)


async def until_readable(
    store: Store,
    entry: Entry,
    span: Span,
    options: Options,
    listener: Listener,
    *,
    now_ns: Callable[[], int] = time.time_ns,
) -> None:
    """Ask for ``span`` of ``entry``, which is frozen, unless somebody has, and return once it can be read.

    Raises what :meth:`Store.thaw` raises.
    """
    since, ready = now_ns(), None
    if entry.cold is not Cold.THAWING:
        tier = tiers_of(options.tier, store.capabilities)[0]
        thaw = await store.thaw(entry, days_of(options, store.limits), tier, _aligned(store, entry, span))
        since, ready = thaw.asked_ns or since, thaw.ready_ns
    first = Span(span.offset, min(1, span.size))
    hearing = Hearing(store, listener)
    while True:
        try:
            async with store.read(entry, first):
                return
        except Frozen:
            listener(Thawing(1, span.size, 0, 1, ready))
        now = now_ns()
        woken = asyncio.Event()
        async with hearing.listening(woken.set):
            with suppress(TimeoutError):
                await sleep(woken, (next_poll(now, since, ready) - now) / _SECOND_NS)


def _aligned(store: Store, entry: Entry, span: Span) -> Span | None:
    """The smallest span around ``span`` that can be asked for; None is the whole object."""
    unit, size = store.limits.thaw_span, entry.size or 0
    if unit is None:
        return None
    begin, end = span.offset // unit * unit, min(size, -(-(span.offset + span.size) // unit) * unit)
    return None if (begin, end) == (0, size) else Span(begin, end - begin)

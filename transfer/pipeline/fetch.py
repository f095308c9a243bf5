"""Reads a span into a buffer, again if it breaks midway; and reads whole objects back."""

from __future__ import annotations

import asyncio
import random

from transfer.checksums import combine, digest_off_loop, hasher
from transfer.errors import Changed, Corrupt, Transient
from transfer.event import Listener, Retrying
from transfer.lanes import Lanes
from transfer.model import Algorithm, Entry, Span
from transfer.partition import DEFAULT_PART, cut
from transfer.pipeline.proof import ALWAYS
from transfer.plugin import Reading, Store
from transfer.stragglers import Stragglers

_TRIES = 5
_BREAKS = 3
"""So often a read is broken off for being slow; then it has all the time it wants."""
PAUSE = 0.2
"""Seconds, at most, before the second try; twice as many before each further one."""


async def fetch(
    store: Store,
    entry: Entry,
    span: Span | None,
    view: memoryview,
    listener: Listener,
    stragglers: Stragglers | None = None,
) -> Entry:
    """Fill ``view``; returns the entry as the reply's headers tell of it.

    Raises what :meth:`Store.read` raises; a body that breaks, or ends early, is read again
    a few times before Transient is raised. (Opening is tried again by the layer below.)
    What ``stragglers`` break off is read again at once.
    """
    attempt, breaks = 1, 0
    while True:
        async with store.read(entry, span) as reading:
            broken = await _fill(reading, entry.key, view, stragglers if breaks < _BREAKS else None)
            if broken is None:
                return reading.entry
        if isinstance(broken, _BrokenOff):
            breaks += 1
            continue
        if attempt == _TRIES:
            raise broken
        wait = random.uniform(0, PAUSE * 2 ** (attempt - 1))  # noqa: S311 - jitter, no secret
        listener(Retrying(f"read {entry.key}", attempt, wait, str(broken)))
        await asyncio.sleep(wait)
        attempt += 1


async def _fill(
    reading: Reading, key: str, view: memoryview, stragglers: Stragglers | None
) -> Transient | Corrupt | None:
    """What broke the body off, if anything did. Raises Changed if the object has another size by now."""
    if reading.size is not None and reading.size != len(view):
        raise Changed(f"'{key}' gives {reading.size:,} bytes where {len(view):,} were listed", key=key)
    try:
        got = await _read(reading, view, stragglers)
    except (Transient, Corrupt) as error:
        return error
    if got != len(view):
        return Transient(f"'{key}' ended after {got:,} of {len(view):,} bytes", key=key)
    return None


class _BrokenOff(Transient):
    """Slower than its like."""


async def _read(reading: Reading, view: memoryview, stragglers: Stragglers | None) -> int:
    if stragglers is None:
        return await reading.readinto(view)
    try:
        async with asyncio.timeout(None) as limit:
            with stragglers.watched(limit, len(view)):
                return await reading.readinto(view)
    except TimeoutError as error:
        raise _BrokenOff("Slower than its like") from error


async def digest_of(store: Store, entry: Entry, algorithm: Algorithm, lanes: Lanes, listener: Listener) -> bytes:
    """The checksum of what a store gives when all of ``entry`` is read now."""
    size = entry.size or 0
    step = min(DEFAULT_PART, lanes.memory // 4)
    pieces: list[tuple[bytes, int]] = []
    running = None if algorithm is ALWAYS else hasher(algorithm)
    for part in cut(size, step):
        async with lanes.unit(part.size, large=size > step) as view:
            await fetch(store, entry, part.span if size else None, view, listener)
            if running is None:
                pieces.append(((await digest_off_loop(view, [algorithm]))[algorithm], part.size))
            else:
                await asyncio.to_thread(running.update, view)
    return combine(algorithm, pieces) if running is None else running.digest()

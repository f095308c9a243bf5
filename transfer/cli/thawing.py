"""Cold storage in words: what waits for it, and until when."""

from __future__ import annotations

from datetime import datetime

from transfer.cli.words import count
from transfer.event import Result, Thawing
from transfer.units import format_size

_SECOND_NS = 1_000_000_000


def moment(time_ns: int) -> str:
    """``2026-01-31 09:40``, by this machine's clock and zone; rounded up, since it is when something is there."""
    minutes = -(-time_ns // (60 * _SECOND_NS))
    return f"{datetime.fromtimestamp(minutes * 60).astimezone():%Y-%m-%d %H:%M}"


def progress(thawing: Thawing | None) -> str:
    """``waiting for cold storage: 3 of 12 readable``, or nothing where nothing waits."""
    if thawing is None or not thawing.objects:
        return ""
    all_of_them = thawing.objects + thawing.readable
    until = f", the rest by {moment(thawing.ready_ns)}" if thawing.ready_ns else ""
    return f"waiting for cold storage: {thawing.readable:,} of {all_of_them:,} readable{until}"


def waiting(objects: int, size: int, ready_ns: int | None) -> str:
    """``2 objects, 5.0 MiB, wait for cold storage and should be readable by 2026-01-31 09:40``."""
    verb = "waits" if objects == 1 else "wait"
    when = f" and should be readable by {moment(ready_ns)}" if ready_ns else ""
    return f"{count(objects, 'object')}, {format_size(size)}, {verb} for cold storage{when}"


def next_step(result: Result) -> str:
    """What to do about the objects that a run has left to cold storage."""
    totals, ready_ns = result.totals, result.ready_ns
    told = waiting(totals.pending, totals.pending_bytes, ready_ns)
    then = "then" if ready_ns else "later"
    return f"{told}. Run the same command again {then}, or with --wait to stay till it is done."

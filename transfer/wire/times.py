"""The two spellings of a point in time that object stores use."""

from __future__ import annotations

import calendar
import time
from datetime import UTC, datetime
from functools import lru_cache

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_NAMES = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split()  # noqa: SIM905
_MONTHS = {name: number for number, name in enumerate(_NAMES, start=1)}
_DAYS = "Mon Tue Wed Thu Fri Sat Sun".split()  # noqa: SIM905


def iso_ns(text: str | None) -> int | None:
    """``2026-01-02T03:04:05.678Z`` in nanoseconds; None for what is no such time."""
    if not text:
        return None
    try:
        since = datetime.fromisoformat(text) - _EPOCH
    except (ValueError, TypeError):
        return None
    return ((since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds) * 1_000


@lru_cache(maxsize=256)
def http_ns(text: str | None) -> int | None:
    """``Fri, 02 Jan 2026 03:04:05 GMT`` in nanoseconds; None for what is no such time."""
    if not text:
        return None
    try:
        _, day, month, year, clock, _ = text.split(" ")
        hour, minute, second = clock.split(":")
        moment = (int(year), _MONTHS[month], int(day), int(hour), int(minute), int(second))
    except (ValueError, KeyError):
        return None
    return calendar.timegm(moment) * 1_000_000_000


@lru_cache(maxsize=4)
def http_date(second: int) -> str:
    """Seconds since the epoch as ``Fri, 02 Jan 2026 03:04:05 GMT``, whatever the locale; many requests share one."""
    year, month, day, hour, minute, rest, weekday, _, _ = time.gmtime(second)
    return f"{_DAYS[weekday]}, {day:02} {_NAMES[month - 1]} {year:04} {hour:02}:{minute:02}:{rest:02} GMT"

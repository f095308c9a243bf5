"""How fast a run may be, as people write it: rates, up and down, and a timetable of them. Pure.

A text that can't be read raises Misconfigured with an example of one that can.
"""

from __future__ import annotations

import math
import re
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from transfer.errors import Misconfigured
from transfer.units import format_rate, parse_rate

UNLIMITED = "off"
_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_DAY = 24 * 60
"""Minutes."""
_MOMENT = re.compile(r"(?:([a-z]{3})[a-z]*-)?(\d{1,2}):(\d{2})", re.IGNORECASE | re.ASCII)
_NUMBER = re.compile(r"\d+(?:\.\d+)?", re.ASCII)


@dataclass(frozen=True, slots=True)
class Rates:
    """Bytes a second: ``up`` to the target, ``down`` from the source. None: as fast as it goes."""

    up: int | None = None
    down: int | None = None

    def __str__(self) -> str:
        if self.up == self.down:
            return _shown(self.up)
        return f"{_shown(self.up)} up, {_shown(self.down)} down"


@dataclass(frozen=True, slots=True)
class Change:
    """From ``minute`` of the week on (counted from Monday, 00:00, local time) these are the rates."""

    minute: int
    rates: Rates


@dataclass(frozen=True, slots=True)
class Timetable:
    """The changes of a week, at least one, by ``minute``; the last one of a week holds until the first of the next."""

    changes: tuple[Change, ...]


OFF = Timetable((Change(0, Rates()),))


def limit_at(timetable: Timetable, when: datetime) -> Rates:
    """The rates at a local time."""
    minute = when.weekday() * _DAY + when.hour * 60 + when.minute
    position = bisect_right(timetable.changes, minute, key=lambda change: change.minute)
    return timetable.changes[position - 1].rates


def timetable_of(limit: int | str | Timetable | None) -> Timetable:
    """What ``Options.bwlimit`` means: a number of bytes a second, or a text as :func:`parse_limit` reads it."""
    if isinstance(limit, str):
        return parse_limit(limit)
    if isinstance(limit, int):
        if limit < 1:
            raise Misconfigured("A limit must be at least 1 byte a second; leave it out for none.")
        return Timetable((Change(0, Rates(limit, limit)),))
    return limit or OFF


def parse_limit(text: str) -> Timetable:
    """A rate for both ways each (``10M``), ``UP:DOWN`` (``10M:off``), or a timetable of these.

    A timetable is ``HH:MM,RATE`` again and again with blanks between, each with a day ahead
    where it is for that day alone: ``08:00,512k 19:00,10M Sat-00:00,off``.
    """
    if "," not in text:
        return Timetable((Change(0, _rates(text)),))
    rates: dict[int, Rates] = {}
    for entry in text.split():
        for minute, found in _entry(entry):
            if minute in rates:
                raise Misconfigured(f"'{entry}' is for a time that has a limit already; name each time once.")
            rates[minute] = found
    return Timetable(tuple(Change(minute, rates[minute]) for minute in sorted(rates)))


def parse_calls(text: str) -> float:
    """Requests a second, decimals allowed; ``off`` is infinitely many."""
    written = text.strip()
    if written.lower() == UNLIMITED:
        return math.inf
    number = float(written) if _NUMBER.fullmatch(written) else 0.0
    if number <= 0:
        raise Misconfigured(f"'{text}' is not a number of requests a second; write for example 50, or off.")
    return number


def _entry(entry: str) -> Iterator[tuple[int, Rates]]:
    """The minutes of the week that an entry of a timetable is for, with its rates."""
    when, _, limit = entry.partition(",")
    match = _MOMENT.fullmatch(when)
    day, hour, minute = match.groups() if match else (None, "24", "0")
    if int(hour) > 23 or int(minute) > 59 or (day and day.lower() not in _DAYS) or not limit:
        raise Misconfigured(
            f"'{entry}' is not an entry of a timetable; write for example '08:00,512k 19:00,10M Sat-00:00,off'."
        )
    rates = _rates(limit)
    for number in range(len(_DAYS)) if day is None else (_DAYS.index(day.lower()),):
        yield number * _DAY + int(hour) * 60 + int(minute), rates


def _rates(text: str) -> Rates:
    up, colon, down = text.partition(":")
    first = _rate(up)
    return Rates(first, _rate(down) if colon else first)


def _rate(text: str) -> int | None:
    return None if text.strip().lower() in (UNLIMITED, "0") else parse_rate(text)


def _shown(rate: int | None) -> str:
    return UNLIMITED if rate is None else format_rate(rate)

"""Times in descriptions: UTC, to the second. Pure."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

_FORM = re.compile(r"([0-9]{4})-?([0-9]{2})-?([0-9]{2})[T ]([0-9]{2}):?([0-9]{2}):?([0-9]{2})(?:[.,][0-9]+)?Z")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_SECOND = timedelta(seconds=1)
_FIRST_YEAR = 1000
_FIRST = (datetime(_FIRST_YEAR, 1, 1, tzinfo=UTC) - _EPOCH) // _SECOND
_LAST = (datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC) - _EPOCH) // _SECOND


def written(seconds: int) -> str:
    """Like 20121114T201618Z; what has a year of less or more than four digits is the nearest that has not."""
    moment = _EPOCH + max(_FIRST, min(seconds, _LAST)) * _SECOND
    return moment.strftime("%Y%m%dT%H%M%SZ")


def seconds_of(text: str) -> int:
    """Seconds since 1970. Separators and fractions may be in it. Raises ValueError."""
    found = _FORM.fullmatch(text)
    if found is None:
        raise ValueError("no date")
    moment = datetime(*map(int, found.groups()), tzinfo=UTC)  # type: ignore[misc, arg-type]
    if moment.year < _FIRST_YEAR:
        raise ValueError("no year")
    return (moment - _EPOCH) // _SECOND

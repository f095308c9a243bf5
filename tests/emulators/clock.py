"""Time that tests can turn forward and back."""

from __future__ import annotations

import datetime as dt


class Clock:
    """The machine's clock, plus what a test has turned it by."""

    def __init__(self) -> None:
        self.turned = dt.timedelta()

    def now(self) -> dt.datetime:
        """Now, in UTC."""
        return dt.datetime.now(dt.UTC) + self.turned

    def turn(self, **by: float) -> None:
        """Turn it forward, or back: ``turn(hours=5)``; the names are those of ``datetime.timedelta``."""
        self.turned += dt.timedelta(**by)


def http_date(moment: dt.datetime) -> str:
    """As in ``Last-Modified``, whatever the locale."""
    day = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")[moment.weekday()]
    month = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")[moment.month - 1]
    return f"{day}, {moment.day:02} {month} {moment.year} {moment:%H:%M:%S} GMT"


def iso_date(moment: dt.datetime) -> str:
    """As in listings: whole seconds, although it has a fraction."""
    return f"{moment:%Y-%m-%dT%H:%M:%S}.000Z"


def parse_http_date(text: str) -> dt.datetime | None:
    """A date header's moment; None where it is not one."""
    try:
        return dt.datetime.strptime(text, "%a, %d %b %Y %H:%M:%S GMT").replace(tzinfo=dt.UTC)
    except ValueError:
        return None

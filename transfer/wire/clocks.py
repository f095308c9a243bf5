"""This machine's clock beside a server's: signatures are refused where they are far apart."""

from __future__ import annotations

import time
from collections.abc import Mapping

from transfer.wire.times import http_ns


def seconds_ahead(headers: Mapping[str, str]) -> int | None:
    """Seconds by which this machine's clock is ahead of that of the server, whose reply has these headers."""
    there = http_ns(headers.get("date"))
    return None if there is None else round(time.time() - there / 1e9)


def skew_sentence(headers: Mapping[str, str]) -> str:
    """What is said of a request that was refused for its time."""
    seconds = seconds_ahead(headers)
    if seconds is None:
        return "was refused because this machine's clock is wrong: set it right"
    direction = "ahead of" if seconds > 0 else "behind"
    return f"was refused because this machine's clock is {abs(seconds)} s {direction} the server's: set it right"


def retry_after(headers: Mapping[str, str]) -> float | None:
    """The wait in seconds that ``Retry-After`` asks for, as a number or a time."""
    text = headers.get("retry-after", "").strip()
    if text.isdecimal():
        return float(text)
    moment = http_ns(text)
    return None if moment is None else max(0.0, moment / 1e9 - time.time())

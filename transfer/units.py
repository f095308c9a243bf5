"""Sizes, rates, durations and times as people write them, and as they read them.

Everything is parsed into plain numbers: bytes, bytes a second, seconds, ns since the
epoch. A text that can't be read raises Misconfigured with an example of one that can.
"""

from __future__ import annotations

import re
from datetime import datetime

from transfer.errors import Misconfigured

_SECOND_NS = 1_000_000_000
_BINARY = ("B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB")
_POWERS = {"": 0, "K": 1, "M": 2, "G": 3, "T": 4, "P": 5, "E": 6}
_SECONDS = {"ms": 0.001, "s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800, "y": 31_557_600}

_SIZE = re.compile(r"(\d+(?:\.\d+)?)\s*([KMGTPE]?)(i?B?)", re.IGNORECASE | re.ASCII)
_DURATION_PART = re.compile(r"(\d+(?:\.\d+)?)(ms|[smhdwy])", re.ASCII)
_DURATION = re.compile(rf"(?:{_DURATION_PART.pattern})+", re.ASCII)


def parse_size(text: str) -> int:
    """Bytes. ``10M`` and ``10MiB`` are powers of 1024, ``10MB`` of 1000, a bare number is bytes."""
    match = _SIZE.fullmatch(text.strip())
    if match is None:
        raise Misconfigured(f"'{text}' is not a size; write for example 1024, 64MiB or 5GB.")
    number, prefix, suffix = match.groups()
    base = 1000 if prefix and suffix.lower() == "b" else 1024
    whole, _, fraction = number.partition(".")
    unit: int = base ** _POWERS[prefix.upper()]
    return int(whole) * unit + (int(fraction) * unit // 10 ** len(fraction) if fraction else 0)


def parse_rate(text: str) -> int:
    """Bytes a second, written as a size with or without ``/s``; never 0."""
    return _parse_per(text, ("/s",), "is not a rate; write for example 10MiB/s")


def parse_hourly(text: str) -> int:
    """Bytes in an hour, written as a size with or without ``/h``; never 0."""
    return _parse_per(text, ("/h", "/hour"), "is not a number of bytes in an hour; write for example 10GiB/h")


def parse_daily(text: str) -> int:
    """Bytes in a day, written as a size with or without ``/day``; never 0."""
    return _parse_per(text, ("/d", "/day"), "is not a number of bytes in a day; write for example 500GiB/day")


def parse_amount(text: str, per: str) -> int:
    """Bytes in a stretch of time, written as a size with or without ``/h`` (or whatever ``per`` is); never 0."""
    try:
        amount = parse_size(text.strip().removesuffix(f"/{per}"))
    except Misconfigured:
        amount = 0
    if amount < 1:
        raise Misconfigured(f"'{text}' is not a size in that time; write for example 10GiB/{per}.")
    return amount


def parse_duration(text: str) -> float:
    """Seconds, from for example ``90s``, ``1h30m``, ``7d`` or a bare number of seconds."""
    written = text.strip()
    if re.fullmatch(r"\d+(\.\d+)?", written, re.ASCII):
        return float(written)
    if _DURATION.fullmatch(written) is None:
        raise Misconfigured(f"'{text}' is not a duration; write for example 90s, 1h30m or 7d.")
    return sum(float(number) * _SECONDS[unit] for number, unit in _DURATION_PART.findall(written))


def parse_time(text: str, now_ns: int) -> int:
    """A time in ns since the epoch: a date, a date with a time (RFC 3339), or a duration before ``now_ns``.

    Without a zone it is the local one.
    """
    written = text.strip()
    if _DURATION.fullmatch(written):
        return now_ns - round(parse_duration(written) * _SECOND_NS)
    try:
        moment = datetime.fromisoformat(written).astimezone()
    except (ValueError, OverflowError):
        raise Misconfigured(
            f"'{text}' is not a time; write for example 2026-01-31, 2026-01-31T12:00:00Z or 7d (ago)."
        ) from None
    return int(moment.replace(microsecond=0).timestamp()) * _SECOND_NS + moment.microsecond * 1000


def _parse_per(text: str, endings: tuple[str, ...], complaint: str) -> int:
    written = text.strip()
    for ending in endings:
        if written.lower().endswith(ending):
            written = written[: -len(ending)]
            break
    try:
        size = parse_size(written)
    except Misconfigured:
        size = 0
    if size < 1:
        raise Misconfigured(f"'{text}' {complaint}.")
    return size


def format_size(size: float) -> str:
    """For people: ``0 B``, ``1.5 KiB``, ``234 MiB``; three digits at most."""
    power = 0
    while size >= 999.5 and power < len(_BINARY) - 1:
        size /= 1024
        power += 1
    digits = 0 if power == 0 or size >= 99.95 else 1
    return f"{size:.{digits}f} {_BINARY[power]}"


def format_rate(bytes_per_second: float) -> str:
    """For people: ``12.3 MiB/s``."""
    return f"{format_size(bytes_per_second)}/s"


def format_duration(seconds: float) -> str:
    """For people: ``0.4s``, ``12s``, ``3m05s``, ``2h07m``, ``3d04h``."""
    if seconds < 9.95:
        return f"{seconds:.1f}s"
    whole = round(seconds)
    if whole < 60:
        return f"{whole}s"
    if whole < 3600:
        return f"{whole // 60}m{whole % 60:02}s"
    if whole < 86_400:
        return f"{whole // 3600}h{whole % 3600 // 60:02}m"
    return f"{whole // 86_400}d{whole % 86_400 // 3600:02}h"

"""Sizes, rates, durations and times, read and written."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from transfer import units
from transfer.errors import Misconfigured

MIB = 1024 * 1024
DAY_NS = 86_400_000_000_000
NOW_NS = 1_700_000_000_123_456_789


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("1024", 1024),
        ("0", 0),
        ("10M", 10 * MIB),
        ("256MiB", 256 * MIB),
        ("5GiB", 5 * 1024 * MIB),
        ("5 gib", 5 * 1024 * MIB),
        ("1.5k", 1536),
        ("10MB", 10_000_000),
        ("7B", 7),
        ("48.75TiB", 48 * 2**40 + 3 * 2**38),
    ],
)
def test_sizes(text: str, size: int) -> None:
    """Sizes are read in both families of units."""
    assert units.parse_size(text) == size


@pytest.mark.parametrize("text", ["", "MiB", "-1", "10X", "1.2.3", "1e3", "10 M iB", "٣"])
def test_wrong_sizes(text: str) -> None:
    """What is no size is refused with its own text."""
    with pytest.raises(Misconfigured, match="is not a size"):
        units.parse_size(text)


def test_rates() -> None:
    """Rates are sizes a second and never nothing."""
    assert units.parse_rate("10MiB/s") == units.parse_rate("10M") == 10 * MIB
    for wrong in ("0", "fast", "10MiB/h", ""):
        with pytest.raises(Misconfigured, match="is not a rate"):
            units.parse_rate(wrong)


def test_rates_of_retrieval() -> None:
    """Bytes in an hour and in a day, each with its own word or none, and never the other's."""
    assert units.parse_hourly("10GiB/h") == units.parse_hourly("10 GiB/Hour") == units.parse_hourly("10G") == 10 * 2**30
    assert units.parse_daily("500GiB/day") == units.parse_daily("500GiB/d") == units.parse_daily("500G") == 500 * 2**30
    for wrong in ("0", "fast", "10MiB/s", "10GiB/day", ""):
        with pytest.raises(Misconfigured, match=r"bytes in an hour.*10GiB/h\."):
            units.parse_hourly(wrong)
    for wrong in ("0/day", "10GiB/h", "10GiB/days", "/day"):
        with pytest.raises(Misconfigured, match=r"bytes in a day.*500GiB/day\."):
            units.parse_daily(wrong)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("90s", 90), ("90", 90), ("1h30m", 5400), ("7d", 604_800), ("500ms", 0.5), ("1.5h", 5400), ("2w", 1_209_600)],
)
def test_durations(text: str, seconds: float) -> None:
    """Durations add up their units."""
    assert units.parse_duration(text) == seconds


@pytest.mark.parametrize("text", ["", "h", "1x", "1h 30m", "-5s", "1h30"])
def test_wrong_durations(text: str) -> None:
    """What is no duration is refused."""
    with pytest.raises(Misconfigured, match="is not a duration"):
        units.parse_duration(text)


def test_times() -> None:
    """A time is absolute, with the local zone where none is given, or an age."""
    assert units.parse_time("7d", NOW_NS) == NOW_NS - 7 * DAY_NS
    assert units.parse_time("2023-11-14T22:13:20Z", NOW_NS) == 1_700_000_000_000_000_000
    assert units.parse_time("2023-11-15T06:13:20.750250+08:00", NOW_NS) == 1_700_000_000_750_250_000
    local = datetime(2026, 1, 31, tzinfo=UTC).replace(tzinfo=None).astimezone()
    assert units.parse_time("2026-01-31", NOW_NS) == int(local.timestamp()) * 1_000_000_000


@pytest.mark.parametrize("text", ["", "yesterday", "2026-13-01", "1700000000", "0001-01-01"])
def test_wrong_times(text: str) -> None:
    """What is no time is refused, and the sentence shows all three ways to write one."""
    with pytest.raises(Misconfigured, match=r"is not a time.*7d"):
        units.parse_time(text, NOW_NS)


@pytest.mark.parametrize(
    ("size", "text"),
    [(0, "0 B"), (999, "999 B"), (1000, "1.0 KiB"), (1536, "1.5 KiB"), (256 * MIB, "256 MiB"), (2**60, "1.0 EiB")],
)
def test_sizes_for_people(size: int, text: str) -> None:
    """Sizes are shown with few digits."""
    assert units.format_size(size) == text


@given(st.integers(0, 2**63))
def test_shown_sizes_are_short_and_close(size: int) -> None:
    """What is shown can be read again and is within a tenth of a unit of the truth."""
    shown = units.format_size(size)
    assert len(shown) <= 8
    assert abs(units.parse_size(shown) - size) <= max(size, 1024) * 0.06


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "0.0s"), (9.96, "10s"), (59.7, "1m00s"), (185, "3m05s"), (7620, "2h07m"), (273_600, "3d04h")],
)
def test_durations_for_people(seconds: float, text: str) -> None:
    """Durations are shown in their two largest units."""
    assert units.format_duration(seconds) == text


def test_rates_for_people() -> None:
    """A rate is shown as a size a second."""
    assert units.format_rate(1536) == "1.5 KiB/s"

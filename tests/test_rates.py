"""Limits as they are written: rates, up and down, timetables."""

from __future__ import annotations

import math
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from transfer.errors import Misconfigured
from transfer.rates import OFF, Rates, limit_at, parse_calls, parse_limit, timetable_of

KIB, MIB = 1024, 1024 * 1024
MONDAY = datetime(2026, 1, 5)  # noqa: DTZ001 - times of a timetable are local
DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
WEEK = 7 * 24 * 60

a_rate = st.none() | st.integers(1, 10**12)
some_rates = st.builds(Rates, a_rate, a_rate)
moments = st.tuples(st.none() | st.integers(0, 6), st.integers(0, 23), st.integers(0, 59))


@pytest.mark.parametrize(
    ("text", "rates"),
    [
        ("10M", Rates(10 * MIB, 10 * MIB)),
        ("512k/s", Rates(512 * KIB, 512 * KIB)),
        ("10M:1M", Rates(10 * MIB, MIB)),
        ("10M:off", Rates(10 * MIB, None)),
        ("off:1MB", Rates(None, 1_000_000)),
        ("off", Rates()),
        ("OFF", Rates()),
        (" 7 ", Rates(7, 7)),
    ],
)
def test_one_limit(text: str, rates: Rates) -> None:
    """A single one is for both ways each; it holds at any time."""
    for hours in (0, 30, 100, 167):
        assert limit_at(parse_limit(text), MONDAY + timedelta(hours=hours)) == rates


@pytest.mark.parametrize(
    ("time", "rates"),
    [
        ("00:00", Rates()),
        ("07:59", Rates()),
        ("08:00", Rates(512 * KIB, 512 * KIB)),
        ("18:59", Rates(512 * KIB, 512 * KIB)),
        ("19:00", Rates(10 * MIB, MIB)),
        ("23:00", Rates()),
    ],
)
def test_a_timetable(time: str, rates: Rates) -> None:
    """Each entry holds until the next one, the last of a day over midnight."""
    hour, minute = map(int, time.split(":"))
    table = parse_limit("08:00,512k  19:00,10M:1M 23:00,off")
    for day in range(7):
        assert limit_at(table, MONDAY + timedelta(days=day, hours=hour, minutes=minute)) == rates


def test_days_of_the_week() -> None:
    """An entry may be for one day alone, written short or long; the last of the week holds until the first."""
    table = parse_limit("Mon-08:00,1M friday-18:30,off")
    assert limit_at(table, MONDAY + timedelta(hours=7)) == Rates()
    assert limit_at(table, MONDAY + timedelta(hours=8)) == Rates(MIB, MIB)
    assert limit_at(table, MONDAY + timedelta(days=4, hours=18, minutes=29, seconds=59)) == Rates(MIB, MIB)
    assert limit_at(table, MONDAY + timedelta(days=4, hours=18, minutes=30)) == Rates()


@given(st.dictionaries(moments, some_rates, min_size=1, max_size=6), st.integers(0, WEEK - 1))
def test_the_last_entry_before_a_moment_holds(entries: dict[tuple[int | None, int, int], Rates], now: int) -> None:
    """Whatever the timetable, and found as a person would: by going back minute by minute."""
    minutes: dict[int, Rates] = {}
    for (day, hour, minute), rates in entries.items():
        for number in range(7) if day is None else (day,):
            if minutes.setdefault(number * 1440 + hour * 60 + minute, rates) is not rates:
                return  # One time named twice: refused, as another test shows.
    table = parse_limit(" ".join(f"{_moment(*moment)},{_written(rates)}" for moment, rates in entries.items()))
    expected = next(minutes[(now - back) % WEEK] for back in range(WEEK + 1) if (now - back) % WEEK in minutes)
    assert limit_at(table, MONDAY + timedelta(minutes=now)) == expected


def _moment(day: int | None, hour: int, minute: int) -> str:
    return f"{'' if day is None else DAYS[day] + '-'}{hour:02}:{minute:02}"


def _written(rates: Rates) -> str:
    return ":".join("off" if rate is None else f"{rate}B" for rate in (rates.up, rates.down))


@pytest.mark.parametrize(
    "text",
    [
        "", "fast", "0.5", "-1", "1M:", ":1M", "1M:2M:3M", "1M 2M", "08:00", "08:00,", ",1M", "8,1M", "24:00,1M",
        "08:60,1M", "Mon 08:00,1M", "Mun-08:00,1M", "08:00,1M,2M", "08:00,1M 09:00", "08:00,1M 08:00,2M",
        "Mon-08:00,1M 08:00,2M",
    ],
)  # fmt: skip
def test_wrong_limits(text: str) -> None:
    """One sentence that shows how to write it."""
    with pytest.raises(Misconfigured, match=r"(write for example|name each time once)[^.]*\.$"):
        parse_limit(text)


def test_nothing_a_second_is_no_limit() -> None:
    """As other programs have it."""
    assert parse_limit("0") == parse_limit("off")
    assert parse_limit("0:1M") == parse_limit("off:1M")


def test_numbers_and_texts_mean_the_same() -> None:
    """In Python a limit may be a number of bytes a second, a text or a timetable."""
    assert timetable_of(10 * MIB) == timetable_of("10M") == timetable_of(parse_limit("10M"))
    assert timetable_of(None) == timetable_of("off") == OFF
    with pytest.raises(Misconfigured, match="at least 1"):
        timetable_of(0)


def test_requests_a_second() -> None:
    """Decimals are allowed, nothing is not."""
    assert [parse_calls(text) for text in ("50", " 0.5 ", "off")] == [50, 0.5, math.inf]
    for wrong in ("", "0", "0.0", "-1", "inf", "nan", "1e3", "fast"):
        with pytest.raises(Misconfigured, match="is not a number of requests a second"):
            parse_calls(wrong)


def test_rates_for_people() -> None:
    """Both ways alike are told once."""
    assert str(Rates(MIB, MIB)) == "1.0 MiB/s"
    assert str(Rates(MIB, None)) == "1.0 MiB/s up, off down"
    assert str(Rates()) == "off"

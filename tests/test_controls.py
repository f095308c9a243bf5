"""The limits of a run, and how they are changed while it goes on."""

from __future__ import annotations

import asyncio
import math
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from tests.core.rig import Heard, memory
from transfer.checkpoint.lock import Holder, Lock, holder
from transfer.checkpoint.mailbox import leave, taken
from transfer.controls import Changes, Controls, parse_changes
from transfer.errors import Misconfigured
from transfer.event import Notice
from transfer.job.following import following
from transfer.options import Options
from transfer.plugin import Origin
from transfer.rates import parse_limit

MIB = 1024 * 1024
NOON = datetime(2026, 1, 5, 12)  # noqa: DTZ001 - local time


class Clock:
    """A clock on the wall that is turned by hand."""

    def __init__(self) -> None:
        self.time = NOON

    def __call__(self) -> datetime:
        return self.time


def rates(controls: Controls) -> tuple[float | None, float | None]:
    return controls.up.rate, controls.down.rate


def test_the_timetable_is_followed() -> None:
    """As time passes, up and down by themselves."""
    wall = Clock()
    controls = Controls(now=wall)
    controls.change("08:00,1M:2M 19:00,off")
    assert rates(controls) == (MIB, 2 * MIB)
    wall.time += timedelta(hours=7)
    assert rates(controls) == (MIB, 2 * MIB)
    controls.follow()
    assert rates(controls) == (None, None)


def test_a_limit_is_lifted_and_put_back() -> None:
    """What is asked for meanwhile puts it back too."""
    controls = Controls()
    controls.change("1M:2M")
    controls.toggle()
    assert rates(controls) == (None, None)
    controls.toggle()
    assert rates(controls) == (MIB, 2 * MIB)
    controls.toggle()
    controls.change(3 * MIB)
    assert rates(controls) == (3 * MIB, 3 * MIB)


def test_endpoints_have_their_own_limit_on_requests() -> None:
    """Shared by all stores there, changed for all; disks have none."""
    controls = Controls.of(Options(tps=5))
    one, same, other = (controls.calls(Origin(end, "", box, "")) for end, box in (("x:", "a"), ("x:", "b"), ("y:", "")))
    assert one is same is not other
    assert (one.rate, other.rate, controls.calls(Origin("file:", "", "", "/")).rate) == (5, 5, None)
    controls.change(tps=7)
    assert (one.rate, other.rate) == (7, 7)
    controls.change(tps=math.inf)
    assert (one.rate, controls.calls(Origin("z:", "", "", "")).rate) == (None, None)


def test_words() -> None:
    """They are those of the options, and what can't be read changes nothing."""
    assert parse_changes({"bwlimit": "1M", "tps": "off", "transfers": "8"}) == Changes(parse_limit("1M"), math.inf, 8)
    assert parse_changes({"transfers": "off"}) == Changes(transfers=0)
    for wrong in ({"bwlimit": ""}, {"tps": "0"}, {"transfers": "0"}, {"transfers": "1.5"}, {"memory": "1M"}):
        with pytest.raises(Misconfigured):
            parse_changes(wrong)


def test_options_are_where_controls_begin() -> None:
    """What they leave out stays as the caller's controls have it."""
    mine = Controls()
    mine.change("1M", 5, 3)
    assert Controls.of(Options(tps=9), mine) is mine
    assert (rates(mine), mine.calls(memory().origin).rate, mine.transfers) == ((MIB, MIB), 9, 3)
    assert str(mine) == "bwlimit 1.0 MiB/s, tps 9, transfers 3"


class Seconds:
    """A sleep that lasts no longer than a turn, and leaves the test to look after each."""

    def __init__(self) -> None:
        self.passed = 0

    async def __call__(self, seconds: float) -> None:
        self.passed += 1
        await asyncio.sleep(0.001)

    async def pass_by(self, number: int) -> None:
        wanted = self.passed + number
        while self.passed < wanted:
            await asyncio.sleep(0.001)


async def test_a_run_takes_up_what_is_left_for_it(tmp_path: Path) -> None:
    """It tells so, once; words for another process, or that can't be read, change nothing."""
    checkpoint, controls, heard, seconds = tmp_path / "job.sqlite", Controls(), Heard(), Seconds()
    checkpoint.touch()
    lock = Lock.acquire(checkpoint)
    mine = holder(checkpoint)
    assert mine is not None
    async with following(controls, heard, checkpoint, sleep=seconds):
        leave(checkpoint, mine, {"bwlimit": "1M"})
        await seconds.pass_by(3)
        assert rates(controls) == (MIB, MIB)
        leave(checkpoint, Holder(mine.pid, mine.host, "another time"), {"bwlimit": "2M"})
        await seconds.pass_by(3)
        leave(checkpoint, mine, {"bwlimit": "nonsense"})
        await seconds.pass_by(3)
        assert rates(controls) == (MIB, MIB)
        controls.toggle()
        await seconds.pass_by(3)
    lock.release()
    assert taken(checkpoint)
    assert [event.text for event in heard.of(Notice)] == [
        "Limits from now on: bwlimit 1.0 MiB/s, tps off.",
        "'transfer jobs set' asks for what can't be: 'nonsense' is not a rate; write for example 10MiB/s.",
        "Limits from now on: bwlimit off, tps off.",
    ]

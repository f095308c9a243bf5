"""What is shown while a run goes on: true figures, in little room, and harmless."""

from __future__ import annotations

import io
from dataclasses import replace
from datetime import datetime

import pytest
from rich.console import Console

from tests.cli.samples import COPIED, FAILED
from transfer.cli import phrases, thawing
from transfer.cli.live import Live
from transfer.cli.pace import Pace, Sample
from transfer.cli.progress import Lines
from transfer.cli.tally import Tally
from transfer.cli.words import printable
from transfer.event import (
    Action,
    BytesMoved,
    Finished,
    Listed,
    Notice,
    ObjectStarted,
    Outcome,
    Parked,
    Planned,
    Replanned,
    Retrying,
    RunStarted,
    Thawing,
    Verdict,
)

MIB = 1024 * 1024


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def copied(key: str, size: int) -> Finished:
    return Finished(replace(COPIED, key=key, size=size))


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def tally(clock: Clock) -> Tally:
    """A run in its middle: one object done, one in flight, one to come, the listing still going on."""
    tally = Tally(clock=clock)
    tally(RunStarted("a", "b", None, resuming=False))
    tally(Listed("source", 3))
    for key in ("one", "two", "three"):
        tally(Planned(key, Action.COPY, "new", 10 * MIB))
    tally(ObjectStarted("one", 10 * MIB))
    tally(BytesMoved("one", 10 * MIB))
    tally(copied("one", 10 * MIB))
    tally(ObjectStarted("two", 10 * MIB))
    tally(BytesMoved("two", 5 * MIB))
    return tally


def drawn(tally: Tally, width: int = 80, height: int = 24, title: str = "sync a → b") -> list[str]:
    console = Console(file=io.StringIO(), width=width, height=height, color_system=None)
    live = Live(title, tally, console)
    with console.capture() as capture:
        console.print(live.drawing())
    return capture.get().splitlines()


def test_amounts_are_bounds_while_listing_goes_on(tally: Tally) -> None:
    """Nobody claims to know a total before the listing has ended."""
    assert phrases.bytes_of(tally) == "15.0 MiB of at least 30.0 MiB"
    assert phrases.objects_of(tally) == "1 of at least 3 objects"
    tally(Listed("source", 0, done=True))
    assert phrases.bytes_of(tally) == "15.0 MiB of 30.0 MiB"
    assert phrases.objects_of(tally) == "1 of 3 objects"
    assert phrases.fraction(tally) == 0.5


def test_the_time_left_says_at_least_too(tally: Tally, clock: Clock) -> None:
    """An estimate made while listing goes on is a lower bound, and says so."""
    pace = Pace()
    pace.add(Sample(0.0, 0, 0))
    pace.add(Sample(10.0, 10 * MIB, 1))
    assert phrases.time_left(tally, pace) == "at least 20s left"
    tally(Listed("source", 0, done=True))
    assert phrases.time_left(tally, pace) == "20s left"


def test_a_stalled_run_gives_no_time(tally: Tally) -> None:
    """Where nothing moves, nothing is promised."""
    pace = Pace()
    pace.add(Sample(0.0, 0, 0))
    pace.add(Sample(10.0, 0, 0))
    assert phrases.time_left(tally, pace) == ""


def test_many_small_objects_take_their_time_by_number() -> None:
    """The longer of the two estimates counts: by bytes, and by objects."""
    pace = Pace()
    pace.add(Sample(0.0, 0, 0))
    pace.add(Sample(1.0, 1000, 10))
    assert pace.seconds_left(100, 1000) == 100.0
    assert pace.seconds_left(100_000, 10) == 100.0
    assert pace.seconds_left(0, 0) == 0.0


def test_rates_look_back_a_few_seconds_only() -> None:
    """A slow start is forgotten."""
    pace = Pace()
    for second in range(100):
        pace.add(Sample(float(second), max(0, second - 80) * 1000, 0))
    assert pace.bytes_per_second == 1000.0


def test_what_is_retried_and_waits_is_told(tally: Tally, clock: Clock) -> None:
    """Sleeping calls are counted with the reason, until their time has come."""
    tally(Retrying("put two", 1, 4.0, "503 SlowDown"))
    assert phrases.waiting(tally) == "1 call waits, the next for 4.0s: 503 SlowDown"
    tally(Retrying("put three", 1, 6.0, "503 SlowDown"))
    clock.now += 2
    assert phrases.waiting(tally) == "2 calls wait, the next for 2.0s: 503 SlowDown"
    clock.now += 10
    assert phrases.waiting(tally) == ""
    assert "2 tried again" in phrases.asides(tally)


def test_every_outcome_is_counted_once(tally: Tally) -> None:
    """Skips are no work, failures are done, resumed bytes are told apart from sent ones."""
    tally(Finished(Outcome("s", Action.SKIP, Verdict.SKIPPED, "same")))
    tally(Finished(Outcome("l", Action.LEAVE, Verdict.SKIPPED, "symlink")))
    tally(Planned("d", Action.DELETE, "gone", None))
    tally(Finished(Outcome("d", Action.DELETE, Verdict.DONE, "gone")))
    tally(BytesMoved("two", MIB, resumed=True))
    tally(Finished(replace(FAILED, key="two")))
    assert (tally.skipped, tally.deleted, tally.failed, tally.done, tally.planned) == (2, 1, 1, 3, 4)
    assert (tally.moved_bytes, tally.resumed_bytes) == (15 * MIB, MIB)
    assert not tally.flights
    tally(Replanned("source"))
    assert tally.skipped == 0


def test_work_without_a_plan_is_counted_as_it_is_taken_up() -> None:
    """With --files-from nothing is planned ahead, and the amounts are true all the same."""
    tally = Tally(open_ended=True)
    tally(ObjectStarted("one", MIB))
    tally(BytesMoved("one", MIB))
    tally(copied("one", MIB))
    tally(ObjectStarted("two", 3 * MIB))
    assert phrases.bytes_of(tally) == "1.0 MiB of at least 4.0 MiB"
    assert phrases.objects_of(tally) == "1 of at least 2 objects"


def test_a_stream_has_no_total() -> None:
    """What comes from stdin has no size: no bar and no percentage of it is invented."""
    tally = Tally()
    tally(ObjectStarted("k", None))
    tally(BytesMoved("k", MIB))
    assert phrases.bytes_of(tally) == "1.0 MiB"
    assert phrases.time_left(tally, Pace()) == ""
    text = "\n".join(drawn(tally))
    assert "1.0 MiB" in text
    assert "%" not in text
    assert "━" not in text


@pytest.mark.parametrize(("width", "height"), [(80, 24), (40, 16), (200, 60)])
def test_the_live_display_fits(tally: Tally, clock: Clock, width: int, height: int) -> None:
    """With many objects with long names in flight it stays within the terminal."""
    for number in range(40):
        tally(ObjectStarted(f"{'deep/' * 30}{number}.bin", MIB * number))
    tally(Retrying("put", 1, 60.0, "503 SlowDown " * 20))
    tally(Notice("The source lists out of key order; its listing is sorted on disk first."))
    tally(Finished(replace(FAILED, key="three")))
    clock.now += 5
    lines = drawn(tally, width, height, title=f"sync {'a' * 100} → b")
    assert max(map(len, lines)) <= width
    assert len(lines) < height


def test_the_live_display_tells_what_matters(tally: Tally, clock: Clock) -> None:
    """Title, amounts, the objects in flight and failures are there."""
    tally(Finished(replace(FAILED, key="three")))
    clock.now += 5
    text = "\n".join(drawn(tally))
    for words in ("sync a → b", "15.0 MiB of at least 30.0 MiB", "two", "5.0 MiB of 10.0 MiB", "1 failed so far"):
        assert words in text


def test_short_lived_objects_have_no_row(tally: Tally) -> None:
    """What has just begun is only counted, so that nothing flickers."""
    assert "1 in flight" in "\n".join(drawn(tally))


def test_names_can_not_paint_the_screen(tally: Tally, clock: Clock) -> None:
    """Escape sequences in keys, and what looks like markup, are shown as they are spelt."""
    tally(ObjectStarted("\x1b[2Jevil[bold]x", MIB))
    clock.now += 5
    text = "\n".join(drawn(tally))
    assert "\x1b" not in text
    assert "\\x1b[2Jevil[bold]x" in text


def test_elsewhere_it_is_one_line(tally: Tally, capsys: pytest.CaptureFixture[str]) -> None:
    """Logs and pipes get one line without any control character."""
    Lines(tally).show()
    line = capsys.readouterr().err
    assert line.startswith("1 of at least 3 objects · 15.0 MiB of at least 30.0 MiB")
    assert line.count("\n") == 1
    assert printable(line[:-1]) == line[:-1]


def test_the_first_line_has_the_rate_so_far(clock: Clock, capsys: pytest.CaptureFixture[str]) -> None:
    """Which is that since the beginning."""
    tally = Tally(clock=clock)
    lines = Lines(tally)
    tally(BytesMoved("k", 20 * 1024**2))
    clock.now += 10
    lines.show()
    assert " · 2.0 MiB/s · " in capsys.readouterr().err


def test_what_waits_for_cold_storage_is_told(tally: Tally, clock: Clock) -> None:
    """It is in flight no more, is not among what is to be done now, and how far it is stands in a line of its own."""
    tally(Parked("two", 10 * MIB))
    assert (tally.planned, tally.planned_bytes, list(tally.flights)) == (2, 20 * MIB, [])
    tally(Thawing(9, 9 * MIB, 3, 9, 1_800_000_001 * 10**9))
    ready = datetime.fromtimestamp(1_800_000_060).astimezone()
    line = f"waiting for cold storage: 3 of 12 readable, the rest by {ready:%Y-%m-%d %H:%M}"
    assert thawing.progress(tally.thawing) == line
    console = Console(file=io.StringIO(), width=100, height=30)
    console.print(Live("sync", tally, console).drawing())
    assert line in console.file.getvalue()  # type: ignore[attr-defined]
    tally(Planned("two", Action.COPY, "new", 10 * MIB))
    tally(Finished(Outcome("two", Action.THAW, Verdict.PENDING, "in cold storage", size=10 * MIB)))
    assert (tally.planned, tally.done, tally.failed) == (3, 1, 0)
    tally(Thawing(0, 0, 12, 0))
    assert thawing.progress(tally.thawing) == ""

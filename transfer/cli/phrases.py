"""The figures of a run in words, the same for a live display and for a line in a log."""

from __future__ import annotations

from transfer.cli.pace import Pace, Sample
from transfer.cli.tally import Tally
from transfer.cli.words import count, printable
from transfer.units import format_duration, format_rate, format_size


def sample(tally: Tally) -> Sample:
    """Where a run stands now."""
    return Sample(tally.clock(), tally.moved_bytes, tally.done)


def fraction(tally: Tally) -> float:
    """How much of what is planned so far is done, from 0 to 1."""
    if tally.bytes and not tally.unsized:
        return min(1.0, tally.bytes_reached / tally.bytes)
    return min(1.0, tally.done / tally.objects) if tally.objects else 0.0


def bytes_of(tally: Tally) -> str:
    """``3.1 GiB of at least 7.6 GiB``."""
    reached = format_size(tally.bytes_reached)
    if tally.unsized:
        return reached
    return f"{reached} of {_at_least(tally)}{format_size(tally.bytes)}"


def objects_of(tally: Tally) -> str:
    """``1,204 of 4,812 objects``."""
    return f"{tally.done:,} of {_at_least(tally)}{count(tally.objects, 'object')}"


def byte_rate(pace: Pace) -> str:
    """``88.0 MiB/s``."""
    return format_rate(pace.bytes_per_second)


def object_rate(pace: Pace) -> str:
    """``120 objects/s``."""
    rate = pace.objects_per_second
    return f"{rate:,.{0 if rate >= 10 else 1}f} objects/s"


def time_left(tally: Tally, pace: Pace) -> str:
    """``3m05s left``, ``at least 3m05s left`` while more may be found; nothing where nobody knows."""
    seconds = pace.seconds_left(tally.bytes - tally.bytes_reached, tally.objects - tally.done)
    if seconds is None or tally.unsized or (tally.listing and not seconds):
        return ""
    return f"{_at_least(tally)}{format_duration(seconds)} left"


def asides(tally: Tally) -> list[str]:
    """What else there is to say, as far as there is any of it."""
    figures = [
        (tally.skipped, f"{tally.skipped:,} skipped"),
        (tally.deleted, f"{tally.deleted:,} deleted"),
        (tally.resumed_bytes, f"{format_size(tally.resumed_bytes)} from an earlier run"),
        (tally.retries, f"{tally.retries:,} tried again"),
    ]
    return [text for figure, text in figures if figure]


def looking(tally: Tally) -> str:
    """How far the listings are, while they go on."""
    listed = {side: number for side, number in tally.listed.items() if number and not tally.listing_done[side]}
    sides = [f"{number:,} at the {side}" for side, number in listed.items()]
    return f"looking: {', '.join(sides)}" if sides else ""


def waiting(tally: Tally) -> str:
    """``2 calls wait, the next for 4s: 503 SlowDown``, or nothing."""
    now = tally.clock()
    asleep = [(until - now, event) for until, event in list(tally.waiting) if until > now]
    if not asleep:
        return ""
    seconds, event = min(asleep, key=lambda pair: pair[0])
    verb = "waits" if len(asleep) == 1 else "wait"
    return f"{count(len(asleep), 'call')} {verb}, the next for {format_duration(seconds)}: {printable(event.error)}"


def _at_least(tally: Tally) -> str:
    return "at least " if tally.listing else ""

"""The demo from its beginning to its end."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import FrameType

from transfer.demo import worker
from transfer.demo.compare import Snapshot, differences, snapshot
from transfer.demo.display import Display
from transfer.demo.evidence import Done, Left, conclude, look
from transfer.demo.stage import BUCKET, NEW, OLD, Stage, check_extra, staged
from transfer.demo.tree import make
from transfer.errors import TransferError
from transfer.units import format_size

_INTERRUPTED = 130
_START, _END, _REPORT = "tree", "tree-again", "report.jsonl"
_OPTIONS = ("--links", "keep", "--empty-dirs", "--part-size", "5MiB", "--memory", "24MiB", "--report", _REPORT)
"""Four parts in flight at most, so that a kill finds parts that are done."""


@dataclass(frozen=True, slots=True)
class Kill:
    """Where the worker is killed (see :mod:`transfer.killpoint`), and what that means."""

    at: str
    when: str
    shows: Callable[[Left], bool]
    """Whether what it left is as meant."""


@dataclass(frozen=True, slots=True)
class Leg:
    """One sync of the migration."""

    title: str
    source: str
    target: str
    kill: Kill | None = None


_OLD_URL, _NEW_URL = f"{OLD}://{BUCKET}/tree", f"{NEW}://{BUCKET}/tree"
_DURING = Kill("part:8", "while a multipart upload is open", lambda left: left.in_an_upload)
_BEHIND = Kill("finish:1", "between an upload's end and the checkpoint's commit", lambda left: left.behind_an_upload)
LEGS = (
    Leg("disk → S3", _START, _OLD_URL, _DURING),
    Leg("S3 → S3", _OLD_URL, _NEW_URL, _BEHIND),
    Leg("S3 → disk", _NEW_URL, _END),
)


class Failed(TransferError):
    """The worker did not end as it should have."""


def main() -> int:
    """Perform; returns 0 only if every object arrived, proven, and the trees are equal.

    Raises Misconfigured where the extra is missing, TransferError where a server does not start.
    """
    check_extra()
    display = Display()
    try:
        display.step("Starting two S3 servers (SeaweedFS) on this machine")
        with _ending_cleanly(), staged() as stage:
            return _perform(stage, display)
    except KeyboardInterrupt:
        display.say("\nInterrupted; nothing is left behind.", "yellow")
        return _INTERRUPTED


def _perform(stage: Stage, display: Display) -> int:
    started = time.monotonic()
    display.step("Making a tree with awkward names, modes, times and links")
    make(stage.folder / _START)
    before = snapshot(stage.folder / _START)
    sizes = [look.size for look in before.values()]
    display.say(f"{len(sizes):,} objects, {format_size(sum(sizes))}; the largest has {format_size(max(sizes))}")
    legs: dict[str, tuple[Done, float]] = {}
    for number, leg in enumerate(LEGS, 1):
        display.step(f"{number}. {leg.title}")
        try:
            legs[leg.title] = _travel(stage, display, leg)
        except Failed as error:
            display.verdict(len(before), [str(error)])
            return 1
    problems = _problems(before, stage, legs)
    display.table(legs)
    display.verdict(len(before), problems)
    display.say(f"{time.monotonic() - started:.0f} s in all; servers, trees and checkpoints are removed.")
    return 1 if problems else 0


def _travel(stage: Stage, display: Display, leg: Leg) -> tuple[Done, float]:
    started = time.monotonic()
    arguments = ("sync", leg.source, leg.target, *_OPTIONS)
    display.command(arguments)
    left: Left | None = None
    if leg.kill is not None:
        status, told = worker.run(stage, arguments, kill_at=leg.kill.at)
        if status != worker.KILLED:
            raise Failed(f"The worker was to be killed, but ended by itself with {status}: {told.strip()}")
        left = look(stage, leg.target)
        display.killed(leg.kill.when, left)
        if not leg.kill.shows(left):
            raise Failed(f"The kill was to fall {leg.kill.when}, and did not.")
    status, told = worker.run(stage, arguments)
    if status != 0:
        raise Failed(f"The worker ended with {status}: {told.strip()}")
    seconds = time.monotonic() - started
    done = conclude(stage, stage.folder / _REPORT, left)
    display.done(done, seconds)
    return done, seconds


def _problems(before: Snapshot, stage: Stage, legs: dict[str, tuple[Done, float]]) -> list[str]:
    """What did not hold, one sentence each."""
    found = [
        f"{title}: {done.objects:,} objects instead of {len(before):,}"
        for title, (done, _) in legs.items()
        if done.objects != len(before)
    ]
    found += [
        f"{title}: {done.again.bytes_again:,} bytes were sent again, and the checkpoint missed {done.again.excusable:,}"
        for title, (done, _) in legs.items()
        if done.again is not None and done.again.bytes_again > done.again.excusable
    ]
    found += [f"{title}: {key!r} is not proven" for title, (done, _) in legs.items() for key in done.doubts]
    found += [f"The tree at the start: {text}" for text in differences(before, snapshot(stage.folder / _START))]
    return found + [f"The tree at the end: {text}" for text in differences(before, snapshot(stage.folder / _END))]


@contextmanager
def _ending_cleanly() -> Iterator[None]:
    """Make SIGTERM and SIGHUP end us as Ctrl-C does, and only once: what follows is the cleaning up."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    before = {number: signal.getsignal(number) for number in numbers}

    def end(number: int, frame: FrameType | None) -> None:
        for each in numbers:
            signal.signal(each, signal.SIG_IGN)
        raise KeyboardInterrupt

    for number in numbers:
        if before[number] is not signal.SIG_IGN:
            signal.signal(number, end)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)

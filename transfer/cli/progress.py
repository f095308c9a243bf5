"""Shows on stderr how a run goes on, from a thread of its own."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Protocol

import click

from transfer.cli import phrases, thawing
from transfer.cli.pace import Pace
from transfer.cli.tally import Tally

_LINES_EVERY = 10.0


class Display(Protocol):
    """Something that shows a tally again and again."""

    every: float
    """Seconds from one showing to the next."""

    def show(self) -> None: ...

    def close(self) -> None: ...


@contextmanager
def progress(title: str, tally: Tally, *, wanted: bool | None, stdout_is_used: bool) -> Iterator[bool]:
    """Show ``tally`` for as long as it lasts; tells whether that is a live display, which shows notices too.

    ``wanted`` None: live on a terminal, in lines elsewhere. A terminal on which stdout
    is being written too is left to it, unless progress is wanted.
    """
    display = _display(title, tally, wanted, stdout_is_used)
    if display is None:
        yield False
        return
    ended = threading.Event()
    thread = threading.Thread(target=_run, args=(display, ended), name="transfer-display", daemon=True)
    thread.start()
    try:
        yield not isinstance(display, Lines)
    finally:
        ended.set()
        thread.join()
        display.close()


def _run(display: Display, ended: threading.Event) -> None:
    while not ended.wait(display.every):
        display.show()


def _display(title: str, tally: Tally, wanted: bool | None, stdout_is_used: bool) -> Display | None:
    if wanted is False:
        return None
    if not sys.stderr.isatty():
        return Lines(tally)
    if stdout_is_used and sys.stdout.isatty():
        return Lines(tally) if wanted else None
    from transfer.cli.live import Live  # noqa: PLC0415 - rich is needed nowhere else

    return Live(title, tally)


class Lines:
    """A line every ten seconds, for logs and pipes."""

    every = _LINES_EVERY

    def __init__(self, tally: Tally) -> None:
        self._tally = tally
        self._pace = Pace()
        self._pace.add(phrases.sample(tally))

    def show(self) -> None:
        tally, pace = self._tally, self._pace
        pace.add(phrases.sample(tally))
        failed = f"{tally.failed:,} failed" if tally.failed else ""
        parts = [
            phrases.objects_of(tally),
            phrases.bytes_of(tally),
            phrases.byte_rate(pace),
            phrases.object_rate(pace),
            phrases.time_left(tally, pace),
            failed,
            *phrases.asides(tally),
            phrases.looking(tally) if not tally.objects else "",
            phrases.waiting(tally),
            thawing.progress(tally.thawing),
        ]
        with suppress(OSError):  # a full disk behind stderr is no reason to end
            click.echo(" · ".join(part for part in parts if part), err=True)

    def close(self) -> None:
        """Nothing is left on the screen."""

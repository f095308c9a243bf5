"""The live display: drawn a few times a second, gone when the run ends."""

from __future__ import annotations

from rich.console import Console, Group, RenderableType
from rich.live import Live as Screen
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from transfer.cli import phrases, thawing
from transfer.cli.pace import Pace
from transfer.cli.tally import Flight, Tally
from transfer.cli.words import printable
from transfer.units import format_size

_LONG = 1.0
"""Seconds in flight from which an object gets a row of its own: shorter ones would only flicker."""
_ROWS = 6
_OTHER_LINES = 13
_QUIET, _GOOD, _BAD = "bright_black", "green", "red"


class Live:
    """Draws a tally on the terminal, below whatever is logged meanwhile."""

    every = 0.2

    def __init__(self, title: str, tally: Tally, console: Console | None = None) -> None:
        self._title = title
        self._tally = tally
        self._pace = Pace()
        self._console = console or Console(stderr=True, highlight=False)
        self._screen: Screen | None = None

    def show(self) -> None:
        self._pace.add(phrases.sample(self._tally))
        if self._screen is None:
            self._screen = Screen(console=self._console, auto_refresh=False, transient=True, redirect_stdout=False)
            self._screen.start()
        self._screen.update(self.drawing(), refresh=True)

    def close(self) -> None:
        if self._screen is not None:
            self._screen.stop()

    def drawing(self) -> RenderableType:
        """The tally as it is now."""
        tally = self._tally
        lines: list[RenderableType] = [self._head(), Text()]
        if tally.objects:
            lines += [*([] if tally.unsized else [self._bar()]), self._amounts(), Text()]
        lines += self._flights()
        lines += self._foot()
        return Group(*lines)

    def _head(self) -> Text:
        head = Text(self._title, style="bold", no_wrap=True, overflow="ellipsis")
        if self._tally.started and self._tally.started.resuming:
            head.append("  going on from an earlier run", style=f"not bold {_QUIET}")
        return head

    def _bar(self) -> RenderableType:
        tally = self._tally
        done = phrases.fraction(tally)
        row = Table.grid(padding=(0, 2, 0, 0), expand=True)
        row.add_column(ratio=1)
        row.add_column(justify="right", no_wrap=True)
        bar = ProgressBar(total=1.0, completed=done, complete_style=_GOOD, finished_style=_GOOD, style=_QUIET)
        said = [] if tally.listing else [f"{int(done * 100)}%"]
        said += [left] if (left := phrases.time_left(tally, self._pace)) else []
        row.add_row(bar, Text("  ".join(said)))
        return row

    def _amounts(self) -> RenderableType:
        tally, pace = self._tally, self._pace
        rows = Table.grid(padding=(0, 3, 0, 0))
        rows.add_column(no_wrap=True, overflow="ellipsis")
        rows.add_column(no_wrap=True, overflow="ellipsis")
        rows.add_row(phrases.bytes_of(tally), Text(phrases.byte_rate(pace), style=_QUIET))
        rows.add_row(phrases.objects_of(tally), Text(phrases.object_rate(pace), style=_QUIET))
        return rows

    def _flights(self) -> list[RenderableType]:
        tally = self._tally
        flights = list(tally.flights.values())
        now = tally.clock()
        long = [flight for flight in flights if now - flight.since >= _LONG]
        shown = long[: max(1, min(_ROWS, self._console.height - _OTHER_LINES))]
        if not flights:
            return []
        table = Table.grid(padding=(0, 2, 0, 0), expand=True)
        table.add_column(ratio=1, no_wrap=True, overflow="ellipsis")
        table.add_column(width=16)
        table.add_column(justify="right", no_wrap=True, min_width=19)
        for flight in shown:
            table.add_row(*_flight_row(flight))
        more = len(flights) - len(shown)
        others = Text(f"{'and ' if shown else ''}{more:,} {'more ' if shown else ''}in flight", style=_QUIET)
        return [*([table] if shown else []), *([others] if more else []), Text()]

    def _foot(self) -> list[RenderableType]:
        tally = self._tally
        asides = [*phrases.asides(tally), *([said] if (said := phrases.looking(tally)) else [])]
        quiet = Text(
            " · ".join(asides) or ("" if tally.objects else "starting"), style=_QUIET, no_wrap=True, overflow="ellipsis"
        )
        lines: list[RenderableType] = [quiet]
        if tally.failed:
            lines.append(Text(f"{tally.failed:,} failed so far", style=_BAD))
        told = (thawing.progress(tally.thawing), phrases.waiting(tally), printable(tally.notice or ""))
        troubles = [text for text in told if text]
        lines += [Text(text, style="yellow", no_wrap=True, overflow="ellipsis") for text in troubles]
        return lines


def _flight_row(flight: Flight) -> tuple[RenderableType, ...]:
    key = Text(_shortened(printable(flight.key)))
    if not flight.size:
        return key, Text(), Text(format_size(flight.moved), style=_QUIET)
    if not flight.moved:
        return key, Text("waiting", style=_QUIET), Text(format_size(flight.size), style=_QUIET)
    moved = min(flight.moved, flight.size)
    bar = ProgressBar(total=flight.size, completed=moved, complete_style=_GOOD, finished_style=_GOOD, style=_QUIET)
    return key, bar, Text(f"{format_size(moved)} of {format_size(flight.size)}", style=_QUIET)


def _shortened(key: str, most: int = 60) -> str:
    """A long key without its middle: both its folder and its name tell something."""
    return key if len(key) <= most else f"{key[: most // 3]}…{key[-(most - most // 3 - 1) :]}"

"""A run of the engine as a command sees it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from enum import Enum

from transfer.cli.words import printable
from transfer.controls import Controls
from transfer.event import Listener, Result
from transfer.options import Options

AGAIN = "interrupted; run the same command again to go on from here."


class Rows(Enum):
    """What a job writes to stdout while it goes on."""

    NONE = "none"
    EVENTS = "events"
    PLAN = "plan"
    DIFFERENCES = "differences"


@dataclass(frozen=True, slots=True)
class Job:
    """A run of the engine and how it is shown."""

    verb: str
    places: str
    options: Options
    start: Callable[[Listener], Awaitable[Result]]
    rows: Rows = Rows.NONE
    progress: bool | None = None
    last_words: str = AGAIN
    resumable: bool = True
    """Whether the same command goes on from where it ended: not from stdin, which has been read."""
    quiet: bool = False
    """Errors alone are told."""
    controls: Controls | None = None
    """Those of the run, for signals to change."""

    @property
    def title(self) -> str:
        return printable(f"{self.verb} {self.places}")

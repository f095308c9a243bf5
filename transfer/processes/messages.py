"""What a crew and its workers say to each other. Events of a run are messages too."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from transfer.decide import Rules, Step
from transfer.errors import TransferError
from transfer.event import Event, Outcome
from transfer.job.mode import Mode
from transfer.options import Options
from transfer.plugin import Origin

UP, DOWN = "up", "down"

# To a worker


@dataclass(frozen=True, slots=True)
class Limits:
    """The rates of the run's limits, all processes together, and the worker's share of ``transfers``.

    None where there is no limit.
    """

    up: float | None = None
    down: float | None = None
    calls: float | None = None
    transfers: int | None = None


@dataclass(frozen=True, slots=True)
class Job:
    """The first message: what the worker works at. ``options`` are its share; their settings may hold secrets."""

    source: str
    target: str
    options: Options = field(repr=False)
    mode: Mode
    rules: Rules
    trees: bool
    limits: Limits
    log_level: int


@dataclass(frozen=True, slots=True)
class Work:
    """A step to carry out. ``unfinished``: the journal has an open upload for it."""

    number: int
    step: Step
    unfinished: bool


@dataclass(frozen=True, slots=True)
class Answer:
    """To a :class:`Call` or :class:`Spend` that has a number."""

    number: int
    value: Any = None
    error: Exception | None = None


@dataclass(frozen=True, slots=True)
class End:
    """Break off what is under way, let go of everything, and end."""


# From a worker


@dataclass(frozen=True, slots=True)
class Ready:
    """Both sides are open: steps may come."""


@dataclass(frozen=True, slots=True)
class Broken:
    """The worker can't go on, and ends."""

    error: TransferError


@dataclass(frozen=True, slots=True)
class Done:
    """A step came to its outcome."""

    number: int
    outcome: Outcome


@dataclass(frozen=True, slots=True)
class Call:
    """Of a method of the journal. With a number, it is to be answered."""

    number: int | None
    name: str
    arguments: tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Spend:
    """Asks for so many units of a limit: bytes ``UP`` or ``DOWN``, or calls to an origin."""

    number: int
    what: str | Origin
    units: float


@dataclass(frozen=True, slots=True)
class Room:
    """The worker has so many lanes now."""

    lanes: int


@dataclass(frozen=True, slots=True)
class Logged:
    """A record of the log, by its attributes."""

    record: Mapping[str, Any]


Message = Job | Limits | Work | Answer | End | Ready | Broken | Done | Call | Spend | Room | Logged | Event

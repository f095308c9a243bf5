"""What a run tells while it goes on. Every event is a frozen value.

A listener is a plain function called on the event loop; it must not block. The terminal
display, JSON lines and the report are such listeners.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum
from typing import Protocol, runtime_checkable

from transfer.costs import Estimate
from transfer.model import Algorithm, Proof
from transfer.values import dataclass


class Action(StrEnum):
    """What a run decided to do with one key."""

    COPY = "copy"
    UPDATE = "update metadata"
    DELETE = "delete"
    SKIP = "skip"
    LEAVE = "leave out"
    FAIL = "fail"
    THAW = "thaw"
    """It is in cold storage, and must be made readable before it can be copied."""


class Verdict(StrEnum):
    """What became of it."""

    DONE = "done"
    PLANNED = "planned"
    """Would be done, were it not for ``--dry-run``."""
    SKIPPED = "skipped"
    PENDING = "pending"
    """It waits for cold storage; another run goes on with it."""
    FAILED = "failed"


Costs = tuple[tuple[str, Estimate], ...]
"""What is charged for, by the URL of the place that charges it."""
PENDING = 75
"""The exit status of a run that did all it could, and left the rest to cold storage (``EX_TEMPFAIL``)."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """One object's row in the report.

    ``assumed`` marks a skip that rests on size and mtime rather than on equal content.
    ``sent`` counts the bytes that went to the target in this run, resends included.
    """

    key: str
    action: Action
    verdict: Verdict
    reason: str
    size: int | None = None
    checksum: tuple[Algorithm, bytes] | None = None
    proof: Proof | None = None
    assumed: bool = False
    etag: str | None = None
    version: str | None = None
    source_version: str | None = None
    """What was read, at the source: the id of an archive, or of a version."""
    source_checksum: tuple[Algorithm, bytes] | None = None
    """That the source keeps."""
    attempts: int = 0
    seconds: float = 0.0
    sent: int = 0
    resumed: int = 0
    """Bytes that an earlier run, or try, had sent already and that were not sent again."""
    lost: tuple[str, ...] = ()
    """Metadata that the target could not hold."""
    error: str | None = None
    retryable: bool = False
    fatal: bool = False
    """No other object can succeed now either (a full disk)."""


@dataclass(frozen=True, slots=True)
class RunStarted:
    source: str
    target: str
    checkpoint: str | None
    resuming: bool
    dry_run: bool = False


@dataclass(frozen=True, slots=True)
class Notice:
    """Something a person should know (a listing that must be sorted first, a slowed endpoint)."""

    text: str


@dataclass(frozen=True, slots=True)
class Replanned:
    """A listing turned out to be out of key order: the plan is made anew, and skips told so far are void."""

    side: str


@dataclass(frozen=True, slots=True)
class Listed:
    """A side's listing went on: ``count`` more entries, ``done`` when it has ended."""

    side: str
    count: int
    done: bool = False


@dataclass(frozen=True, slots=True)
class Planned:
    """One more step is to be done; ``size`` in bytes."""

    key: str
    action: Action
    reason: str
    size: int | None


@dataclass(frozen=True, slots=True)
class ObjectStarted:
    key: str
    size: int | None


@dataclass(frozen=True, slots=True)
class BytesMoved:
    """``size`` bytes of ``key`` arrived at the target (or were found there by a resume).

    ``by_provider``: they were copied there, and did not pass through this machine.
    """

    key: str
    size: int
    resumed: bool = False
    by_provider: bool = False


@dataclass(frozen=True, slots=True)
class Retrying:
    """A call failed and is made again after ``wait`` seconds."""

    what: str
    attempt: int
    wait: float
    error: str


@dataclass(frozen=True, slots=True)
class Parked:
    """An object turned out to be in cold storage: it waits, and is in nobody's way."""

    key: str
    size: int | None


@dataclass(frozen=True, slots=True)
class Thawing:
    """What waits for cold storage: ``objects`` still do, of ``bytes`` together; ``readable`` came to be so in this run.

    ``ready_ns`` is when all that was asked for should be readable, ``asked`` how many were asked for; the others
    have to wait for that.
    """

    objects: int
    bytes: int
    readable: int
    asked: int
    ready_ns: int | None = None


@dataclass(frozen=True, slots=True)
class Finished:
    """One object came to its end."""

    outcome: Outcome


@dataclass(frozen=True, slots=True)
class RunFinished:
    result: Result


@dataclass(frozen=True, slots=True)
class Totals:
    """Counts of objects, and bytes."""

    copied: int = 0
    copied_bytes: int = 0
    updated: int = 0
    deleted: int = 0
    skipped_proven: int = 0
    skipped_assumed: int = 0
    left_out: int = 0
    """Symlinks, special files and the like, left out by rule, and named objects that the filter doesn't let through."""
    failed: int = 0
    """Objects that are not there or not proven, unless that was allowed."""
    unproven: int = 0
    sent_bytes: int = 0
    resumed_bytes: int = 0
    metadata_lost: int = 0
    retries: int = 0
    pending: int = 0
    """Objects that wait for cold storage."""
    pending_bytes: int = 0
    thaws: int = 0
    """Requests to thaw that were made; in a dry run, objects that would be asked for."""
    thaws_bytes: int = 0


@dataclass(frozen=True, slots=True)
class Result:
    """How a run ended. ``exit_status`` is the command line's."""

    totals: Totals
    seconds: float
    failures: tuple[Outcome, ...] = ()
    """The first hundred; the report has all."""
    refused: str | None = None
    """The safety limit that stopped it, as a sentence."""
    interrupted: bool = False
    dry_run: bool = False
    notes: tuple[str, ...] = ()
    proofs: tuple[tuple[str, int], ...] = ()
    """How many objects were proven in which way."""
    ready_ns: int | None = None
    """When all that was asked of cold storage should be readable."""
    costs: Costs = ()
    """Estimates of what was asked for, where its prices are known; in a dry run, of what would be."""

    @property
    def ok(self) -> bool:
        return self.exit_status == 0

    @property
    def exit_status(self) -> int:
        if self.interrupted:
            return 130
        if self.refused:
            return 3
        if self.totals.failed:
            return 1
        return PENDING if self.totals.pending else 0


Event = (
    RunStarted
    | Notice
    | Replanned
    | Listed
    | Planned
    | ObjectStarted
    | BytesMoved
    | Retrying
    | Parked
    | Thawing
    | Finished
    | RunFinished
)
Listener = Callable[[Event], None]


@runtime_checkable
class CountsSkips(Protocol):
    """A listener that hears how many objects were skipped, in place of one :class:`Finished` for each.

    Where there is nothing to do, telling of each object would be a good part of the work.
    """

    def __call__(self, event: Event) -> None: ...

    def count_skips(self, count: int) -> None:
        """So many more were skipped."""


class _Ignore:
    def __call__(self, event: Event) -> None:
        """Do nothing."""

    def count_skips(self, count: int) -> None:
        """Do nothing."""


ignore = _Ignore()
"""The listener that listens to nothing."""

"""Which retrieval jobs make which bytes of an archive readable. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from transfer.model import Cold, Span
from transfer.values import dataclass
from transfer_glacier.job import Job, Status

KEPT_NS = 24 * 3600 * 1_000_000_000
"""For so long a job's output can be read, at least."""
_SECOND_NS = 1_000_000_000
_USUAL_NS = {
    "expedited": 5 * 60 * _SECOND_NS,
    "standard": 5 * 3600 * _SECOND_NS,
    "bulk": 12 * 3600 * _SECOND_NS,
}
"""How long jobs of each tier take at the most, as a rule."""


@dataclass(frozen=True, slots=True)
class Piece:
    """Bytes of an archive that one job gives: ``span`` is where they are in its output."""

    job: Job
    span: Span


@dataclass(frozen=True, slots=True)
class Coldness:
    """How far an archive is from being readable, and until when it is."""

    cold: Cold
    until_ns: int | None = None


FROZEN = Coldness(Cold.FROZEN)


def until_ns(job: Job) -> int | None:
    """When a finished job's output may go."""
    return None if job.completed_ns is None else job.completed_ns + KEPT_NS


def ready_ns(job: Job) -> int | None:
    """When a job gave, or should give, its bytes."""
    if job.completed_ns is not None or job.created_ns is None:
        return job.completed_ns
    return job.created_ns + _USUAL_NS.get(job.tier, _USUAL_NS["standard"])


def is_readable(job: Job, now_ns: int) -> bool:
    """Whether its output is there."""
    end = until_ns(job)
    return job.status == Status.SUCCEEDED and (end is None or now_ns < end)


def is_under_way(job: Job) -> bool:
    return job.status == Status.IN_PROGRESS


def extent(job: Job, size: int) -> Span:
    """What of an archive of ``size`` bytes a job retrieves."""
    return job.span or Span(0, size)


def covers(job: Job, wanted: Span, size: int) -> bool:
    """Whether a job alone retrieves all that is wanted."""
    has = extent(job, size)
    return has.offset <= wanted.offset and _end(wanted) <= _end(has)


def pieces(jobs: Iterable[Job], wanted: Span, size: int, now_ns: int) -> Sequence[Piece] | None:
    """From which jobs to read ``wanted``, which is not empty, as few as possible; None where bytes are missing."""
    usable = [(job, extent(job, size)) for job in jobs if is_readable(job, now_ns)]
    found: list[Piece] = []
    position, end = wanted.offset, _end(wanted)
    while position < end:
        fit = [(job, has) for job, has in usable if has.offset <= position < _end(has)]
        if not fit:
            return None
        job, has = max(fit, key=lambda each: (min(_end(each[1]), end), each[0].completed_ns or 0))
        count = min(_end(has), end) - position
        found.append(Piece(job, Span(position - has.offset, count)))
        position += count
    return found


def coldness(jobs: Sequence[Job], size: int, now_ns: int) -> Coldness:
    """What the jobs of one archive make of it."""
    found = pieces(jobs, Span(0, size), size, now_ns) if jobs and size else None
    if found:
        return Coldness(Cold.THAWED, min((end for piece in found if (end := until_ns(piece.job))), default=None))
    live = any(is_under_way(job) or is_readable(job, now_ns) for job in jobs)
    return Coldness(Cold.THAWING) if live else FROZEN


def _end(span: Span) -> int:
    return span.offset + span.size

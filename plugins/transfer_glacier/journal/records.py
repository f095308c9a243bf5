"""What a line of a journal tells."""

from __future__ import annotations

from transfer.values import dataclass
from transfer_glacier.archive import Archive


@dataclass(frozen=True, slots=True)
class Created:
    """The archive was made, at ``archive.created``."""

    archive: Archive


@dataclass(frozen=True, slots=True)
class Deleted:
    """The archive was deleted at ``time``, in whole seconds since 1970."""

    time: int
    archive_id: str
    name: str


@dataclass(frozen=True, slots=True)
class RetrieveJob:
    """The archive was asked for at ``time``. The oldest journals don't tell the job's id."""

    time: int
    archive_id: str
    job_id: str | None


Record = Created | Deleted | RetrieveJob


@dataclass(frozen=True, slots=True)
class Known:
    """An archive that a journal has a record of. ``deleted`` is when it was deleted, None while it lives."""

    archive: Archive
    deleted: int | None = None


@dataclass(frozen=True, slots=True)
class Totals:
    """Of the archives that live: how many, under how many names, and their bytes together."""

    archives: int
    names: int
    size: int

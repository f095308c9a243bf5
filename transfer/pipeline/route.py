"""What every way of moving an object needs to know."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from transfer.budget import Budget
from transfer.checkpoint import Alike, Backup, Look, OpenUpload, Row
from transfer.decide import Rules
from transfer.event import BytesMoved, Listener
from transfer.lanes import Lanes
from transfer.model import Entry, Receipt, Upload
from transfer.options import Options
from transfer.pipeline.effort import Effort
from transfer.plugin import Store

_RACY_NS = 2 * 1_000_000_000
"""Coarser than the clock of any file system in use."""


class Journal(Protocol):
    """The part of the checkpoint that moving an object writes to."""

    async def intend(self, key: str, source: Look, shape: str, to: str | None = None) -> None: ...

    async def begun(self, key: str, upload: Upload) -> None: ...

    def receipt(self, key: str, receipt: Receipt) -> None: ...

    async def open_upload(self, key: str) -> OpenUpload | None: ...

    def dropped(self, key: str) -> None: ...

    def done(self, row: Row) -> None: ...

    def alike(self, alike: Alike) -> None: ...

    async def row(self, key: str) -> Row | None: ...

    def doubted(self, key: str, target: Look | None) -> None: ...

    async def doubts(self, keys: Sequence[str]) -> Mapping[str, Look | None]: ...

    async def backed_up(self, key: str, backup: Backup) -> None: ...

    async def backup(self, key: str) -> Backup | None: ...

    async def room(self) -> None: ...

    async def flush(self) -> None: ...


class NoJournal:
    """For work that is not resumed (backups, streams)."""

    async def intend(self, key: str, source: Look, shape: str, to: str | None = None) -> None:
        pass

    async def begun(self, key: str, upload: Upload) -> None:
        pass

    def receipt(self, key: str, receipt: Receipt) -> None:
        pass

    async def open_upload(self, key: str) -> OpenUpload | None:
        return None

    def dropped(self, key: str) -> None:
        pass

    def done(self, row: Row) -> None:
        pass

    def alike(self, alike: Alike) -> None:
        pass

    async def row(self, key: str) -> Row | None:
        return None

    def doubted(self, key: str, target: Look | None) -> None:
        pass

    async def doubts(self, keys: Sequence[str]) -> Mapping[str, Look | None]:
        return {}

    async def backed_up(self, key: str, backup: Backup) -> None:
        pass

    async def backup(self, key: str) -> Backup | None:
        return None

    async def room(self) -> None:
        pass

    async def flush(self) -> None:
        pass


class Reminder(NoJournal):
    """For looking on: knows what another journal knows, and keeps nothing."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal

    async def row(self, key: str) -> Row | None:
        return await self._journal.row(key)

    async def doubts(self, keys: Sequence[str]) -> Mapping[str, Look | None]:
        return await self._journal.doubts(keys)


@dataclass(frozen=True, slots=True)
class Route:
    """From where to where, and by which rules. Stores are wrapped in their layers already."""

    source: Store
    target: Store
    options: Options
    budget: Budget
    lanes: Lanes
    journal: Journal
    listener: Listener
    rules: Rules
    backup: Store | None = None
    now_ns: Callable[[], int] = field(default=time.time_ns)
    unfinished: set[str] = field(default_factory=set)
    """Keys that the journal has an open upload for."""
    efforts: dict[str, Effort] = field(default_factory=dict)
    """By the keys of the steps that are being carried out."""

    @property
    def shape(self) -> str:
        return self.rules.shape

    def writing(self, key: str) -> None:
        """Tell that from now on the target's object may be another."""
        effort = self.efforts.get(key)
        if effort is not None:
            effort.writing = True

    def sent(self, key: str, size: int) -> None:
        """Tell that ``size`` bytes more of ``key`` were sent to the target, and keep it for the outcome."""
        effort = self.efforts.get(key)
        if effort is not None:
            effort.sent += size
        self.listener(BytesMoved(key, size))

    def racy(self, entry: Entry, read_at_ns: int) -> bool:
        """Whether the file was changed so shortly before it was read that it may change again unseen.

        What has an ETag or a version has another one then.
        """
        if entry.etag is not None or entry.version is not None or entry.mtime_ns is None:
            return False
        return read_at_ns - entry.mtime_ns < _RACY_NS

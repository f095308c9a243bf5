"""One journal: asked through its index, which follows the file, and written to by whole lines.

All of it may block: it is meant to be called in threads, by one or several at once.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path

from transfer.errors import Unsupported
from transfer_glacier.archive import Archive
from transfer_glacier.journal import file
from transfer_glacier.journal.encodings import checked
from transfer_glacier.journal.failures import translated
from transfer_glacier.journal.follower import Follower
from transfer_glacier.journal.index import Index
from transfer_glacier.journal.lines import format_line
from transfer_glacier.journal.places import index_of
from transfer_glacier.journal.records import Created, Deleted, Known, Record, RetrieveJob, Totals

_AT_ONCE = 1000
"""Records of one write."""


class Journal:
    """The journal at ``path``, which need not be there yet. Each answer tells of all that is in the file by then.

    Its index is at ``index``, or in the user's cache. Everything that reads raises Misconfigured, with file and line,
    for a journal that makes no sense.
    """

    def __init__(self, path: Path, *, index: Path | None = None, encoding: str = "utf-8") -> None:
        self.path = path
        self._encoding = checked(encoding)
        self._index = Index(index or index_of(path, self._encoding))
        self._follower = Follower(path, self._encoding, self._index)
        self._lock = threading.RLock()

    def close(self) -> None:
        """Idempotent."""
        with self._lock:
            self._index.close()

    def refresh(self) -> None:
        """Read what is new in the file; all of it where it is not what it was with some lines more."""
        with self._lock, translated(self.path, "read"):
            try:
                with file.opened(self.path) as descriptor:
                    self._follower.follow(descriptor, alone=False)
            except FileNotFoundError:
                if self._index.look()[0].offset:
                    self._index.forget()

    def archive(self, archive_id: str) -> Archive | None:
        """The archive of this id, if it lives."""
        known = self.known(archive_id)
        return known.archive if known is not None and known.deleted is None else None

    def known(self, archive_id: str) -> Known | None:
        """The archive of this id, though it may be deleted."""
        with self._fresh() as index:
            return index.known(archive_id)

    def versions(self, name: str) -> Sequence[Archive]:
        """The archives of exactly this name, the newest first."""
        with self._fresh() as index:
            return index.versions(name)

    def page(self, prefix: str, after: str | None, count: int) -> Sequence[tuple[str, Sequence[Archive]]]:
        """Up to ``count`` names that start with ``prefix`` and come behind ``after``, in the order of their UTF-8
        bytes, each with its archives, the newest first."""
        with self._fresh() as index:
            return index.page(prefix, after, count)

    def by_id(self) -> Iterator[Known]:
        """All archives that there ever were, in the order of their ids. Iterate in one thread."""
        self.refresh()
        yield from self._index.by_id()

    def retrievals(self, archive_id: str) -> Sequence[RetrieveJob]:
        """The jobs that asked for the archive, in the order in which they were written down."""
        with self._fresh() as index:
            return index.retrievals(archive_id)

    def totals(self) -> Totals:
        """How much lives."""
        with self._fresh() as index:
            return index.totals()

    def oldest(self) -> int | None:
        """When the oldest that lives was made, of the first in the file, which are the oldest as a rule."""
        with self._fresh() as index:
            return index.oldest(_AT_ONCE)

    def begin(self) -> None:
        """Make the file, with nothing in it, where it is not there."""
        with translated(self.path, "write to" if self.path.exists() else "make"), file.locked(self.path):
            pass

    def created(self, archive: Archive) -> Archive:
        """Write down that there is this archive, durably. One that is known already stays as it is, and is returned."""
        with self._lock:
            self.append([Created(archive)])
            return self.archive(archive.id) or archive

    def deleted(self, archive: Archive, when: int | None = None) -> None:
        """Write down that it is gone, durably, unless that is known."""
        self.append([Deleted(int(time.time()) if when is None else when, archive.id, archive.name)])

    def requested(self, archive: Archive, job_id: str, when: int | None = None) -> None:
        """Write down that it is being retrieved, unless that is known."""
        self.append([RetrieveJob(int(time.time()) if when is None else when, archive.id, job_id)])

    def append(self, records: Iterable[Record]) -> None:
        """Write records, as lines of version B, durably; those that tell nothing new are left out.

        So it may be repeated after whatever ended it. Raises Unsupported for what no line can hold.
        """
        waiting = iter(records)
        while group := list(islice(waiting, _AT_ONCE)):
            with self._lock, translated(self.path, "write to"), file.locked(self.path) as descriptor:
                self._follower.follow(descriptor, alone=True)
                lines = b"".join(map(self._line, self._news(group)))
                if lines:
                    file.append(descriptor, lines)
                    self._follower.read_on(descriptor)

    def mend(self) -> str:
        """Take an unfinished last line, which a crash has left, out of the file. Returns it; it is also appended to a
        file beside. What it told is known again from the vault's next inventory."""
        with self._lock, translated(self.path, "mend"), file.locked(self.path) as descriptor:
            size = self._follower.whole_size(descriptor)
            if os.fstat(descriptor).st_size == size:
                return ""
            tail = file.cut_off(descriptor, size, self.path.with_name(self.path.name + ".torn"))
            return tail.decode(self._encoding, errors="replace")

    def _fresh(self) -> _Fresh:
        return _Fresh(self, self._lock, self._index)

    def _news(self, records: Iterable[Record]) -> Iterator[Record]:
        """Those that tell what the journal does not, and those before them."""
        lives: dict[str, bool] = {}
        asked: set[tuple[str, str | None]] = set()
        for record in records:
            if isinstance(record, RetrieveJob):
                job = (record.archive_id, record.job_id)
                if job not in asked and job[1] not in (each.job_id for each in self._index.retrievals(job[0])):
                    asked.add(job)
                    yield record
                continue
            created = isinstance(record, Created)
            archive_id = record.archive.id if isinstance(record, Created) else record.archive_id
            if archive_id not in lives:
                known = self._index.known(archive_id)
                lives[archive_id] = known is not None and known.deleted is None
            if lives[archive_id] != created:
                lives[archive_id] = created
                yield record

    def _line(self, record: Record) -> bytes:
        try:
            return (format_line(record) + "\n").encode(self._encoding)
        except UnicodeEncodeError as error:
            what = f"'{error.object[error.start]!a}'"
            raise Unsupported(f"The journal {self.path} can't hold {what}, which is not in {self._encoding}") from None
        except ValueError as error:
            raise Unsupported(f"The journal {self.path} can't hold {record}: its line {error}") from None


class _Fresh:
    """The index, once it is up to the file, for one thread."""

    def __init__(self, journal: Journal, lock: threading.RLock, index: Index) -> None:
        self._journal = journal
        self._lock = lock
        self._index = index

    def __enter__(self) -> Index:
        self._lock.acquire()
        try:
            self._journal.refresh()
        except BaseException:
            self._lock.release()
            raise
        return self._index

    def __exit__(self, *_: object) -> None:
        self._lock.release()

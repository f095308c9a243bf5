"""What a journal says, in a database beside it, so that a long journal is read once and never held in memory.

It can be lost at any time, and is made again then. Several processes may use it: each takes the next piece of the
journal in one transaction with the mark of how far that has come.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from hashlib import blake2b
from itertools import groupby
from pathlib import Path
from typing import Any

from transfer.values import dataclass
from transfer_glacier.archive import Archive
from transfer_glacier.journal.failures import of_index
from transfer_glacier.journal.records import Created, Deleted, Known, Record, RetrieveJob, Totals

_VERSION = 1
_PATIENCE = 120.0
"""Seconds to wait while another process takes its piece."""
_MOST = 2**63 - 1
_SCHEMA = """
CREATE TABLE archives (
  line INTEGER NOT NULL, key BLOB NOT NULL UNIQUE, id TEXT NOT NULL, name TEXT NOT NULL, size INTEGER NOT NULL,
  mtime INTEGER, tree_hash BLOB NOT NULL, created INTEGER NOT NULL, moment INTEGER NOT NULL, deleted INTEGER
);
CREATE TABLE retrievals (key BLOB NOT NULL, time INTEGER NOT NULL, job_id TEXT);
CREATE TABLE mark (
  offset INTEGER NOT NULL, line INTEGER NOT NULL, crc INTEGER NOT NULL,
  size INTEGER NOT NULL, mtime_ns INTEGER NOT NULL, inode INTEGER NOT NULL, device INTEGER NOT NULL
);
INSERT INTO mark VALUES (0, 0, 0, 0, 0, 0, 0);
"""
# Made once the first reading is over: that takes half as long as keeping them true meanwhile.
_ORDERS = """
CREATE INDEX IF NOT EXISTS by_name ON archives(name, moment DESC, created DESC, line DESC) WHERE deleted IS NULL;
CREATE INDEX IF NOT EXISTS by_archive ON retrievals(key);
"""
_NEWEST_FIRST = "moment DESC, created DESC, line DESC"
# An archive that comes back after it was deleted takes its place again.
_ADD = """
INSERT INTO archives VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, NULL)
ON CONFLICT (key) DO UPDATE SET
  line = excluded.line, name = excluded.name, size = excluded.size, mtime = excluded.mtime,
  tree_hash = excluded.tree_hash, created = excluded.created, moment = excluded.moment, deleted = NULL
WHERE deleted IS NOT NULL
"""
_DELETE = "UPDATE archives SET deleted = ? WHERE key = ? AND deleted IS NULL"

Row = tuple[Any, ...]
Numbered = tuple[int, Record]
"""A record and the number of its line."""


class Contradiction(ValueError):
    """A line that can't be true after those before it."""

    def __init__(self, line: int, what: str) -> None:
        super().__init__(what)
        self.line = line


@dataclass(frozen=True, slots=True)
class State:
    """How the file looked when all of it was read."""

    size: int
    mtime_ns: int
    inode: int
    device: int


@dataclass(frozen=True, slots=True)
class Mark:
    """How far the journal was read: bytes, lines, and the CRC-32 of these bytes."""

    offset: int
    line: int
    crc: int


class Index:
    """Not to be used by two threads at once."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._db = _opened(path)

    def close(self) -> None:
        self._db.close()

    def look(self) -> tuple[Mark, State]:
        """How far the journal was read, and how it looked then."""
        with of_index(self.path):
            row = self._db.execute("SELECT * FROM mark").fetchone()
        return Mark(*row[:3]), State(*row[3:])

    def forget(self) -> None:
        """Begin anew."""
        with self.piece():
            for table in ("archives", "retrievals"):
                self._db.execute(f"DELETE FROM {table}")  # noqa: S608 - one of ours
            self._db.execute("UPDATE mark SET offset = 0, line = 0, crc = 0, size = 0, mtime_ns = 0")

    @contextmanager
    def piece(self) -> Iterator[None]:
        """A transaction: no other process takes a piece meanwhile. What is raised undoes it."""
        with of_index(self.path):
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield
            except BaseException:
                self._db.execute("ROLLBACK")
                raise
            self._db.execute("COMMIT")

    def take(self, records: Sequence[Numbered], mark: Mark) -> None:
        """Within a piece: add records, the last of which ends at ``mark``. Raises Contradiction."""
        for kind, run in groupby(records, key=lambda numbered: type(numbered[1])):
            _TAKERS[kind](self._db, list(run))
        self._db.execute("UPDATE mark SET offset = ?, line = ?, crc = ?", (mark.offset, mark.line, mark.crc))

    def all_read(self, state: State) -> None:
        """Write down that the file, which looks like this, was read to its end."""
        with of_index(self.path):
            self._db.executescript(_ORDERS)
            self._db.execute(
                "UPDATE mark SET size = ?, mtime_ns = ?, inode = ?, device = ? WHERE offset = ?",
                (state.size, state.mtime_ns, state.inode, state.device, state.size),
            )

    def known(self, archive_id: str) -> Known | None:
        """The archive, deleted or not."""
        found = self._rows(_select("WHERE key = ?"), _key(archive_id))
        return _known(found[0]) if found else None

    def retrievals(self, archive_id: str) -> Sequence[RetrieveJob]:
        """The jobs that asked for the archive, in the order of their lines."""
        rows = self._rows("SELECT time, job_id FROM retrievals WHERE key = ? ORDER BY rowid", _key(archive_id))
        return [RetrieveJob(time, archive_id, job_id) for time, job_id in rows]

    def versions(self, name: str) -> Sequence[Archive]:
        """The archives of exactly this name, the newest first."""
        query = _select(f"WHERE deleted IS NULL AND name = ? ORDER BY {_NEWEST_FIRST}")
        return [_known(row).archive for row in self._rows(query, name)]

    def page(self, prefix: str, after: str | None, count: int) -> Sequence[tuple[str, Sequence[Archive]]]:
        """Up to ``count`` names that start with ``prefix``, behind ``after``, in the order of their bytes."""
        behind = after is not None and after.encode() >= prefix.encode()
        start = "name > ?" if behind else "name >= ?"
        query = _select(f"WHERE deleted IS NULL AND {start} ORDER BY name, {_NEWEST_FIRST}")
        found: list[tuple[str, list[Archive]]] = []
        with of_index(self.path), closing(self._db.execute(query, (after if behind else prefix,))) as rows:
            for row in rows:
                archive = _known(row).archive
                if found and found[-1][0] == archive.name:
                    found[-1][1].append(archive)
                elif len(found) == count or not archive.name.startswith(prefix):
                    break
                else:
                    found.append((archive.name, [archive]))
        return found

    def totals(self) -> Totals:
        """Of what lives."""
        ((archives, size),) = self._rows("SELECT count(*), coalesce(sum(size), 0) FROM archives WHERE deleted IS NULL")
        ((names,),) = self._rows("SELECT count(*) FROM (SELECT DISTINCT name FROM archives WHERE deleted IS NULL)")
        return Totals(archives, names, size)

    def oldest(self, among: int) -> int | None:
        """When the oldest that lives was made, of those ``among`` that were written down first; None without any."""
        first = "SELECT created FROM archives WHERE deleted IS NULL ORDER BY rowid LIMIT ?"
        ((created,),) = self._rows(f"SELECT min(created) FROM ({first})", among)  # noqa: S608 - our words
        return None if created is None else int(created)

    def by_id(self) -> Iterator[Known]:
        """All archives, deleted or not, in the order of their ids. Sorted on disk; for one thread at a time."""
        with of_index(self.path), closing(_connected(self.path)) as db:
            for row in db.execute(_select("ORDER BY id")):
                yield _known(row)

    def _rows(self, query: str, *values: object) -> list[Row]:
        with of_index(self.path):
            return self._db.execute(query, values).fetchall()


def _select(which: str) -> str:
    return f"SELECT id, name, size, mtime, tree_hash, created, deleted FROM archives {which}"  # noqa: S608 - our words


def _known(row: Row) -> Known:
    *fields, deleted = row
    return Known(Archive(*fields), deleted)


def _opened(path: Path) -> sqlite3.Connection:
    """The database at ``path``, made anew where there is none, one of another version, or a damaged one."""
    with of_index(path):
        db = _connected(path)
        if not _is_ours(db):
            db.close()
            for suffix in ("", "-wal", "-shm"):
                Path(f"{path}{suffix}").unlink(missing_ok=True)
            db = _connected(path)
            _is_ours(db)
        db.execute("PRAGMA synchronous = NORMAL")
        db.execute("PRAGMA cache_size = -65536")
        return db


def _is_ours(db: sqlite3.Connection) -> bool:
    """Whether it can be used, after its tables were made where there are none."""
    try:
        db.execute("PRAGMA journal_mode = WAL")
        db.execute("BEGIN IMMEDIATE")
    except sqlite3.OperationalError:
        raise
    except sqlite3.DatabaseError:  # no database at all
        return False
    (version,) = db.execute("PRAGMA user_version").fetchone()
    if version == 0:
        for statement in _SCHEMA.split(";"):
            db.execute(statement)
        db.execute(f"PRAGMA user_version = {_VERSION}")
    db.execute("COMMIT")
    return version in (0, _VERSION)


def _connected(path: Path) -> sqlite3.Connection:
    # The names in it are nobody else's business.
    os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
    return sqlite3.connect(path, timeout=_PATIENCE, isolation_level=None, check_same_thread=False)


def _key(archive_id: str) -> bytes:
    """Archive ids are long, and nothing is looked up so often."""
    return blake2b(archive_id.encode(), digest_size=16).digest()


def _storable(value: int) -> int:
    """The journal's numbers may have twenty digits, which no size and no time has."""
    return max(-_MOST, min(value, _MOST))


def _add(db: sqlite3.Connection, records: Sequence[tuple[int, Created]]) -> None:
    rows = [_row(line, record.archive) for line, record in records]
    if db.executemany(_ADD, rows).rowcount == len(rows):
        return
    for line, key, archive_id, *_ in rows:
        ((first,),) = db.execute("SELECT line FROM archives WHERE key = ?", (key,))
        if first != line:
            raise Contradiction(line, f"creates the archive {archive_id} again, which line {first} has created")


def _row(line: int, archive: Archive) -> Row:
    created = _storable(archive.created)
    mtime = None if archive.mtime is None else _storable(archive.mtime)
    moment = created if mtime is None else mtime
    size = _storable(archive.size)
    return line, _key(archive.id), archive.id, archive.name, size, mtime, archive.tree_hash, created, moment


def _delete(db: sqlite3.Connection, records: Sequence[tuple[int, Deleted]]) -> None:
    for line, record in records:
        if not db.execute(_DELETE, (_storable(record.time), _key(record.archive_id))).rowcount:
            raise Contradiction(line, f"deletes the archive {record.archive_id}, which is not there by then")


def _retrieve(db: sqlite3.Connection, records: Sequence[tuple[int, RetrieveJob]]) -> None:
    rows = [(_key(record.archive_id), _storable(record.time), record.job_id) for _, record in records]
    db.executemany("INSERT INTO retrievals VALUES (?, ?, ?)", rows)


_TAKERS: dict[type, Callable[[sqlite3.Connection, Any], None]] = {
    Created: _add,
    Deleted: _delete,
    RetrieveJob: _retrieve,
}

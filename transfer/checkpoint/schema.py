"""The file: its tables, how it is opened, and what is done with one that can't be used.

Keys are BLOBs of UTF-8, so that ``ORDER BY key`` is key order. Columns without a type keep
whatever they are given (see :mod:`transfer.checkpoint.codec`).

What a kill or a power cut can do: the log is WAL with ``synchronous=FULL``, so what was
committed is on the disk when the commit returns, and survives both. With ``NORMAL``, a power
cut could take back the last commits, and an upload that was begun at the provider would be
unknown to us; the one fsync a group of commits costs is little against that.
"""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

from transfer.checkpoint.records import Pair
from transfer.errors import Misconfigured, NoSpace, TransferError

APPLICATION = 0x7472616E
VERSION = 3
_MAGIC = b"SQLite format 3\0"
_SUFFIX = ".sqlite"
"""Of a file that may be taken for a checkpoint, though nothing in it says so any more."""
_LOG_KEPT = 64 * 1024 * 1024
"""Bytes that the log may keep on the disk once it has been copied into the database."""

_PRAGMAS = f"""
PRAGMA journal_mode = WAL;
PRAGMA synchronous = FULL;
PRAGMA fullfsync = 1;
PRAGMA journal_size_limit = {_LOG_KEPT};
PRAGMA cache_size = -8000;
"""

_TABLES = """
CREATE TABLE job (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    source TEXT NOT NULL, target TEXT NOT NULL,
    runs INTEGER NOT NULL DEFAULT 0, state TEXT, started_ns INTEGER, ended_ns INTEGER, totals TEXT
);
CREATE TABLE note (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE done (
    key BLOB PRIMARY KEY,
    source_size, source_mtime_ns, source_modified_ns, source_etag, source_version, source_identity,
    target_size, target_mtime_ns, target_modified_ns, target_etag, target_version, target_identity,
    algorithm, digest, proven, proven_by, shape, metadata, racy, run
) WITHOUT ROWID;
CREATE TABLE upload (
    key BLOB PRIMARY KEY,
    source_size, source_mtime_ns, source_modified_ns, source_etag, source_version, source_identity,
    shape, since_ns INTEGER NOT NULL,
    id TEXT, upload_key BLOB, size INTEGER, part_size INTEGER, extra BLOB
) WITHOUT ROWID;
CREATE TABLE receipt (
    key BLOB, number INTEGER, size INTEGER NOT NULL, etag, checksums BLOB NOT NULL,
    PRIMARY KEY (key, number)
) WITHOUT ROWID;
CREATE TABLE failure (
    key BLOB PRIMARY KEY, error TEXT NOT NULL, retryable INTEGER NOT NULL, action TEXT NOT NULL
) WITHOUT ROWID;
CREATE TABLE doomed (key BLOB PRIMARY KEY, entry BLOB NOT NULL) WITHOUT ROWID;
CREATE TRIGGER upload_takes_receipts AFTER DELETE ON upload BEGIN
    DELETE FROM receipt WHERE key = OLD.key;
END;
"""
_SINCE_2 = """
CREATE TABLE doubt (
    key BLOB PRIMARY KEY, size, mtime_ns, modified_ns, etag, version, identity
) WITHOUT ROWID;
CREATE TABLE backup (
    key BLOB PRIMARY KEY, target BLOB NOT NULL, place BLOB NOT NULL, name BLOB NOT NULL,
    size, mtime_ns, modified_ns, etag, version, identity
) WITHOUT ROWID;
DROP TRIGGER IF EXISTS done_settles;
CREATE TRIGGER done_settles AFTER INSERT ON done BEGIN
    DELETE FROM upload WHERE key = NEW.key;
    DELETE FROM failure WHERE key = NEW.key;
    DELETE FROM doubt WHERE key = NEW.key;
    DELETE FROM backup WHERE key = NEW.key;
END;
"""
_SINCE_3 = """
CREATE TABLE parked (
    key BLOB PRIMARY KEY, size INTEGER, name BLOB, class TEXT, cold TEXT, ready_ns INTEGER
) WITHOUT ROWID;
CREATE TABLE asked (
    key BLOB, first INTEGER, size INTEGER NOT NULL, whole INTEGER NOT NULL, since_ns INTEGER NOT NULL,
    tier TEXT NOT NULL, sure INTEGER NOT NULL, ready_ns INTEGER, until_ns INTEGER, copied INTEGER NOT NULL,
    PRIMARY KEY (key, first, size)
) WITHOUT ROWID;
"""
_UPGRADES = ((1, _SINCE_2), (2, _SINCE_3))
"""What brings a file of each version to the next one."""
_STAMP = f"PRAGMA application_id = {APPLICATION}; PRAGMA user_version = {VERSION};"


def open_database(path: Path, pair: Pair) -> sqlite3.Connection:
    """Open the pair's file, or make it. The caller holds its lock.

    Raises Misconfigured where the file is another program's, another pair's, from a newer
    version, or damaged; a damaged one is moved aside first.
    """
    try:
        os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
        _refuse_foreign(path)
        return _connect(path, pair)
    except OSError as error:
        raise Misconfigured(f"The checkpoint {path} can't be opened: {error.strerror}") from error
    except sqlite3.DatabaseError as error:
        if not damaged(error):
            raise translated(error, path) from error
        aside = _move_aside(path)
        raise Misconfigured(
            f"The checkpoint {path} was damaged ({error}) and is kept as {aside.name}; "
            "run the command again to start afresh, comparing both sides"
        ) from error


def set_aside(path: Path) -> Path | None:
    """Move a damaged file aside; returns its new place, or None for one that is whole. The caller holds its lock.

    Raises Misconfigured where it is another program's, from a newer version, or can't be read.
    """
    try:
        _refuse_foreign(path)
        with closing(sqlite3.connect(path, isolation_level=None)) as db:
            version_of(db, path)
            _check(db)
    except OSError as error:
        raise Misconfigured(f"The checkpoint {path} can't be opened: {error.strerror}") from error
    except sqlite3.DatabaseError as error:
        if not damaged(error):
            raise translated(error, path) from error
        return _move_aside(path)
    return None


def _refuse_foreign(path: Path) -> None:
    """Raise Misconfigured for a file of somebody's, named by mistake: it must not be moved aside as a damaged
    checkpoint, and a short one SQLite would overwrite."""
    with path.open("rb") as file:
        begins = file.read(len(_MAGIC))
    if begins in (b"", _MAGIC):
        return
    if path.suffix != _SUFFIX:
        raise Misconfigured(f"{path} is no checkpoint; name another file with --checkpoint")
    error = sqlite3.DatabaseError("file is not a database")
    error.sqlite_errorcode = sqlite3.SQLITE_NOTADB
    raise error


def damaged(error: Exception) -> bool:
    """Whether SQLite found that the file is no database, or a broken one."""
    return _code(error) in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)


def translated(error: Exception, path: Path) -> Exception:
    """The error as one that people can read; errors that are not the file's stay as they are."""
    if _code(error) == sqlite3.SQLITE_FULL:
        return NoSpace(f"The disk of the checkpoint {path} is full; make room there and run the command again")
    if damaged(error):
        return Misconfigured(f"The checkpoint {path} is damaged; run the command again, and it is set aside")
    if isinstance(error, sqlite3.Error):
        return TransferError(f"The checkpoint {path} can't be read or written: {error}")
    if isinstance(error, ValueError):
        return Misconfigured(f"The checkpoint {path} holds what it should not ({error}); move it away to start afresh")
    return error


def version_of(db: sqlite3.Connection, path: Path) -> int:
    """The version of its tables, 0 for an empty file. Raises Misconfigured for what isn't ours, or is newer."""
    (application,) = db.execute("PRAGMA application_id").fetchone()
    (version,) = db.execute("PRAGMA user_version").fetchone()
    (empty,) = db.execute("SELECT count(*) = 0 FROM sqlite_master").fetchone()
    if application != APPLICATION and not empty:
        raise Misconfigured(f"{path} is a database, but no checkpoint; name another file with --checkpoint")
    if version > VERSION:
        raise Misconfigured(
            f"The checkpoint {path} was written by a newer version of transfer; "
            "upgrade this one, or name another file with --checkpoint"
        )
    return int(version)


def _connect(path: Path, pair: Pair) -> sqlite3.Connection:
    db = sqlite3.connect(path, isolation_level=None, check_same_thread=False, cached_statements=256)
    try:
        version = version_of(db, path)
        db.executescript(_PRAGMAS)
        if version == 0:
            db.executescript(f"BEGIN; {_TABLES} {_SINCE_2} {_SINCE_3} {_STAMP} COMMIT;")
        _check(db)
        _claim(db, path, pair)
        steps = "".join(step for since, step in _UPGRADES if 0 < version <= since)
        if steps:
            db.executescript(f"BEGIN; {steps} {_STAMP} COMMIT;")
    except BaseException:
        db.close()
        raise
    return db


def _check(db: sqlite3.Connection) -> None:
    """Read the whole file (some seconds for ten million objects, against an hour of listing them)."""
    (verdict,) = db.execute("PRAGMA quick_check(1)").fetchone()
    if verdict != "ok":
        error = sqlite3.DatabaseError(" ".join(verdict.split()))
        error.sqlite_errorcode = sqlite3.SQLITE_CORRUPT
        raise error


def _claim(db: sqlite3.Connection, path: Path, pair: Pair) -> None:
    db.execute("INSERT OR IGNORE INTO job (id, source, target) VALUES (1, ?, ?)", (pair.source, pair.target))
    there = Pair(*db.execute("SELECT source, target FROM job").fetchone())
    if there != pair:
        raise Misconfigured(
            f"The checkpoint {path} belongs to {there.source} -> {there.target}; name another file with --checkpoint"
        )


def _move_aside(path: Path) -> Path:
    time = datetime.now(UTC).strftime("%Y%m%dT%H%M%S.%fZ")
    aside = path.with_name(f"{path.name}.corrupt-{time}")
    for suffix in ("-wal", "-shm", ""):
        try:
            os.rename(f"{path}{suffix}", f"{aside}{suffix}")
        except FileNotFoundError:
            continue
    return aside


def _code(error: Exception) -> int | None:
    """SQLite's primary result code."""
    code = getattr(error, "sqlite_errorcode", None)
    return None if code is None else code & 0xFF

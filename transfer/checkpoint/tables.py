"""What is done to the tables, each as a function over an open connection.

Those that write take a sequence of arguments, in the order in which they were asked for.
Many rows go into one statement: between any two statements another thread may keep Python's
lock for milliseconds, so a thread that writes row by row starves beside a busy loop.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator, Sequence
from functools import cache
from itertools import chain
from typing import TypeVar

from transfer.checkpoint import codec, cold
from transfer.checkpoint.kept import Kept
from transfer.checkpoint.records import Alike, Backup, Failure, Look, OpenUpload, Row
from transfer.model import Entry, Receipt, Upload

PAGE = 1_000
"""Rows of one read."""
_ROW_COLUMNS = 21
_ROWS_A_STATEMENT = 47
"""Keeps below SQLite's smallest default limit of 999 values."""
_KEYS_A_STATEMENT = 900

Db = sqlite3.Connection
T = TypeVar("T")


def put_rows(db: Db, rows: Sequence[Row]) -> None:
    _put(db, [codec.row_columns(row) for row in rows])


def put_alike(db: Db, groups: Sequence[Alike]) -> None:
    for alike in groups:
        _put(db, codec.alike_columns(alike))


def _put(db: Db, rows: Sequence[codec.Columns]) -> None:
    for chunk in _chunks(rows, _ROWS_A_STATEMENT):
        statement = _insert_rows(len(chunk))
        try:
            db.execute(statement, list(chain.from_iterable(chunk)))
        except (OverflowError, UnicodeEncodeError):
            db.execute(statement, codec.storable(chain.from_iterable(chunk)))


def intend(db: Db, intents: Sequence[tuple[str, Look, str, str]]) -> None:
    """Any earlier upload of the key is forgotten with its receipts."""
    for key, source, shape, to in intents:
        name = codec.key_bytes(key)
        db.execute("DELETE FROM upload WHERE key = ?", (name,))
        columns = codec.storable((name, *codec.look_columns(source), shape, time.time_ns(), codec.key_bytes(to)))
        db.execute("INSERT INTO upload VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, NULL, ?, NULL, NULL, NULL)", columns)


def begin(db: Db, uploads: Sequence[tuple[str, Upload]]) -> None:
    for key, upload in uploads:
        changed = db.execute(
            "UPDATE upload SET id = ?, upload_key = ?, size = ?, part_size = ?, extra = ? WHERE key = ?",
            (*codec.upload_columns(upload), codec.key_bytes(key)),
        )
        if changed.rowcount != 1:
            raise LookupError(f"an upload of {key!r} was begun without an intent")


def put_receipts(db: Db, receipts: Sequence[tuple[str, Receipt]]) -> None:
    """A receipt whose upload is gone meanwhile is let go."""
    for key, receipt in receipts:
        columns = codec.receipt_columns(key, receipt)
        db.execute(
            "INSERT OR REPLACE INTO receipt SELECT ?, ?, ?, ?, ?"
            " WHERE EXISTS (SELECT 1 FROM upload WHERE key = ? AND id IS NOT NULL)",
            (*columns, columns[0]),
        )


def drop_uploads(db: Db, keys: Sequence[str]) -> None:
    _delete(db, "upload", keys)


def forget(db: Db, groups: Sequence[Sequence[str]]) -> None:
    keys = list(chain.from_iterable(groups))
    for table in ("done", "failure", "doubt", "backup"):
        _delete(db, table, keys)


def put_failures(db: Db, failures: Sequence[Failure]) -> None:
    db.executemany("INSERT OR REPLACE INTO failure VALUES (?, ?, ?, ?)", map(codec.failure_columns, failures))


def drop_failures(db: Db, keys: Sequence[str]) -> None:
    _delete(db, "failure", keys)


def put_doubts(db: Db, doubts: Sequence[tuple[str, Look | None]]) -> None:
    columns = [codec.doubt_columns(*doubt) for doubt in doubts]
    db.executemany("INSERT OR REPLACE INTO doubt VALUES (?, ?, ?, ?, ?, ?, ?)", columns)


def put_backups(db: Db, backups: Sequence[tuple[str, Backup]]) -> None:
    columns = [codec.backup_columns(*backup) for backup in backups]
    db.executemany("INSERT OR REPLACE INTO backup VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", columns)


def doom(db: Db, entries: Sequence[Entry]) -> None:
    db.executemany("INSERT OR REPLACE INTO doomed VALUES (?, ?)", map(codec.entry_columns, entries))


def clear_failures(db: Db, _: Sequence[None]) -> None:
    db.execute("DELETE FROM failure")


def clear_doomed(db: Db, _: Sequence[None]) -> None:
    db.execute("DELETE FROM doomed")


def start_run(db: Db, _: Sequence[None]) -> None:
    """An earlier run's delete candidates, and what waited in it, never live on in this one."""
    db.execute(
        "UPDATE job SET runs = runs + 1, state = 'running', started_ns = ?, ended_ns = NULL, totals = NULL",
        (time.time_ns(),),
    )
    db.execute("DELETE FROM doomed")
    cold.clear_parked(db, ())


def end_run(db: Db, ends: Sequence[tuple[str, str]]) -> None:
    for state, totals in ends:
        db.execute("UPDATE job SET state = ?, ended_ns = ?, totals = ?", (state, time.time_ns(), totals))


def remember(db: Db, notes: Sequence[tuple[str, str]]) -> None:
    db.executemany("INSERT OR REPLACE INTO note VALUES (?, ?)", notes)


def runs(db: Db, _: None) -> int:
    """How many runs have begun."""
    return int(db.execute("SELECT runs FROM job").fetchone()[0])


def recall(db: Db, name: str) -> str | None:
    found = db.execute("SELECT value FROM note WHERE name = ?", (name,)).fetchone()
    return None if found is None else str(found[0])


def state(db: Db) -> str | None:
    """How the last run ended; ``running`` if it never did, None where there was none."""
    found: str | None = db.execute("SELECT state FROM job").fetchone()[0]
    return found


def row(db: Db, key: str) -> Row | None:
    columns = db.execute("SELECT * FROM done WHERE key = ?", (codec.key_bytes(key),)).fetchone()
    return None if columns is None else codec.row_of(columns)


def rows(db: Db, after: str | None) -> list[Row]:
    return [codec.row_of(columns) for columns in _page(db, "done", after)]


def kept(db: Db, after: str | None) -> list[Kept]:
    return list(map(Kept, _page(db, "done", after)))


def failures(db: Db, after: str | None) -> list[Failure]:
    return [codec.failure_of(columns) for columns in _page(db, "failure", after)]


def has_doubts(db: Db, _: None) -> bool:
    return db.execute("SELECT 1 FROM doubt LIMIT 1").fetchone() is not None


def doubts(db: Db, keys: Sequence[str]) -> dict[str, Look | None]:
    found: dict[str, Look | None] = {}
    for chunk in _chunks([codec.key_bytes(key) for key in keys], _KEYS_A_STATEMENT):
        marks = ",".join("?" * len(chunk))
        rows = db.execute(f"SELECT * FROM doubt WHERE key IN ({marks})", chunk)  # noqa: S608
        found.update(map(codec.doubt_of, rows))
    return found


def backup(db: Db, key: str) -> Backup | None:
    columns = db.execute("SELECT * FROM backup WHERE key = ?", (codec.key_bytes(key),)).fetchone()
    return None if columns is None else codec.backup_of(columns)


def doomed(db: Db, after: str | None) -> list[Entry]:
    return [codec.entry_of(columns) for columns in _page(db, "doomed", after)]


def doomed_count(db: Db) -> int:
    return int(db.execute("SELECT count(*) FROM doomed").fetchone()[0])


def open_upload(db: Db, key: str) -> OpenUpload | None:
    columns = db.execute("SELECT * FROM upload WHERE key = ?", (codec.key_bytes(key),)).fetchone()
    return None if columns is None else _with_receipts(db, columns)


def open_uploads(db: Db, after: str | None) -> list[OpenUpload]:
    """One at most: it may have ten thousand receipts."""
    return [_with_receipts(db, columns) for columns in _page(db, "upload", after, 1)]


def _with_receipts(db: Db, columns: codec.Columns) -> OpenUpload:
    receipts = db.execute("SELECT * FROM receipt WHERE key = ? ORDER BY number", (columns[0],))
    return codec.open_upload_of(columns, receipts.fetchall())


def _page(db: Db, table: str, after: str | None, limit: int = PAGE) -> list[codec.Columns]:
    behind, first = ("", ()) if after is None else ("WHERE key > ?", (codec.key_bytes(after),))
    return db.execute(f"SELECT * FROM {table} {behind} ORDER BY key LIMIT {limit}", first).fetchall()  # noqa: S608


def _delete(db: Db, table: str, keys: Sequence[str]) -> None:
    for chunk in _chunks([codec.key_bytes(key) for key in keys], _KEYS_A_STATEMENT):
        marks = ",".join("?" * len(chunk))
        db.execute(f"DELETE FROM {table} WHERE key IN ({marks})", chunk)  # noqa: S608


def _chunks(items: Sequence[T], size: int) -> Iterator[Sequence[T]]:
    return (items[start : start + size] for start in range(0, len(items), size))


@cache
def _insert_rows(count: int) -> str:
    marks = ",".join("?" * _ROW_COLUMNS)
    return f"INSERT OR REPLACE INTO done VALUES {','.join([f'({marks})'] * count)}"  # noqa: S608

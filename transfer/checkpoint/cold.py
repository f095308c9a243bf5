"""What is kept of cold storage: the objects that wait in it, and what was asked for. Functions over a connection.

Objects that wait are this run's; requests stay, since a provider's quota counts them whether or not anything came of
them, and since no other run may make them again.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence

from transfer.checkpoint.codec import Columns, key_bytes, key_text
from transfer.checkpoint.records import Asked, Parked, Waiting
from transfer.model import Cold, Span

_PAGE = 1_000
"""Rows of one read."""
_KEYS_A_STATEMENT = 900
WAITING = """
SELECT count(*), coalesce(sum(size), 0), count(nullif(cold, 'frozen')), max(ready_ns) FROM parked
"""

_UNCOPIED = """
SELECT max(asked.ready_ns), sum(asked.size) FROM asked JOIN parked USING (key)
WHERE NOT copied AND coalesce(until_ns, ?1) >= ?1 GROUP BY asked.ready_ns / 60000000000
"""

Db = sqlite3.Connection


def park(db: Db, parked: Sequence[Parked]) -> None:
    db.executemany("INSERT OR REPLACE INTO parked VALUES (?, ?, ?, ?, ?, ?)", map(_parked_columns, parked))


def unpark(db: Db, keys: Sequence[str]) -> None:
    db.executemany("DELETE FROM parked WHERE key = ?", [(key_bytes(key),) for key in keys])


def clear_parked(db: Db, _: Sequence[None]) -> None:
    db.execute("DELETE FROM parked")


def parked(db: Db, after: str | None) -> list[Parked]:
    since = b"" if after is None else key_bytes(after)
    rows = db.execute(f"SELECT * FROM parked WHERE key > ? ORDER BY key LIMIT {_PAGE}", (since,))  # noqa: S608
    return [_parked_of(columns) for columns in rows]


def waiting(db: Db, _: None) -> Waiting:
    """What waits, in figures."""
    return Waiting(*db.execute(WAITING).fetchone())


def put_asked(db: Db, requests: Sequence[Asked]) -> None:
    """One that was made before, for the same bytes, is replaced."""
    db.executemany("INSERT OR REPLACE INTO asked VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", map(_asked_columns, requests))


def drop_asked(db: Db, requests: Sequence[Asked]) -> None:
    """Requests that were never made, or are of no account any more."""
    keys = [(key_bytes(each.key), _first(each), each.size) for each in requests]
    db.executemany("DELETE FROM asked WHERE key = ? AND first = ? AND size = ?", keys)


def forget_asked(db: Db, before: Sequence[int]) -> None:
    """Those that were made earlier than these times, and of which nothing can be read any more."""
    for moment in before:
        db.execute("DELETE FROM asked WHERE since_ns < ? AND coalesce(until_ns, 0) < ?", (moment, moment))


def asked_of(db: Db, keys: Sequence[str]) -> list[Asked]:
    """What was asked for of these objects."""
    found: list[Asked] = []
    for start in range(0, len(keys), _KEYS_A_STATEMENT):
        chunk = [key_bytes(key) for key in keys[start : start + _KEYS_A_STATEMENT]]
        marks = ",".join("?" * len(chunk))
        found += map(_asked_of, db.execute(f"SELECT * FROM asked WHERE key IN ({marks})", chunk))  # noqa: S608
    return found


def uncopied(db: Db, now_ns: int) -> list[tuple[int | None, int]]:
    """When what was asked for of the objects that wait should be ready, and bytes, minute by minute."""
    return db.execute(_UNCOPIED, (now_ns,)).fetchall()


def asked_since(db: Db, since_ns: int) -> list[Asked]:
    """The requests that were made from then on, in the order of time."""
    rows = db.execute("SELECT * FROM asked WHERE since_ns >= ? ORDER BY since_ns", (since_ns,))
    return [_asked_of(columns) for columns in rows]


def _parked_columns(parked: Parked) -> Columns:
    name = None if parked.to is None else key_bytes(parked.to)
    cold = parked.cold and parked.cold.value
    return (key_bytes(parked.key), parked.size, name, parked.storage_class, cold, parked.ready_ns)


def _parked_of(columns: Columns) -> Parked:
    key, size, name, storage_class, cold, ready_ns = columns
    to = None if name is None else key_text(name)
    return Parked(key_text(key), size, to, storage_class, cold and Cold(cold), ready_ns)


def _first(asked: Asked) -> int:
    return 0 if asked.span is None else asked.span.offset


def _asked_columns(asked: Asked) -> Columns:
    key, whole = key_bytes(asked.key), asked.span is None
    times = (asked.ready_ns, asked.until_ns, asked.copied)
    return (key, _first(asked), asked.size, whole, asked.since_ns, asked.tier, asked.sure, *times)


def _asked_of(columns: Columns) -> Asked:
    key, first, size, whole, since_ns, tier, sure, ready_ns, until_ns, copied = columns
    span = None if whole else Span(first, size)
    return Asked(key_text(key), size, since_ns, tier, span, bool(sure), ready_ns, until_ns, bool(copied))

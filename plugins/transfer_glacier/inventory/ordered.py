"""Puts archives into the order of their ids, on disk: of millions, only a few are in memory."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager

from transfer_glacier.archive import Archive
from transfer_glacier.inventory.compare import Known
from transfer_glacier.inventory.listed import Listed

_TABLES = """
    CREATE TABLE listed (id TEXT, description TEXT, created INTEGER, size INTEGER, tree_hash BLOB);
    CREATE TABLE known (
        id TEXT, name TEXT, size INTEGER, mtime INTEGER, tree_hash BLOB, created INTEGER, deleted INTEGER
    );
"""


class Ordered:
    """A database of its own in the folder for temporary files, gone when it is closed. For one thread at a time."""

    def __init__(self, database: sqlite3.Connection) -> None:
        self._database = database

    def add_listed(self, archives: Iterable[Listed]) -> None:
        """Those of an inventory, or some of them."""
        rows = ((each.archive_id, each.description, each.created, each.size, each.tree_hash) for each in archives)
        self._database.executemany("INSERT INTO listed VALUES (?, ?, ?, ?, ?)", rows)

    def add_known(self, archives: Iterable[Known]) -> None:
        """Those of a journal, or some of them."""
        rows = ((*_fields(each.archive), each.deleted) for each in archives)
        self._database.executemany("INSERT INTO known VALUES (?, ?, ?, ?, ?, ?, ?)", rows)

    def listed(self) -> Iterator[Listed]:
        """What was added, by id."""
        return (Listed(*row) for row in self._database.execute("SELECT * FROM listed ORDER BY id"))

    def known(self) -> Iterator[Known]:
        """What was added, by id."""
        for *fields, deleted in self._database.execute("SELECT * FROM known ORDER BY id"):
            yield Known(Archive(*fields), deleted)


@contextmanager
def ordering() -> Iterator[Ordered]:
    """Nothing at first."""
    # An empty name: SQLite's own temporary file, which has no name that anybody could find.
    with closing(sqlite3.connect("", isolation_level=None, check_same_thread=False)) as database:
        database.executescript(f"PRAGMA journal_mode = OFF; PRAGMA temp_store = FILE; BEGIN; {_TABLES}")
        yield Ordered(database)


def _fields(archive: Archive) -> tuple[str, str, int, int | None, bytes, int]:
    return archive.id, archive.name, archive.size, archive.mtime, archive.tree_hash, archive.created

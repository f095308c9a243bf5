"""Puts the archives of an inventory into the order of their ids, on disk: of millions, only a few are in memory."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager

from transfer_glacier.inventory.listed import Listed


class Ordered:
    """A database of its own in the folder for temporary files, gone when it is closed. For one thread at a time."""

    def __init__(self, database: sqlite3.Connection) -> None:
        self._database = database

    def add(self, archives: Iterable[Listed]) -> None:
        """Some more."""
        rows = ((each.archive_id, each.description, each.created, each.size, each.tree_hash) for each in archives)
        self._database.executemany("INSERT INTO listed VALUES (?, ?, ?, ?, ?)", rows)

    def by_id(self) -> Iterator[Listed]:
        """All that were added, as a journal gives them."""
        return (Listed(*row) for row in self._database.execute("SELECT * FROM listed ORDER BY id"))


@contextmanager
def ordering() -> Iterator[Ordered]:
    """Nothing at first."""
    # An empty name: SQLite's own temporary file, which has no name that anybody could find.
    with closing(sqlite3.connect("", isolation_level=None, check_same_thread=False)) as database:
        database.executescript(
            "PRAGMA journal_mode = OFF; PRAGMA temp_store = FILE; BEGIN;"
            "CREATE TABLE listed (id TEXT, description TEXT, created INTEGER, size INTEGER, tree_hash BLOB)"
        )
        yield Ordered(database)

"""Names of archives in a file, as AWS's own solution for moving vaults takes them: ``GlacierArchiveID,FileName``.

Read, they are used instead of what descriptions say; written, that solution, or a person, can use what we found out.
"""

from __future__ import annotations

import csv
import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing, contextmanager
from typing import TextIO

from transfer.errors import Misconfigured
from transfer.values import dataclass
from transfer_glacier.archive import Archive
from transfer_glacier.journal import fault_of

HEADER = ("GlacierArchiveID", "FileName")
_CACHE_KIB = 64 * 1024


@dataclass(frozen=True, slots=True)
class Named:
    """The name that a line of the file gives to an archive."""

    archive_id: str
    name: str
    line: int


def read_names(lines: Iterable[str], file: str) -> Iterator[Named]:
    """The names in a file that was opened with ``newline=""``; ``file`` is what errors call it.

    The first line may be the header or not; empty ones are passed over. Raises Misconfigured with the number of the
    line.
    """
    rows = csv.reader(lines, strict=True)
    try:
        for number, row in enumerate(rows):
            if any(row) and not (number == 0 and _is_header(row)):
                yield _named(row, rows.line_num, file)
    except csv.Error as error:
        raise Misconfigured(f"{file}, line {rows.line_num}, is not CSV: {error}.") from None
    except UnicodeDecodeError:
        raise Misconfigured(f"{file} is not UTF-8 (after line {rows.line_num}); save it as UTF-8.") from None


def write_names(archives: Iterable[Archive], file: TextIO) -> int:
    """Write the header and a line for each archive into a file opened with ``newline=""``; returns how many."""
    rows = csv.writer(file, lineterminator="\n")
    rows.writerow(HEADER)
    count = 0
    for archive in archives:
        rows.writerow((archive.id, archive.name))
        count += 1
    return count


class Names(Mapping[str, str]):
    """Names by archive id, on disk: of millions, only some are in memory. For one thread at a time."""

    def __init__(self, database: sqlite3.Connection) -> None:
        self._database = database

    def __getitem__(self, archive_id: str) -> str:
        row = self._database.execute("SELECT name FROM names WHERE id = ?", (archive_id,)).fetchone()
        if row is None:
            raise KeyError(archive_id)
        name: str = row[0]
        return name

    def __iter__(self) -> Iterator[str]:
        return (row[0] for row in self._database.execute("SELECT id FROM names ORDER BY id"))

    def __len__(self) -> int:
        count: int = self._database.execute("SELECT count(*) FROM names").fetchone()[0]
        return count


@contextmanager
def open_names(path: str) -> Iterator[Names]:
    """The names in the file at ``path``. Raises Misconfigured for what can't be read, and for an id named twice."""
    # An empty name: SQLite's own temporary file, which has no name that anybody could find.
    with closing(sqlite3.connect("", isolation_level=None, check_same_thread=False)) as database:
        database.executescript(
            f"PRAGMA journal_mode = OFF; PRAGMA cache_size = -{_CACHE_KIB}; BEGIN;"
            "CREATE TABLE names (id TEXT PRIMARY KEY, name TEXT, line INTEGER) WITHOUT ROWID"
        )
        try:
            with open(path, encoding="utf-8-sig", newline="") as file:
                for named in read_names(file, path):
                    _add(database, named, path)
        except OSError as error:
            raise Misconfigured(f"The names in {path} can't be read: {error.strerror}.") from None
        yield Names(database)


def _named(row: list[str], line: int, file: str) -> Named:
    if len(row) != len(HEADER):
        raise Misconfigured(
            f"{file}, line {line}, has {len(row)} columns; write {','.join(HEADER)}, and quote a name that has a comma."
        )
    archive_id, name = row[0].strip(), row[1]
    if not archive_id or any(sign.isspace() for sign in archive_id):
        raise Misconfigured(f"{file}, line {line}: '{archive_id}' is not the id of an archive.")
    fault = "has a NUL in it" if "\0" in name else fault_of(name)
    if fault:
        raise Misconfigured(f"{file}, line {line}: the name '{name}' {fault}; give the archive another one.")
    return Named(archive_id, name, line)


def _is_header(row: list[str]) -> bool:
    return [field.strip().lower() for field in row] == [field.lower() for field in HEADER]


def _add(database: sqlite3.Connection, named: Named, file: str) -> None:
    try:
        database.execute("INSERT INTO names VALUES (?, ?, ?)", (named.archive_id, named.name, named.line))
    except sqlite3.IntegrityError:
        query = "SELECT line FROM names WHERE id = ?"
        (first,) = database.execute(query, (named.archive_id,)).fetchone()
        raise Misconfigured(
            f"{file}, line {named.line}, names archive {named.archive_id}, as line {first} does; name it once."
        ) from None

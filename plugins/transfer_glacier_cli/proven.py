"""What a report of a run proves to be elsewhere: archives by their ids."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing
from pathlib import Path

from transfer.errors import Misconfigured
from transfer.event import Action, Verdict
from transfer.model import Algorithm
from transfer.model import Proven as How
from transfer.report import read_report
from transfer_glacier.archive import Archive

_MOVED = frozenset((Action.COPY.value, Action.UPDATE.value))
_PROOFS = tuple(how.value for how in How if how is not How.UNPROVEN)
_NO = (None, "", False, "False", "false")


class Proven:
    """Held on disk: of millions, only some are in memory. Blocking; for one thread at a time."""

    def __init__(self, report: Path) -> None:
        """Raises Misconfigured for what is no report of a run from a vault."""
        # An empty name: SQLite's own temporary file, which has no name that anybody could find.
        self._database = sqlite3.connect("", isolation_level=None, check_same_thread=False)
        self._database.executescript(
            "PRAGMA journal_mode = OFF; BEGIN;"
            "CREATE TABLE proven (id TEXT PRIMARY KEY, size INTEGER, hash TEXT) WITHOUT ROWID"
        )
        self._database.executemany("INSERT OR REPLACE INTO proven VALUES (?, ?, ?)", _rows(report))

    def has(self, archive: Archive) -> bool:
        """Whether exactly this archive was proven, whatever its key was relative to then."""
        query = "SELECT size, hash FROM proven WHERE id = ?"
        with closing(self._database.execute(query, (archive.id,))) as found:
            row: object = found.fetchone()
        return row == (archive.size, f"{Algorithm.TREE_SHA256.value}:{archive.tree_hash.hex()}")

    def close(self) -> None:
        self._database.close()


def _rows(report: Path) -> Iterator[tuple[str, int, str]]:
    for row in read_report(report):
        if "source_version" not in row:
            raise Misconfigured(
                f"The report '{report}' has no column 'source_version', so that it names no archive; run what moved "
                "them once more, with --report, and give that report."
            )
        if _proves(row) and row["source_version"]:
            yield str(row["source_version"]), int(str(row["size"])), str(row["source_checksum"])


def _proves(row: Mapping[str, object]) -> bool:
    """Whether its object was at the target, with the same bytes, when the run ended."""
    if row.get("error"):
        return False
    if row.get("verdict") == Verdict.DONE and row.get("action") in _MOVED:
        return str(row.get("proof") or "").startswith(_PROOFS)
    return (row.get("verdict"), row.get("action")) == (Verdict.SKIPPED, Action.SKIP) and row.get("assumed") in _NO

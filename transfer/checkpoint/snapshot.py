"""A copy of a checkpoint that another process is working on."""

from __future__ import annotations

import asyncio
import sqlite3
from contextlib import closing
from pathlib import Path

from transfer.checkpoint.schema import translated


async def snapshot(path: Path, to: Path) -> None:
    """Write to ``to`` how the checkpoint stands at one moment, which hinders nobody. Raises TransferError."""
    await asyncio.to_thread(_copy, path, to)


def _copy(path: Path, to: Path) -> None:
    try:
        with (
            closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as theirs,
            closing(sqlite3.connect(to)) as ours,
        ):
            theirs.backup(ours)
    except sqlite3.Error as error:
        raise translated(error, path) from error

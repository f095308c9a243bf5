"""What the disk's and the database's errors mean for a journal."""

from __future__ import annotations

import errno
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from transfer.errors import Denied, Misconfigured, NoSpace, TransferError

_FULL = (errno.ENOSPC, errno.EDQUOT)
_FORBIDDEN = (errno.EACCES, errno.EPERM, errno.EROFS)


@contextmanager
def translated(path: Path, action: str) -> Iterator[None]:
    """``action`` is a verb: "read", "write", …"""
    try:
        yield
    except OSError as error:
        raise _meaning(error)(f"Can't {action} the journal {path}: {error.strerror or error}") from error


def _meaning(error: OSError) -> type[TransferError]:
    if error.errno in _FULL:
        return NoSpace
    return Denied if error.errno in _FORBIDDEN else Misconfigured


@contextmanager
def of_index(path: Path) -> Iterator[None]:
    """Around what is done with the index at ``path``."""
    try:
        yield
    except sqlite3.Error as error:
        kind = NoSpace if "full" in str(error) else Misconfigured
        raise kind(
            f"The index of a journal at {path} can't be used ({error}); make room, or remove it: it is made again"
        ) from error

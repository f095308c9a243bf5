"""Which temporary files were left behind by processes that were killed."""

from __future__ import annotations

import fcntl
import os
import stat
import time
from contextlib import suppress

_YOUNG = 0.05
"""Seconds that a new file has for being locked; no killed command can be running again so soon."""
_GIVEN_UP = 24 * 3600
"""Seconds after which a file that no lock tells about belongs to nobody."""

_OPEN = os.O_RDWR | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK


def mark_living(fd: int) -> None:
    """Lock a new file for as long as it is open, which no killed process leaves it."""
    with suppress(OSError):  # where the file system has no locks, age tells
        fcntl.flock(fd, fcntl.LOCK_SH | fcntl.LOCK_NB)


def is_abandoned(name: str, folder: int) -> bool:
    """Whether no living process writes the temporary file ``name``. Raises OSError.

    Symlinks can't be locked, nor can files everywhere: those are given up after a day.
    Should a lock of another machine not be seen here, its write fails and is made again.
    """
    status = os.stat(name, dir_fd=folder, follow_symlinks=False)
    # Not mtime: a file about to be renamed has that of its source already.
    age = time.time() - status.st_ctime
    if stat.S_ISREG(status.st_mode):
        if age <= _YOUNG:
            return False
        locked = _is_locked(name, folder)
        return age > _GIVEN_UP if locked is None else not locked
    return stat.S_ISLNK(status.st_mode) and age > _GIVEN_UP


def _is_locked(name: str, folder: int) -> bool | None:
    """None where the file system, or the file's permissions, do not let us find out."""
    try:
        fd = os.open(name, _OPEN, dir_fd=folder)
    except PermissionError:
        return None
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        return None
    finally:
        os.close(fd)
    return False

"""One process at a time: a file beside the checkpoint, locked as long as its owner lives.

The lock is flock's, which the kernel lets go of when the process ends, however it ends. The
file tells who holds it. Only its holder removes it, and whoever gets a lock sees that the file is
still there: another process may have removed it since it was opened.
"""

from __future__ import annotations

import fcntl
import json
import os
import socket
import time
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

from transfer.errors import Misconfigured

_TRIES = 5
_PAUSE = 0.05
"""Seconds between tries: someone who only looks holds the lock for an instant."""


@dataclass(frozen=True, slots=True)
class Holder:
    """The process that holds a lock. ``since`` is a time in ISO 8601, UTC."""

    pid: int
    host: str
    since: str

    def __str__(self) -> str:
        return f"process {self.pid} on {self.host}, since {self.since}"


class Lock:
    """A lock that is held until :meth:`release`."""

    def __init__(self, descriptor: int, file: Path) -> None:
        self._descriptor = descriptor
        self._file = file

    @classmethod
    def acquire(cls, path: Path) -> Lock:
        """Take the lock beside ``path`` (blocks for some tenths of a second at most).

        Raises Misconfigured, naming the process that holds it.
        """
        file = _beside(path)
        while True:
            descriptor = _open(file)
            try:
                _take(descriptor)
                if _is_there(descriptor, file):
                    _write(descriptor)
                    return cls(descriptor, file)
            except BaseException:
                os.close(descriptor)
                raise
            os.close(descriptor)

    def release(self) -> None:
        """Let go, and leave no file behind."""
        os.ftruncate(self._descriptor, 0)
        with suppress(OSError):
            self._file.unlink()
        os.close(self._descriptor)


def holder(path: Path) -> Holder | None:
    """Who holds the lock beside ``path`` now."""
    try:
        descriptor = os.open(_beside(path), os.O_RDONLY)
    except FileNotFoundError:
        return None
    try:
        return None if _locked(descriptor, fcntl.LOCK_SH, 1) else _read(descriptor)
    finally:
        os.close(descriptor)


def _beside(path: Path) -> Path:
    return path.with_name(path.name + ".lock")


def _open(path: Path) -> int:
    try:
        return os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        raise Misconfigured(f"The checkpoint's folder can't be written to: {path.parent}: {error.strerror}") from error


def _locked(descriptor: int, kind: int, tries: int) -> bool:
    for left in reversed(range(tries)):
        try:
            fcntl.flock(descriptor, kind | fcntl.LOCK_NB)
        except BlockingIOError:
            if left:
                time.sleep(_PAUSE)
        except OSError as error:
            raise Misconfigured(
                f"The checkpoint's folder can't lock files ({error.strerror}); name another with --checkpoint"
            ) from error
        else:
            return True
    return False


def _take(descriptor: int) -> None:
    if not _locked(descriptor, fcntl.LOCK_EX, _TRIES):
        who = _read(descriptor) or "another process"
        raise Misconfigured(
            f"This source and target are being worked on already, by {who}; "
            "wait for it to end, or stop it and run the command again"
        )


def _is_there(descriptor: int, file: Path) -> bool:
    """Whether ``file`` is what was opened, and not another one by now, or none."""
    try:
        return os.path.samestat(os.fstat(descriptor), os.stat(file))
    except FileNotFoundError:
        return False


def _write(descriptor: int) -> None:
    now = datetime.now(UTC).isoformat(timespec="seconds")
    os.ftruncate(descriptor, 0)
    os.pwrite(descriptor, json.dumps(asdict(Holder(os.getpid(), socket.gethostname(), now))).encode(), 0)


def _read(descriptor: int) -> Holder | None:
    """None where the holder has not written itself down yet."""
    try:
        return Holder(**json.loads(os.pread(descriptor, 4096, 0)))
    except (ValueError, TypeError):
        return None

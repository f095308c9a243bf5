"""The file of a journal: its lines from an offset on, its lock, and whole lines appended durably."""

from __future__ import annotations

import errno
import fcntl
import os
import zlib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

_PIECE = 1024 * 1024
_LONGEST = 64 * 1024 * 1024
_NEW = 0o600


class TooLong(ValueError):
    """A line that no journal has."""


@contextmanager
def opened(path: Path) -> Iterator[int]:
    """The file, for reading."""
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


@contextmanager
def locked(path: Path) -> Iterator[int]:
    """The file, for appending, made where it is not there: one at a time, of all threads and processes.

    Whoever gets the lock sees that the file is still the one of that name.
    """
    while True:
        descriptor = _open_for_appending(path)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            if _is_there(descriptor, path):
                yield descriptor
                return
        finally:
            os.close(descriptor)


def wait_for_writers(descriptor: int) -> None:
    """Return once nobody who heeds the lock is appending."""
    fcntl.flock(descriptor, fcntl.LOCK_SH)
    fcntl.flock(descriptor, fcntl.LOCK_UN)


def whole_lines(descriptor: int, offset: int) -> bytes:
    """The next lines, some MiB of them; empty where no whole one is left."""
    size = _PIECE
    while size <= _LONGEST:
        data = os.pread(descriptor, size, offset)
        end = data.rfind(b"\n") + 1
        if end or len(data) < size:
            return data[:end]
        size *= 4
    raise TooLong


def crc_of(descriptor: int, size: int) -> int:
    """The CRC-32 of the first ``size`` bytes; of fewer where there are no more."""
    crc = offset = 0
    while data := os.pread(descriptor, min(_PIECE, size - offset), offset):
        crc = zlib.crc32(data, crc)
        offset += len(data)
    return crc


def append(descriptor: int, lines: bytes) -> None:
    """Write whole lines at the end, at once, and see that they are on the disk. On failure nothing of them stays."""
    size = os.fstat(descriptor).st_size
    try:
        _write_whole(descriptor, lines)
        os.fsync(descriptor)
    except OSError:
        # Another program that appends, and knows of no lock, keeps what it has written.
        with suppress(OSError):
            if os.fstat(descriptor).st_size <= size + len(lines):
                os.ftruncate(descriptor, size)
        raise


def _write_whole(descriptor: int, data: bytes) -> None:
    if os.write(descriptor, data) < len(data):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def cut_off(descriptor: int, size: int, aside: Path) -> bytes:
    """Shorten the file to ``size`` bytes; what was behind them is appended to the file ``aside`` first."""
    tail = os.pread(descriptor, os.fstat(descriptor).st_size - size, size)
    keeper = os.open(aside, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, _NEW)
    try:
        append(keeper, tail + b"\n")
    finally:
        os.close(keeper)
    os.ftruncate(descriptor, size)
    os.fsync(descriptor)
    return tail


def _open_for_appending(path: Path) -> int:
    flags = os.O_RDWR | os.O_APPEND | os.O_CLOEXEC
    with suppress(FileNotFoundError):
        return os.open(path, flags)
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor = os.open(path, flags | os.O_CREAT, _NEW)
    folder = os.open(path.parent, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
    return descriptor


def _is_there(descriptor: int, path: Path) -> bool:
    with suppress(FileNotFoundError):
        return os.path.samestat(os.fstat(descriptor), os.stat(path))
    return False

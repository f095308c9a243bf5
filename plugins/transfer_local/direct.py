"""Direct I/O: between a buffer and the disk, past the system's page cache.

Large files take a small part of the CPU time that way: nothing is copied, no page of the
cache is found, filled and given up, and what is written is on the disk at once instead of
in one long fsync. Reading back really asks the disk. Not every file system can do it, nor
does it take any buffer, offset or size; what it refuses is done in the ordinary way.

Raises OSErrors as they come, and Stopped.
"""

from __future__ import annotations

import errno
import fcntl
import os
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from mmap import mmap

from transfer_local.threads import Stop

FROM = 1024 * 1024
"""Bytes from which it pays."""
_STEP = 4 * 1024 * 1024
"""Bytes handed over at once; between two such calls a cancelled one can stop."""
_ALIGNED = 4096
"""What offsets and sizes must be multiples of, on the strictest of usual disks."""
_O_DIRECT = getattr(os, "O_DIRECT", 0)
_RWF_NOWAIT = getattr(os, "RWF_NOWAIT", 0)

Call = Callable[[memoryview, int], int]
"""Moves bytes between a buffer and a file at an offset; returns how many."""


def write(fd: int, data: memoryview, offset: int, stop: Stop) -> None:
    """Write all of ``data``: directly up to its last whole block, if it is large."""
    call = partial(os.pwrite, fd)
    done = _directly(fd, call, data, offset, stop) if len(data) >= FROM else 0
    if _ordinarily(call, data, offset, stop, done) < len(data):
        raise OSError(errno.EIO, os.strerror(errno.EIO))


def fill(fd: int, view: memoryview, offset: int, stop: Stop) -> int:
    """Fill ``view`` as far as there is file; returns how many bytes there were.

    What is large comes from the cache as far as that has it, and the rest directly.
    """
    call = partial(_read, fd)
    if len(view) < FROM:
        return _ordinarily(call, view, offset, stop, 0)
    try:
        done = _from_cache(fd, view, offset, stop)
    except OSError:  # nothing can be found out about the cache, so it may well have everything
        return _ordinarily(call, view, offset, stop, 0)
    done += _directly(fd, call, view[done:], offset + done, stop)
    return _ordinarily(call, view, offset, stop, done)


def read(fd: int, offset: int, size: int, stop: Stop, take: Callable[[memoryview], None]) -> None:
    """Hand a span, or what of it there is, piece by piece to ``take``: from the disk, if it is large."""
    call = partial(_read, fd)
    buffer = memoryview(mmap(-1, max(1, min(_STEP, size))))
    end = offset + size
    while offset < end:
        piece = buffer[: end - offset]
        done = _directly(fd, call, piece, offset, stop) if len(piece) >= FROM else 0
        count = _ordinarily(call, piece, offset, stop, done)
        if count == 0:
            break
        take(piece[:count])
        offset += count


def _read(fd: int, view: memoryview, offset: int) -> int:
    return os.preadv(fd, [view], offset)


def _from_cache(fd: int, view: memoryview, offset: int, stop: Stop) -> int:
    """How much of ``view`` could be had without asking the disk. Raises OSError where that can't be told."""
    if not _RWF_NOWAIT:
        raise OSError(errno.ENOTSUP, os.strerror(errno.ENOTSUP))
    done, step = 0, _ALIGNED  # of what is not there the system begins to read as much as is asked for
    with suppress(BlockingIOError):
        while done < len(view):
            stop.check()
            count = os.preadv(fd, [view[done : done + step]], offset + done, _RWF_NOWAIT)
            done += count
            if count < step:
                break
            step = _STEP
    return done


def _directly(fd: int, call: Call, view: memoryview, offset: int, stop: Stop) -> int:
    """How much of ``view``, from its beginning on, could be done past the cache."""
    end, done = len(view) // _ALIGNED * _ALIGNED, 0
    if not _bypass(fd, wanted=True):
        return 0
    try:
        while done < end:
            stop.check()
            count = call(view[done : min(end, done + _STEP)], offset + done)
            if count == 0:
                break
            done += count
    except OSError as error:
        if error.errno != errno.EINVAL:
            raise
    finally:
        _bypass(fd, wanted=False)
    return done


def _ordinarily(call: Call, view: memoryview, offset: int, stop: Stop, done: int) -> int:
    """How much of ``view`` is done in the end, if ``done`` of it is already."""
    while done < len(view):
        stop.check()
        count = call(view[done : done + _STEP], offset + done)
        if count == 0:
            break
        done += count
    return done


def _bypass(fd: int, *, wanted: bool) -> bool:
    """Have the calls on an open file bypass the cache from now on, or not; returns whether they do."""
    flags = fcntl.fcntl(fd, fcntl.F_GETFL) & ~_O_DIRECT
    if wanted and _O_DIRECT:
        try:
            fcntl.fcntl(fd, fcntl.F_SETFL, flags | _O_DIRECT)
        except OSError:
            return False
        return True
    fcntl.fcntl(fd, fcntl.F_SETFL, flags)
    return False

"""Files that are being written: under a name that nobody takes for an object."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Sequence
from contextlib import nullcontext, suppress
from types import TracebackType
from typing import Self

from transfer import killpoint
from transfer.checksums import Buffer, hasher
from transfer.errors import Changed, Corrupt
from transfer.model import UNPROVEN, Algorithm, Checksums, Proof, Proven
from transfer_local import direct
from transfer_local.folders import Folders
from transfer_local.leftovers import mark_living
from transfer_local.sharing import Folder
from transfer_local.threads import Stop

_NEW = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
_AGAIN = os.O_RDWR | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK


class Temporary:
    """An open file under a temporary name. Leaving its block removes it unless it was published
    (or ``keep`` is set, for an upload that is gathered over many calls)."""

    def __init__(self, folder: Folder, name: bytes, *, fd: int, keep: bool = False) -> None:
        self.folder = folder
        self.name = name
        self.fd = fd
        self.published = False
        self._keep = keep

    @classmethod
    def create(cls, folder: Folder, name: bytes, mode: int | None) -> Temporary:
        """A new file, never more widely readable than ``mode`` says it will be.

        It is locked while it is open, which tells it from those that a killed process left.
        """
        wanted = 0o666 if mode is None else (mode & 0o777) | 0o600
        fd = os.open(name, _NEW, wanted, dir_fd=folder.fd)
        mark_living(fd)
        return cls(folder, name, fd=fd)

    @classmethod
    def reopen(cls, folder: Folder, name: bytes) -> Temporary:
        """An upload's file, which stays when its block is left."""
        return cls(folder, name, fd=os.open(name, _AGAIN, dir_fd=folder.fd), keep=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        os.close(self.fd)
        if not self.published and not self._keep:
            with suppress(FileNotFoundError):
                os.unlink(self.name, dir_fd=self.folder.fd)

    def write(self, data: Buffer, offset: int, stop: Stop) -> None:
        """Write all of ``data`` at ``offset``."""
        direct.write(self.fd, memoryview(data), offset, stop)

    def flush(self) -> None:
        """Have the system begin to write to the disk, so that :meth:`sync` need not wait for it as long."""
        if hasattr(os, "posix_fadvise"):
            os.posix_fadvise(self.fd, 0, 0, os.POSIX_FADV_DONTNEED)

    def sync(self) -> None:
        """Return once the file's bytes and metadata are on disk."""
        os.fsync(self.fd)
        killpoint.reach("fsync")

    def prove(self, key: str, size: int, expected: Checksums, stop: Stop) -> Proof:
        """Read the file again, from the disk where the system lets us, and compare. Raises Corrupt."""
        if not expected:
            return UNPROVEN
        self.flush()  # which also drops from memory what is on disk already
        found = digest_of(self.fd, 0, size, tuple(expected), stop)
        for algorithm, value in expected.items():
            if found.get(algorithm) != value:
                raise Corrupt(f"'{key}' reads back from disk with another {algorithm} than was written", key=key)
        return Proof(Proven.READ_BACK, str(next(iter(expected))))


def place(folders: Folders, folder: Folder, temporary: bytes, name: bytes, key: str, *, if_absent: bool) -> None:
    """Give a finished file its name. Raises Changed if ``if_absent`` and the name is taken."""
    spelling = folders.spelling
    with folders.durable.changing(folder.path), spelling.lock if spelling.folds else nullcontext():
        spelling.check(folder.fd, name, key)
        if if_absent:
            _link(folder, temporary, name, key)
        else:
            os.rename(temporary, name, src_dir_fd=folder.fd, dst_dir_fd=folder.fd)
    killpoint.reach("rename")


def _link(folder: Folder, temporary: bytes, name: bytes, key: str) -> None:
    """Rename without replacing, as POSIX can: the file has both names for a moment."""
    try:
        os.link(temporary, name, src_dir_fd=folder.fd, dst_dir_fd=folder.fd, follow_symlinks=False)
    except FileExistsError:
        there = os.stat(name, dir_fd=folder.fd, follow_symlinks=False)
        if stat.S_ISDIR(there.st_mode):
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR)) from None
        ours = os.stat(temporary, dir_fd=folder.fd, follow_symlinks=False)
        if not os.path.samestat(ours, there):  # else a process was killed between link and unlink
            raise Changed(f"'{key}' came into being at the target meanwhile", key=key) from None
    os.unlink(temporary, dir_fd=folder.fd)


def digest_of(fd: int, offset: int, size: int, algorithms: Sequence[Algorithm], stop: Stop) -> Checksums:
    """Checksums of a span of an open file, or of what of it there is; from the disk itself if it is large."""
    running = {algorithm: hasher(algorithm) for algorithm in algorithms}

    def update(piece: memoryview) -> None:
        for one in running.values():
            one.update(piece)

    direct.read(fd, offset, size, stop, update)
    return {algorithm: one.digest() for algorithm, one in running.items()}

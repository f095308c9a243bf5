"""Looking at one file and reading it, guarded against change."""

from __future__ import annotations

import errno
import os
import stat
from types import TracebackType
from typing import Self

from transfer.errors import Changed, Unsupported
from transfer.model import Entry, Kind, Span
from transfer_local import direct, names
from transfer_local.batches import Batches, Phases
from transfer_local.entries import as_known, entry_of, metadata_of, same_state
from transfer_local.errors import translated
from transfer_local.folders import Folders
from transfer_local.sharing import Folder
from transfer_local.threads import Stop, Threads

AT_ONCE = 64 * 1024
"""Bytes up to which a span is read in the same hop that opens the file."""

_READ = os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK


class Looker:
    """Looks at what a key names, in the way that ``--links`` (``skip``, ``follow``, ``keep``) asks for."""

    def __init__(self, folders: Folders, links: str) -> None:
        self.folders = folders
        self.links = links

    @property
    def follow(self) -> bool:
        return self.links == "follow"

    @property
    def flags(self) -> int:
        """With which a file is opened for reading. A FIFO in its place must not be waited for."""
        return _READ if self.follow else _READ | os.O_NOFOLLOW

    def stat(self, key: str) -> Entry:
        """The entry with all its metadata. Raises NotFound."""
        path = names.segments(key)
        with translated("read", key), self.folders.reading(path[:-1], key) as folder:
            return self.look(folder, path[-1], key)[0]

    def look(self, folder: Folder, name: bytes, key: str) -> tuple[Entry, os.stat_result, bytes]:
        """Entry, state and (of a kept symlink) target. Raises FileNotFoundError, and Unsupported for no object."""
        status = os.stat(name, dir_fd=folder.fd, follow_symlinks=self.follow)
        target = b""
        if stat.S_ISDIR(status.st_mode) != key.endswith("/"):
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT))
        if stat.S_ISLNK(status.st_mode):
            if self.links != "keep":
                remedy = "add --links follow to take what it points to, or --links keep to take it as a link"
                raise Unsupported(f"'{key}' is a symlink; {remedy}", key=key)
            target = os.readlink(name, dir_fd=folder.fd)
        elif not stat.S_ISREG(status.st_mode) and not stat.S_ISDIR(status.st_mode):
            raise Unsupported(f"'{key}' is a special file and holds no bytes to copy", key=key)
        link_target = os.fsdecode(target) if target else None
        return entry_of(key, status, metadata_of(key, status, link_target)), status, target


class FileReading:
    """A :class:`~transfer.plugin.Reading`, and the context manager that opens and closes it.

    Small spans are read whole when the file is opened. A file that is not the same any more
    when the span's end is reached, or when reading stops before it, was Changed.
    """

    def __init__(self, looker: Looker, opens: Batches, threads: Threads, known: Entry, span: Span | None) -> None:
        self.entry = known
        self.size = 0
        self._looker = looker
        self._opens = opens
        self._threads = threads
        self._span = span
        self._stop = Stop()
        self._fd = -1
        self._held: memoryview | None = None
        self._position = 0
        self._end = 0

    async def __aenter__(self) -> Self:
        try:
            await self._opens.run_phases(self._stop, self._open)
        except BaseException:
            self._close()
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if self._fd >= 0 and kind is None:
                await self._threads.run(self._stop, self._verify)
        finally:
            self._close()

    async def readinto(self, view: memoryview) -> int:
        """See :meth:`transfer.plugin.Reading.readinto`."""
        if self._held is not None:
            count = min(len(view), len(self._held))
            view[:count] = self._held[:count]
            self._held = self._held[count:]
            return count
        if self._position == self._end:
            return 0
        return await self._threads.run(self._stop, self._fill, view)

    def _open(self) -> Phases[None]:
        """In phases: those who read in one folder open it together."""
        key = self.entry.key
        path = names.segments(key)
        with translated("read", key), self._looker.folders.reading(path[:-1], key) as folder:
            yield
            target = b"" if self._open_listed(folder, path[-1]) else self._look_and_open(folder, path[-1])
            is_file = self.entry.kind is Kind.OBJECT
            self._limit(self._status.st_size if is_file else len(target))
            if not is_file:
                self._held = memoryview(target)[self._position : self._end]
            elif self.size <= AT_ONCE:
                data = memoryview(bytearray(self.size))
                self._fill(data)
                self._held = data

    def _open_listed(self, folder: Folder, name: bytes) -> bool:
        """Open what was seen to be a file. False where it can't be opened, or is something else by now."""
        known = self.entry
        if known.kind is not Kind.OBJECT or known.identity is None:
            return False
        try:
            self._fd = os.open(name, self._looker.flags, dir_fd=folder.fd)
        except OSError:
            return False  # why, is found out by looking
        self._status = os.fstat(self._fd)
        if not stat.S_ISREG(self._status.st_mode):
            self._close()
            return False
        if not as_known(known, self._status):
            raise self._changed()
        self.entry = entry_of(known.key, self._status, metadata_of(known.key, self._status))
        return True

    def _look_and_open(self, folder: Folder, name: bytes) -> bytes:
        """What a kept symlink points to; nothing for anything else."""
        now, self._status, target = self._looker.look(folder, name, self.entry.key)
        if not as_known(self.entry, self._status):
            raise self._changed()
        self.entry = now
        if now.kind is Kind.OBJECT:
            self._fd = os.open(name, self._looker.flags, dir_fd=folder.fd)
            self._verify()
        return target

    def _limit(self, whole: int) -> None:
        span = self._span or Span(0, whole)
        self._position = min(span.offset, whole)
        self._end = min(span.offset + span.size, whole)
        self.size = self._end - self._position

    def _fill(self, view: memoryview) -> int:
        wanted = min(len(view), self._end - self._position)
        with translated("read", self.entry.key):
            if direct.fill(self._fd, view[:wanted], self._position, self._stop) < wanted:
                raise self._changed()
            self._position += wanted
            if self._position == self._end:
                self._verify()
                self._close()
        return wanted

    def _verify(self) -> None:
        if not same_state(self._status, os.fstat(self._fd)):
            raise self._changed()

    def _close(self) -> None:
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1

    def _changed(self) -> Changed:
        return Changed(f"'{self.entry.key}' changed while it was read", key=self.entry.key)

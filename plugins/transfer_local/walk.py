"""The listing of a folder: all that is below it, in the order of the keys' bytes."""

from __future__ import annotations

import errno
import os
import stat
from dataclasses import dataclass

from transfer.model import Entry, Page, Unlisted, Why
from transfer_local.entries import entry_of, metadata_of
from transfer_local.errors import reason, translate
from transfer_local.scan import Bounds, Inode, Scan, Scanner, inode, passes, unreadable
from transfer_local.threads import Stop

_ROOT = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC

Item = Entry | Unlisted


@dataclass(slots=True)
class _Frame:
    """A folder that the walk is in."""

    folder: str
    scan: Scan
    above: frozenset[Inode]
    next: int = 0


class Walk:
    """A walk over all that ``bounds`` hold, page by page, each on one thread.

    Between pages it keeps nothing open, and of each folder that it is in only the names:
    a file is looked at when its page is made.
    """

    def __init__(self, root: bytes, scanner: Scanner, bounds: Bounds, *, links: str, empty_dirs: bool) -> None:
        self._root = root
        self._scanner = scanner
        self._bounds = bounds
        self._links = links
        self._follow = links == "follow"
        self._empty_dirs = empty_dirs
        self._frames: list[_Frame] = []
        self._position: str | None = None

    def page(self, count: int, stop: Stop) -> Page | None:
        """The next items, up to ``count``; None at the end. Raises NotFound, Denied, Transient."""
        shown = self._root.decode("utf-8", "backslashreplace")
        try:
            root = os.open(self._root, _ROOT)
            try:
                items = self._items(root, count, stop)
            finally:
                os.close(root)
        except OSError as error:
            raise translate(error, "list", shown) from error
        return Page(tuple(items), self._position) if items else None

    def _items(self, root: int, count: int, stop: Stop) -> list[Item]:
        items: list[Item] = []
        if self._position is None:
            self._frames.append(self._frame(root, "", frozenset(), stop))
            self._position = ""
        while self._frames and len(items) < count:
            frame = self._frames[-1]
            if frame.next == len(frame.scan.names):
                self._frames.pop()
                continue
            item = self._step(root, frame, stop)
            if item is not None:
                items.append(item)
        return items

    def _step(self, root: int, frame: _Frame, stop: Stop) -> Item | None:
        stop.check()
        name = frame.scan.names[frame.next]
        frame.next += 1
        self._position = path = frame.folder + name
        if name.endswith("/"):
            return self._enter(root, path, frame.above, stop)
        if frame.scan.troubles and name in frame.scan.troubles:
            return frame.scan.troubles[name]
        return self._look(root, path)

    def _enter(self, root: int, path: str, above: frozenset[Inode], stop: Stop) -> Item | None:
        flags = _ROOT if self._follow else _ROOT | os.O_NOFOLLOW
        try:
            fd = os.open(path[:-1].encode(), flags, dir_fd=root)
            try:
                frame = self._frame(fd, path, above, stop)
                status = os.fstat(fd)
            finally:
                os.close(fd)
        except OSError as error:
            if passes(error):
                raise
            # It could be read a moment ago. This comes behind its place in key order, and the
            # engine will notice; but nothing is deleted because of a folder that was not seen.
            return unreadable(path, reason(error))
        if frame.scan.names:
            self._frames.append(frame)
        if not (self._empty_dirs and frame.scan.empty and path.startswith(self._bounds.prefix)):
            return None
        return None if self._bounds.begins_in(path) else entry_of(path, status)

    def _frame(self, fd: int, folder: str, above: frozenset[Inode], stop: Stop) -> _Frame:
        if self._follow:
            above |= {inode(os.fstat(fd))}
        return _Frame(folder, self._scanner.scan(fd, folder, above, stop), above)

    def _look(self, root: int, path: str) -> Item | None:
        name = path.encode()
        try:
            status = os.stat(name, dir_fd=root, follow_symlinks=self._follow)
            if stat.S_ISREG(status.st_mode):
                return entry_of(path, status)
            if stat.S_ISLNK(status.st_mode):
                return self._link(root, path, status)
        except FileNotFoundError:
            return _vanished(root, path)
        except OSError as error:
            if passes(error):
                raise
            if error.errno == errno.ELOOP:
                return Unlisted(path, Why.SYMLINK, "the symlink leads back to itself", failed=True, folder=False)
            return unreadable(path, reason(error))
        if stat.S_ISDIR(status.st_mode):
            return unreadable(path, "it became a folder while it was listed")
        return Unlisted(path, Why.SPECIAL, "a socket, FIFO or device holds no bytes to copy", failed=False)

    def _link(self, root: int, path: str, status: os.stat_result) -> Item:
        if self._links == "skip":
            return Unlisted(path, Why.SYMLINK, "left out by --links skip", failed=False)
        try:
            target = os.readlink(path.encode(), dir_fd=root).decode()
        except UnicodeDecodeError:
            return Unlisted(path, Why.BAD_NAME, "the symlink's target is not UTF-8", failed=True, folder=False)
        return entry_of(path, status, metadata_of(path, status, target))


def _vanished(root: int, path: str) -> Item | None:
    """A file that was removed since its folder was read is simply not there any more."""
    folder = path.rpartition("/")[0] or "."
    try:
        os.stat(path.encode(), dir_fd=root, follow_symlinks=False)
        return Unlisted(path, Why.SYMLINK, "the symlink points to nothing", failed=True, folder=False)
    except OSError:
        pass
    try:
        os.stat(folder.encode(), dir_fd=root)
    except OSError as error:
        return unreadable(path, f"its folder can't be read any more: {reason(error)}")
    return None

"""Folders below the root, opened one by one so that no symlink can lead out of it."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import partial
from threading import Lock

from transfer.errors import Unsupported
from transfer_local.durable import Durable, sync_folder
from transfer_local.names import Segments
from transfer_local.sharing import Folder, Shared, Using
from transfer_local.spelling import Spelling

_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC
_PASSAGE = getattr(os, "O_PATH", os.O_RDONLY) | os.O_DIRECTORY | os.O_CLOEXEC
"""A folder that is only passed through need not be readable."""

_MET_MOST = 10_000


class Folders:
    """The tree below ``root``. With ``follow``, reading goes through symlinks; writing never does.

    ``shared``: other processes write to it too, so a folder that is there may have been made just now.

    Raises OSErrors as they come, and Unsupported where a symlink is in the way.
    """

    def __init__(self, root: bytes, *, follow: bool, spelling: Spelling, shared: bool = False) -> None:
        self.root = root
        self.spelling = spelling
        self.durable = Durable()
        self._follow = follow
        self._root_lock = Lock()
        self._shared = shared
        self._met: set[bytes] = set()
        self._read = Shared(self._find)
        self._written = Shared(self._find_or_make)

    def reading(self, segments: Segments, key: str) -> Using:
        """The folder, open. Raises FileNotFoundError, and Unsupported at a symlink not to be followed."""
        return self._read.using(segments, key)

    def writing(self, segments: Segments, key: str) -> Using:
        """The folder, open and made where it was missing. Raises NotADirectoryError, and Unsupported at a symlink."""
        return self._written.using(segments, key)

    @contextmanager
    def existing(self, segments: Segments, key: str) -> Iterator[Folder]:
        """The folder, open for changes, through no symlink. Raises FileNotFoundError."""
        fd = self._reopen(segments, key)
        try:
            yield Folder(fd, segments)
        finally:
            os.close(fd)

    def settle(self, folder: Folder, key: str) -> None:
        """Return once everything about ``folder`` and the way to it is on disk."""
        for segments, path in folder.way:
            self.durable.settle(path, partial(self._reopen, segments, key))

    def _find(self, segments: Segments, key: str) -> int:
        fd = os.open(self.root, _PASSAGE)
        try:
            for name in segments:
                fd = _step(fd, name, _PASSAGE, key, follow=self._follow)
        except NotADirectoryError as error:
            os.close(fd)
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT)) from error
        except BaseException:
            os.close(fd)
            raise
        return fd

    def _find_or_make(self, segments: Segments, key: str) -> int:
        fd = self._open_root()
        try:
            for depth, name in enumerate(segments):
                fd = self._step_or_make(fd, segments[:depth], name, key)
        except BaseException:
            os.close(fd)
            raise
        return fd

    def _reopen(self, segments: Segments, key: str) -> int:
        fd = os.open(self.root, _FOLDER)
        try:
            for name in segments:
                fd = _step(fd, name, _FOLDER, key, follow=False)
        except BaseException:
            os.close(fd)
            raise
        return fd

    def _open_root(self) -> int:
        try:
            fd = os.open(self.root, _FOLDER)
        except FileNotFoundError:
            with self._root_lock:
                _make_root(self.root)
            return os.open(self.root, _FOLDER)
        if self._strange(b""):
            with suppress(PermissionError):  # then no process of ours has made it
                sync_folder(os.open(os.path.dirname(self.root), _FOLDER))
            self._meet(b"")
        return fd

    def _step_or_make(self, fd: int, above: Segments, name: bytes, key: str) -> int:
        path = b"/".join(above)
        self.spelling.check_folder(fd, path, name, key)
        with suppress(FileNotFoundError):
            child = _step(fd, name, _FOLDER, key, follow=False)
            if self._strange(met := b"/".join((*above, name))):
                with self.durable.changing(path):  # as if made here: who settles has its name on disk too
                    self._meet(met)
            return child
        with self.durable.changing(path), self.spelling.lock:
            self.spelling.check(fd, name, key)
            with suppress(FileExistsError):
                os.mkdir(name, dir_fd=fd)
        return _step(fd, name, _FOLDER, key, follow=False)

    def _strange(self, path: bytes) -> bool:
        """Whether another process may have made the folder, and its name may not be on disk yet."""
        return self._shared and path not in self._met

    def _meet(self, path: bytes) -> None:
        if len(self._met) >= _MET_MOST:
            self._met.clear()
        self._met.add(path)


def _step(fd: int, name: bytes, flags: int, key: str, *, follow: bool) -> int:
    """From an open folder to one in it; the first is closed, unless this fails."""
    try:
        child = os.open(name, flags if follow else flags | os.O_NOFOLLOW, dir_fd=fd)
    except OSError as error:
        if error.errno in (errno.ENOTDIR, errno.ELOOP) and not follow and is_symlink(fd, name):
            shown = name.decode("utf-8", "backslashreplace")
            raise Unsupported(f"'{key}' leads through the symlink '{shown}', which is not followed", key=key) from None
        raise
    os.close(fd)
    return child


def is_symlink(folder: int, name: bytes) -> bool:
    """Whether ``name`` is a symlink, wherever it points."""
    try:
        return stat.S_ISLNK(os.stat(name, dir_fd=folder, follow_symlinks=False).st_mode)
    except OSError:
        return False


def _make_root(root: bytes) -> None:
    parent = os.path.dirname(root)
    if not os.path.isdir(parent):
        _make_root(parent)
    with suppress(FileExistsError):
        os.mkdir(root)
    sync_folder(os.open(parent, _FOLDER))

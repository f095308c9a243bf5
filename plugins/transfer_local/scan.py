"""One folder's names, sorted as keys: a folder's name ends in ``/``, so that ``a-b``, ``a.txt``,
``a/…`` and ``a0`` follow each other as in an object store."""

from __future__ import annotations

import errno
import os
import sys
from contextlib import suppress
from dataclasses import dataclass, field

from transfer.model import Unlisted, Why
from transfer.plugin import Prune
from transfer_local import names
from transfer_local.errors import reason
from transfer_local.leftovers import is_abandoned
from transfer_local.threads import Stop

Inode = tuple[int, int]
"""Device and inode number."""

_OPEN = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC
_UTF8 = sys.getfilesystemencoding().replace("-", "").lower() == "utf8"


def passes(error: OSError) -> bool:
    """Whether the whole listing had better be tried again, rather than go on without a folder."""
    return error.errno in (errno.EMFILE, errno.ENFILE, errno.ENOMEM)


def unreadable(path: str, detail: str) -> Unlisted:
    """What stands for a file or, without its slash, a folder that could not be looked at."""
    return Unlisted(path.removesuffix("/"), Why.UNREADABLE, detail, failed=True)


@dataclass(frozen=True, slots=True)
class Bounds:
    """Which keys a listing is to have: those that start with ``prefix`` and come behind ``after``."""

    prefix: str = ""
    after: str | None = None

    def cut(self, folder: str) -> bool:
        """Whether they leave out anything of ``folder``, that is itself at least partly within them."""
        return not folder.startswith(self.prefix) or self.begins_in(folder)

    def begins_in(self, folder: str) -> bool:
        """Whether ``after`` is ``folder`` or within it."""
        return self.after is not None and self.after.startswith(folder)

    def behind(self, path: str) -> bool:
        """Whether the file, or anything in the folder (ending in ``/``), comes behind ``after``."""
        return self.after is None or path > self.after or (path.endswith("/") and self.begins_in(path))

    def hold(self, path: str) -> bool:
        """Whether the file, or anything in the folder (ending in ``/``), is wanted."""
        within = path.startswith(self.prefix) or (path.endswith("/") and self.prefix.startswith(path))
        return within and self.behind(path)


@dataclass(slots=True)
class Scan:
    """What a folder holds. ``empty``: nothing at all, whether it is listed or not."""

    names: list[str] = field(default_factory=list)
    troubles: dict[str, Unlisted] = field(default_factory=dict)
    empty: bool = True

    def refuse(self, name: str, trouble: Unlisted) -> None:
        """List ``name`` as something that is no entry."""
        self.names.append(name)
        self.troubles[name] = trouble


class Scanner:
    """Reads folders. With ``clean``, removes stale temporary files of ours on the way."""

    def __init__(self, bounds: Bounds, prune: Prune | None, *, follow: bool, clean: bool) -> None:
        self._bounds = bounds
        self._prune = prune
        self._follow = follow
        self._clean = clean

    def scan(self, fd: int, folder: str, above: frozenset[Inode], stop: Stop) -> Scan:
        """The open folder's names, sorted. ``above``: it and the folders that it is in. Raises OSError.

        Every folder in it is opened once, as one that can't be read must be reported in
        its place, which is before that of its contents.
        """
        found, bad = Scan(), dict[str, bool]()
        cut = self._bounds.cut(folder)
        with os.scandir(fd) as entries:
            for entry in entries:
                stop.check()
                name = entry.name if _UTF8 else os.fsencode(entry.name).decode("utf-8", "surrogateescape")
                if names.is_temporary(name) and not entry.is_dir(follow_symlinks=False):
                    self._pass_over(found, fd, entry, folder + name, name)
                    continue
                found.empty = False
                if not name.isascii() and not _is_unicode(name):
                    bad[name] = _is_folder(entry, follow=self._follow)
                elif _is_folder(entry, follow=self._follow):
                    self._add_folder(found, fd, entry, folder + name, name, above)
                elif not cut or self._bounds.hold(folder + name):
                    found.names.append(name)
        for name, is_folder in bad.items():
            self._add_bad(found, folder, name, is_folder=is_folder)
        found.names.sort()
        return found

    def _add_folder(
        self, found: Scan, fd: int, entry: os.DirEntry[str], path: str, name: str, above: frozenset[Inode]
    ) -> None:
        if not self._bounds.hold(path + "/") or (self._prune and self._prune(path + "/")):
            return
        trouble = self._probe(fd, entry, path, above)
        if trouble is None:
            found.names.append(name + "/")
        elif self._bounds.behind(path):
            found.refuse(name, trouble)

    def _probe(self, fd: int, entry: os.DirEntry[str], path: str, above: frozenset[Inode]) -> Unlisted | None:
        if len(path) * 4 >= names.MAX_PATH and len(path.encode()) >= names.MAX_PATH:
            return unreadable(path, "its path is too long")
        try:
            child = os.open(entry.name, _OPEN if self._follow else _OPEN | os.O_NOFOLLOW, dir_fd=fd)
            try:
                if self._follow and inode(os.fstat(child)) in above:
                    return Unlisted(path, Why.SYMLINK, "the symlink leads back to a folder that it is in", failed=True)
            finally:
                os.close(child)
        except OSError as error:
            if passes(error):
                raise
            return unreadable(path, reason(error))
        return None

    def _add_bad(self, found: Scan, folder: str, name: str, *, is_folder: bool) -> None:
        shown = names.printable(name)
        # A valid name may look just like that, and no two keys may be equal.
        while shown in found.names or shown + "/" in found.names:
            shown += "?"
        if self._bounds.hold(folder + shown):
            detail = "the name is not UTF-8; rename the file"
            found.refuse(shown, Unlisted(folder + shown, Why.BAD_NAME, detail, failed=True, folder=is_folder))

    def _pass_over(self, found: Scan, fd: int, entry: os.DirEntry[str], path: str, name: str) -> None:
        """A temporary file of ours is told of at a source; at a target it is nobody's concern but ours."""
        if not self._clean:
            if self._bounds.hold(path):
                found.refuse(name, Unlisted(path, Why.TEMPORARY, "another run left or is writing it", failed=False))
        elif not names.is_parts(name):
            with suppress(OSError):
                if is_abandoned(entry.name, fd):
                    os.unlink(entry.name, dir_fd=fd)


def inode(status: os.stat_result) -> Inode:
    """What tells one folder from all others."""
    return status.st_dev, status.st_ino


def _is_folder(entry: os.DirEntry[str], *, follow: bool) -> bool:
    try:
        return entry.is_dir(follow_symlinks=follow)
    except OSError:
        return False  # a symlink that can't be resolved: whoever looks at it will see why


def _is_unicode(name: str) -> bool:
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return True

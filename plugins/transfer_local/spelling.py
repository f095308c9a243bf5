"""File systems that take two names for one: ``A`` and ``a``, ``é`` composed and decomposed."""

from __future__ import annotations

import os
import unicodedata
from collections.abc import Callable, Collection
from threading import Lock

from transfer_local.names import temporary, unusable

Exists = Callable[[int, bytes], bool]
Names = Callable[[int], Collection[bytes]]

_KNOWN_MOST = 10_000


def _exists(folder: int, name: bytes) -> bool:
    try:
        os.stat(name, dir_fd=folder, follow_symlinks=False)
    except FileNotFoundError:
        return False
    return True


def _names(folder: int) -> Collection[bytes]:
    return {os.fsencode(name) for name in os.listdir(folder)}


class Spelling:
    """Refuses a name that would silently become another one.

    ``folds`` is found out by :meth:`probe`; while it is False nothing is looked up at all.
    ``lock`` must be held from :meth:`check` until the name is taken.
    """

    def __init__(self, exists: Exists = _exists, names: Names = _names) -> None:
        self.folds = False
        self.lock = Lock()
        self._exists = exists
        self._names = names
        self._known: set[tuple[bytes, bytes]] = set()

    def probe(self, folder: int, name: str) -> None:
        """Find out, by a file ``name`` of ours that lies in ``folder`` now."""
        variants = {name.swapcase(), unicodedata.normalize("NFD", name)} - {name}
        self.folds = any(self._exists(folder, variant.encode()) for variant in variants)

    def check(self, folder: int, name: bytes, key: str) -> None:
        """Raise Unsupported if what ``name`` finds in ``folder`` is spelled otherwise."""
        if not self.folds or not self._exists(folder, name):
            return
        there = self._names(folder)
        if name not in there:
            raise unusable(key, f"this file system takes it for '{_other(name, there)}', which is there already")

    def check_folder(self, parent: int, path: bytes, name: bytes, key: str) -> None:
        """The same for a folder on the way, remembered: its ``path`` is its parent's below the root."""
        if not self.folds or (path, name) in self._known:
            return
        self.check(parent, name, key)
        if len(self._known) >= _KNOWN_MOST:
            self._known.clear()
        self._known.add((path, name))


def _other(name: bytes, there: Collection[bytes]) -> str:
    wanted = _folded(name)
    same = (other for other in there if _folded(other) == wanted)
    return next(same, name).decode("utf-8", "backslashreplace")


def _folded(name: bytes) -> str:
    return unicodedata.normalize("NFC", name.decode("utf-8", "replace")).casefold()


def probe_name() -> str:
    """A temporary name with letters of both kinds of folding."""
    return temporary().decode().replace(".transfer-", ".transfer-é")

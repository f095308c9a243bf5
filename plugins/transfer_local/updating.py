"""New metadata for what is there already."""

from __future__ import annotations

import os

from transfer.errors import Changed
from transfer.model import UNPROVEN, Entry, Kind, Metadata, Stored
from transfer_local import names
from transfer_local.attributes import apply, apply_to_link, stored
from transfer_local.entries import as_known
from transfer_local.errors import translated
from transfer_local.folders import Folders
from transfer_local.sharing import Folder

_FILE = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


def update(folders: Folders, entry: Entry, metadata: Metadata, *, owner: bool) -> Stored:
    """Apply what a file can hold of ``metadata``. Raises NotFound, and Changed if it is not ``entry`` any more."""
    path = names.segments(entry.key)
    with translated("update", entry.key), folders.existing(path[:-1], entry.key) as folder:
        if entry.kind is Kind.SYMLINK:
            return _update_link(folder, path[-1], entry, metadata, owner=owner)
        flags = _FILE | os.O_DIRECTORY if entry.kind is Kind.FOLDER else _FILE
        fd = os.open(path[-1], flags, dir_fd=folder.fd)
        try:
            _expect(entry, os.fstat(fd))
            lost = apply(fd, metadata.posix, owner=owner)
            os.fsync(fd)
            return stored(entry.key, metadata, os.fstat(fd), UNPROVEN, lost)
        finally:
            os.close(fd)


def _update_link(folder: Folder, name: bytes, entry: Entry, metadata: Metadata, *, owner: bool) -> Stored:
    _expect(entry, os.stat(name, dir_fd=folder.fd, follow_symlinks=False))
    lost = apply_to_link(folder.fd, name, metadata.posix, owner=owner)
    status = os.stat(name, dir_fd=folder.fd, follow_symlinks=False)
    target = os.fsdecode(os.readlink(name, dir_fd=folder.fd))
    return stored(entry.key, metadata, status, UNPROVEN, lost, target)


def _expect(entry: Entry, status: os.stat_result) -> None:
    if not as_known(entry, status):
        raise Changed(f"'{entry.key}' is not any more what it was when it was listed", key=entry.key)

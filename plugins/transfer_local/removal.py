"""Deleting files, and the folders that this leaves empty."""

from __future__ import annotations

import errno
import os
from collections.abc import Mapping, Sequence
from contextlib import suppress

from transfer.errors import TransferError
from transfer_local import names
from transfer_local.errors import translate
from transfer_local.folders import Folders
from transfer_local.sharing import Folder
from transfer_local.threads import Stop

_STAYS = (errno.ENOTEMPTY, errno.EEXIST, errno.ENOENT, errno.ENOTDIR, errno.EBUSY)


class Remover:
    """Deletes below ``folders.root``, never the root itself and never through a symlink.

    A folder that a deletion leaves empty goes too, as it would not be there in an object
    store; but not one in ``kept``, which holds the keys of folders that were put as such.
    """

    def __init__(self, folders: Folders, kept: set[str]) -> None:
        self._folders = folders
        self._kept = kept

    def delete(self, keys: Sequence[str], stop: Stop) -> Mapping[str, TransferError]:
        """Delete all ``keys``; what is not there counts as deleted. Returns those that failed."""
        failed: dict[str, TransferError] = {}
        for key in keys:
            stop.check()
            try:
                self._delete(key)
            except TransferError as error:
                failed[key] = error
            except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
                pass
            except OSError as error:
                failed[key] = translate(error, "delete", key)
        return failed

    def _delete(self, key: str) -> None:
        path = names.segments(key)
        if key.endswith("/"):
            self._kept.discard(key)
            self._remove_emptied(path)
            return
        with self._folders.existing(path[:-1], key) as folder:
            os.unlink(path[-1], dir_fd=folder.fd)
        with suppress(OSError):  # the file is gone, which is all that was asked for
            self._remove_emptied(path[:-1])

    def _remove_emptied(self, path: names.Segments) -> None:
        """Remove the folder and those above it, up to the first that is not empty."""
        while path:
            key = b"/".join(path).decode() + "/"
            if key in self._kept:
                return
            with self._folders.existing(path[:-1], key) as parent:
                if not _remove(parent, path[-1]):
                    return
            path = path[:-1]


def _remove(parent: Folder, name: bytes) -> bool:
    try:
        os.rmdir(name, dir_fd=parent.fd)
    except OSError as error:
        if error.errno in _STAYS:
            return False
        raise
    return True

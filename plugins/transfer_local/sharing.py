"""Open folders, shared by all who work in the same one at the same time."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from threading import Lock
from types import TracebackType

from transfer_local.names import Segments


class Folder:
    """An open folder. ``path`` is its path below the root, without slashes at the ends;
    ``way`` has it and all folders above, up to the root, with their paths."""

    __slots__ = ("fd", "path", "segments", "users", "way")

    def __init__(self, fd: int, segments: Segments) -> None:
        self.fd = fd
        self.segments = segments
        self.way = tuple((above, b"/".join(above)) for above in _upwards(segments))
        self.path = self.way[0][1]
        self.users = 1


def _upwards(segments: Segments) -> Iterator[Segments]:
    return (segments[:depth] for depth in range(len(segments), -1, -1))


class Shared:
    """Folders opened by ``open_folder``, each once for all who use it together.

    Nobody keeps a folder open for later: it is closed when the last one leaves. Whoever fails
    in a folder has the next one open it anew, since it may have been removed or moved away.
    """

    def __init__(self, open_folder: Callable[[Segments, str], int]) -> None:
        self._open_folder = open_folder
        self._open: dict[Segments, Folder] = {}
        self._lock = Lock()

    def using(self, segments: Segments, key: str) -> Using:
        """A context manager that gives the folder. Raises what ``open_folder`` raises."""
        return Using(self, segments, key)

    def take(self, segments: Segments, key: str) -> Folder:
        """The folder, to be given back with :meth:`leave`."""
        with self._lock:
            folder = self._open.get(segments)
            if folder is not None:
                folder.users += 1
                return folder
        folder = Folder(self._open_folder(segments, key), segments)
        with self._lock:
            self._open.setdefault(segments, folder)
        return folder

    def leave(self, folder: Folder, *, failed: bool) -> None:
        """Close the folder if nobody else is in it."""
        with self._lock:
            folder.users -= 1
            if (failed or not folder.users) and self._open.get(folder.segments) is folder:
                del self._open[folder.segments]
            if folder.users:
                return
        os.close(folder.fd)


class Using:
    """One use of a shared folder."""

    __slots__ = ("_folder", "_key", "_segments", "_shared")

    def __init__(self, shared: Shared, segments: Segments, key: str) -> None:
        self._shared = shared
        self._segments = segments
        self._key = key

    def __enter__(self) -> Folder:
        self._folder = self._shared.take(self._segments, self._key)
        return self._folder

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._shared.leave(self._folder, failed=kind is not None)

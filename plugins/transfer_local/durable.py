"""fsync of folders, shared by all who wait for the same one."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from threading import Condition

_NOT_NEEDED = (errno.EINVAL, errno.ENOTSUP, errno.EBADF)


class _State:
    __slots__ = ("changed", "changing", "synced", "syncing")

    def __init__(self) -> None:
        self.changed = 0
        self.changing = 0
        self.synced = 0
        self.syncing = False


class Durable:
    """Knows which folders changed since they were last fsynced.

    Whoever changes a folder does so within :meth:`changing`, and calls :meth:`settle` before
    it claims that the change will last. One fsync serves all changes that were complete when
    it began. Because a new folder's parent is marked before the folder can be seen, whoever
    writes into it and settles its ancestors too can rely on the whole path, even where
    another thread made it.
    """

    def __init__(self) -> None:
        self._states: dict[bytes, _State] = {}
        self._condition = Condition()

    def changing(self, folder: bytes) -> _Change:
        """A context manager, in which the folder (its path below the root) gets, loses or renames something."""
        return _Change(self, folder)

    def begin(self, folder: bytes) -> _State:
        """Something is about to change; to be followed by :meth:`end`."""
        with self._condition:
            state = self._states.get(folder)
            if state is None:
                state = self._states[folder] = _State()
            state.changing += 1
            return state

    def end(self, state: _State) -> None:
        """It has changed, or failed to."""
        with self._condition:
            state.changing -= 1
            state.changed += 1

    def settle(self, folder: bytes, open_folder: Callable[[], int]) -> None:
        """Return once all that can be seen in it now is on disk. ``open_folder`` gives a descriptor to close."""
        if folder not in self._states:
            return
        with self._condition:
            state = self._states.get(folder)
            if state is None:
                return
            # What is being changed may be seen already: only an fsync that begins now is sure to cover it.
            state.changed += 1 if state.changing else 0
            wanted = state.changed
            while state.syncing and state.synced < wanted:
                self._condition.wait()
            if state.synced >= wanted:
                return
            state.syncing, covered = True, state.changed
        done = False
        try:
            sync_folder(open_folder())
            done = True
        finally:
            self._synced(folder, state, covered if done else state.synced)

    def _synced(self, folder: bytes, state: _State, covered: int) -> None:
        with self._condition:
            state.syncing, state.synced = False, covered
            if covered == state.changed and not state.changing:
                self._states.pop(folder, None)
            self._condition.notify_all()


class _Change:
    __slots__ = ("_durable", "_folder", "_state")

    def __init__(self, durable: Durable, folder: bytes) -> None:
        self._durable = durable
        self._folder = folder

    def __enter__(self) -> None:
        self._state = self._durable.begin(self._folder)

    def __exit__(self, *_: object) -> None:
        self._durable.end(self._state)


def sync_folder(folder: int) -> None:
    """fsync an open folder and close it."""
    try:
        os.fsync(folder)
    except OSError as error:
        # Some network file systems can't fsync a folder; there it is the server's business.
        if error.errno not in _NOT_NEEDED:
            raise
    finally:
        os.close(folder)

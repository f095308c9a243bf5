"""A thread that writes what others tell, so that slow disks and pipes hold up nobody else."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

T = TypeVar("T")


class Drain(Generic[T]):
    """Hands items to ``write`` in runs, on a thread of its own.

    At most ``limit`` items wait; then :meth:`put` writes them itself, which holds its
    caller back to the pace of the writing. After a failure items are dropped, and
    ``on_failure`` is told once, on the thread that met it.
    """

    def __init__(
        self,
        write: Callable[[Sequence[T]], None],
        *,
        on_failure: Callable[[OSError], None] | None = None,
        limit: int = 20_000,
        interval: float = 0.1,
    ) -> None:
        self.failure: OSError | None = None
        self._write = write
        self._on_failure = on_failure
        self._limit = limit
        self._interval = interval
        self._items: deque[T] = deque()
        self._writing = threading.Lock()
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._run, name="transfer-drain", daemon=True)
        self._thread.start()

    def put(self, item: T) -> None:
        self._items.append(item)
        if len(self._items) >= self._limit:
            self._flush()

    def close(self) -> None:
        """Write what is left. Idempotent."""
        self._closing.set()
        self._thread.join()
        self._flush()

    def _run(self) -> None:
        while not self._closing.wait(self._interval):
            self._flush()

    def _flush(self) -> None:
        with self._writing:
            items = [self._items.popleft() for _ in range(len(self._items))]
            if not items or self.failure:
                return
            try:
                self._write(items)
            except OSError as error:
                self.failure = error
                if self._on_failure is not None:
                    self._on_failure(error)

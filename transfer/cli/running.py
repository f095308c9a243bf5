"""Runs a coroutine as a command: signals stop it cleanly, and in time."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import threading
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

from transfer import loop
from transfer.cli.dropping import drop
from transfer.cli.problems import BROKEN_PIPE, INTERRUPTED, unwritable
from transfer.descriptors import raise_limit

_GRACE = 1.7
"""Seconds from a stop to the end, come what may. A run can be killed at any time without loss."""
_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_SHOW_CURSOR = b"\x1b[?25h"


class Stop:
    """Ends the running task from outside: after a signal, or when nobody reads our output any more."""

    def __init__(self) -> None:
        self.status: int | None = None
        self.last_words = "interrupted."
        self._task: asyncio.Task[int] | None = None

    async def run(self, work: Work) -> int:
        """Do the work, unless the stop came before it."""
        self._task = asyncio.current_task()
        return await work(self) if self.status is None else self.status

    def signalled(self, number: int, frame: FrameType | None) -> None:
        """The first time ends cleanly, within the grace; the second at once."""
        if self.status is not None:
            self._end_now(INTERRUPTED)
        self._stop(INTERRUPTED)

    def output_failed(self, error: OSError) -> None:
        """For whoever writes to stdout, on any thread."""
        if not isinstance(error, BrokenPipeError):
            self.last_words = unwritable(error)
        self._stop(BROKEN_PIPE if isinstance(error, BrokenPipeError) else 1)

    def _stop(self, status: int) -> None:
        if self.status is not None:
            return
        self.status = status
        timer = threading.Timer(_GRACE, self._end_now, (status,))
        timer.daemon = True
        timer.start()
        if self._task is not None:
            self._task.get_loop().call_soon_threadsafe(self._task.cancel)

    def _end_now(self, status: int) -> None:
        """Leave at once, with the cursor back where a live display had hidden it."""
        if sys.stderr.isatty():
            os.write(2, _SHOW_CURSOR)
        if status != BROKEN_PIPE:
            os.write(2, f"\ntransfer: {self.last_words}\n".encode())
        os._exit(status)


Work = Callable[[Stop], Coroutine[Any, Any, int]]


def run(work: Work) -> int:
    """Run ``work`` to its end and return the exit status it gives, or that of what stopped it."""
    stop = Stop()
    raise_limit()
    with _handling(stop.signalled), loop.runner() as runner:
        try:
            status = runner.run(stop.run(work))
        except asyncio.CancelledError:
            if stop.status is None:
                raise
            status = stop.status
    if stop.status == BROKEN_PIPE:
        drop(sys.stdout)
        return BROKEN_PIPE
    return status


@contextmanager
def _handling(handler: Callable[[int, FrameType | None], None]) -> Iterator[None]:
    """Take the signals that end a command, but for those that our parent had us ignore (``nohup``)."""
    taken = {number: was for number in _SIGNALS if (was := signal.getsignal(number)) is not signal.SIG_IGN}
    for number in taken:
        signal.signal(number, handler)
    try:
        yield
    finally:
        for number, was in taken.items():
            signal.signal(number, was)

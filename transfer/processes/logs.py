"""What a worker logs is logged by its crew's process, which knows where to and what to mask."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from transfer.processes.messages import Logged

_OURS = "transfer"


def level() -> int:
    """From which level on the log is wanted."""
    return logging.getLogger(_OURS).getEffectiveLevel()


def log_again(logged: Logged) -> None:
    """Log a worker's record here."""
    record = logging.makeLogRecord(dict(logged.record))
    logger = logging.getLogger(record.name)
    if logger.isEnabledFor(record.levelno):
        logger.handle(record)


@contextmanager
def forwarding(wanted: int, send: Callable[[Logged], None]) -> Iterator[None]:
    """For the length of the block, all that is logged is sent, from whatever thread."""
    handler = _Forward(send)
    root, ours = logging.getLogger(), logging.getLogger(_OURS)
    root.addHandler(handler)
    ours.setLevel(wanted)
    try:
        yield
    finally:
        root.removeHandler(handler)


class _Forward(logging.Handler):
    def __init__(self, send: Callable[[Logged], None]) -> None:
        super().__init__()
        self._loop = asyncio.get_running_loop()
        self._send = send
        self._plain = logging.Formatter()

    def emit(self, record: logging.LogRecord) -> None:
        """Texts travel; exceptions and arguments may be of any kind."""
        told = dict(record.__dict__, msg=record.getMessage(), args=None, exc_info=None)
        if record.exc_info:
            told["exc_text"] = self._plain.formatException(record.exc_info)
        self._loop.call_soon_threadsafe(self._send, Logged(told))

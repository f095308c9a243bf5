"""Where log lines go: stderr or a file, never with a secret in them, never holding the loop up."""

from __future__ import annotations

import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from logging.handlers import QueueHandler, QueueListener
from pathlib import Path
from queue import SimpleQueue
from typing import Any

from transfer.cli.problems import say
from transfer.errors import Misconfigured
from transfer.secrets import RedactingFormatter, Redactor

LEVELS = ("debug", "info", "warning", "error")


@contextmanager
def logging_to(redactor: Redactor, *, level: str | None, file: Path | None) -> Iterator[None]:
    """Log for as long as it lasts: ``info`` and up to ``file``, or ``warning`` and up to stderr.

    Tracebacks go to a file, and to stderr only with ``level`` debug. Raises Misconfigured
    where ``file`` can't be written.
    """
    handler = _Stderr() if file is None else _open(file, redactor)
    lines = _Formatter(tracebacks=file is not None or level == "debug")
    handler.setFormatter(RedactingFormatter(lines, redactor))
    queue: SimpleQueue[Any] = SimpleQueue()
    listener = QueueListener(queue, handler)
    entrance = _Entrance(queue)
    root, ours = logging.getLogger(), logging.getLogger("transfer")
    before = ours.level
    root.addHandler(entrance)
    ours.setLevel((level or ("warning" if file is None else "info")).upper())
    listener.start()
    try:
        yield
    finally:
        root.removeHandler(entrance)
        ours.setLevel(before)
        listener.stop()
        handler.close()


class _Entrance(QueueHandler):
    """Hands records over whole: the formatter at the other end decides about tracebacks."""

    def prepare(self, record: logging.LogRecord) -> logging.LogRecord:
        record.msg, record.args = record.getMessage(), None
        return record


class _Stderr(logging.StreamHandler[Any]):
    """Writes to whatever stderr is now: a live display puts its own in place while it is up."""

    def __init__(self) -> None:
        logging.Handler.__init__(self)

    @property
    def stream(self) -> Any:
        return sys.stderr

    @stream.setter
    def stream(self, value: Any) -> None:
        """It can't be set."""

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - so logging calls it
        """There is nowhere left to tell it."""


class _File(logging.FileHandler):
    """What can't be written is lost, which is told once, and holds nothing up."""

    def __init__(self, path: Path, redactor: Redactor) -> None:
        super().__init__(path, encoding="utf-8", errors="backslashreplace")
        self._path = path
        self._redactor = redactor
        self._told = False

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - so logging calls it
        error = sys.exc_info()[1]
        if not isinstance(error, OSError):
            super().handleError(record)
        elif not self._told:
            self._told = True
            say(f"{_unwritable(self._path, error)} What goes on is not logged.", self._redactor)

    def close(self) -> None:
        with suppress(OSError):  # it has been told
            super().close()


class _Formatter(logging.Formatter):
    def __init__(self, *, tracebacks: bool) -> None:
        super().__init__("%(asctime)s %(levelname)-7s %(name)s: %(message)s")
        self._tracebacks = tracebacks

    def format(self, record: logging.LogRecord) -> str:
        if not self._tracebacks:
            record.exc_info = record.exc_text = record.stack_info = None
        return super().format(record)


def _open(file: Path, redactor: Redactor) -> logging.Handler:
    try:
        return _File(file, redactor)
    except OSError as error:
        raise Misconfigured(_unwritable(file, error)) from None


def _unwritable(file: Path, error: OSError) -> str:
    return f"The log file '{file}' can't be written: {error.strerror}."

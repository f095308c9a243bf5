"""Standard streams that take nothing more."""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from typing import TextIO


def drop(stream: TextIO) -> None:
    """What is buffered still goes nowhere, so that the interpreter's own flush at exit does not fail again."""
    with suppress(OSError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, stream.fileno())
        os.close(nowhere)


def settle_stderr() -> None:
    """Write what is buffered still. What can't be told is lost, and does not change the exit status."""
    try:
        sys.stderr.flush()
    except OSError:
        drop(sys.stderr)

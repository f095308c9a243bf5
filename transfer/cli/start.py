"""What comes before anything else in a process of our own: all that a shell may have left odd is set right."""

from __future__ import annotations

import os
import signal
import sys
from types import FrameType

_INTERRUPTED = 130
"""As in :mod:`transfer.cli.problems`, which is not to be imported yet."""


def prepare() -> None:
    """Make sure of the standard streams, and of a quiet end by Ctrl-C while nothing has begun."""
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, _end)
    _fill_gaps()


def _end(number: int, frame: FrameType | None) -> None:
    """Until a run takes the signal over, there is nothing to clean up or to tell."""
    os._exit(_INTERRUPTED)


def _fill_gaps() -> None:
    """Put something in the place of standard streams that are closed (``>&-``), or the next file opened takes it.

    What is written to such a stream goes nowhere. Reading from it is an error: an empty input would be believed.
    """
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            os.set_inheritable(os.open(os.devnull, os.O_WRONLY), True)  # which takes the lowest number that is free
    sys.stdin = sys.stdin or os.fdopen(0, closefd=False)
    sys.stdout = sys.stdout or os.fdopen(1, "w", closefd=False)
    sys.stderr = sys.stderr or os.fdopen(2, "w", closefd=False)

"""Named points at which a test may kill the process, to prove that nothing is lost there.

Does nothing unless ``TRANSFER_KILL_AT=point[:count]`` is set, which only tests and
``transfer demo`` do: then the process ends by SIGKILL the ``count``-th time that it
reaches ``point``.
"""

from __future__ import annotations

import itertools
import os
import signal

_point, _, _count = os.environ.get("TRANSFER_KILL_AT", "").partition(":")
_times = itertools.count(1)


def reach(point: str) -> None:
    """Say that the process is at ``point`` now."""
    if point == _point and next(_times) == int(_count or 1):
        os.kill(os.getpid(), signal.SIGKILL)

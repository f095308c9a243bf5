"""How much of the limit on open files a run may count on."""

from __future__ import annotations

import resource
from contextlib import suppress

_OURS = 32
"""For the checkpoint, listings, reports, logs and the event loop."""
_PER_CALL = 4
"""A connection; or a file, its folder, and the folders on the way to it."""
_SIDES = 2


def calls_within_limit(wanted: int) -> int:
    """How many calls to one side may be under way at once: ``wanted``, or as many as there can be files for."""
    allowed, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    if allowed == resource.RLIM_INFINITY:
        return wanted
    return max(1, min(wanted, (allowed - _OURS) // (_SIDES * _PER_CALL)))


def raise_limit() -> None:
    """Have this process allowed as many open files as it may ask for."""
    allowed, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    if allowed != most:
        with suppress(OSError, ValueError):  # some systems promise more than they give
            resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))

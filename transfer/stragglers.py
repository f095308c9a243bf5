"""Finds reads that take several times as long as their like, and breaks them off: another connection does better.

On a long, lossy path some connections carry next to nothing while others have room. One of them holds up
the part that it reads for, and in the end the whole run.
"""

from __future__ import annotations

import asyncio
import statistics
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager

_REMEMBERED = 64
_ENOUGH = 16
"""Reads that must have ended before there is a usual pace."""
_SLOW, _SLOW_AT_THE_END = 4.0, 1.5
"""Times as long as usual: while everybody is busy; and when there is nothing else left to do."""
_SHORTEST, _SHORTEST_AT_THE_END = 2.0, 1.0
"""Seconds that a read has in any case."""


class Stragglers:
    """Reads of a size between them: spans of the parts of large objects. Times are the event loop's."""

    def __init__(self) -> None:
        self._paces: deque[float] = deque(maxlen=_REMEMBERED)
        """Seconds for a byte, of the last reads."""
        self._reading: dict[asyncio.Timeout, tuple[float, int]] = {}

    @contextmanager
    def watched(self, limit: asyncio.Timeout, size: int) -> Iterator[None]:
        """For the length of a read of ``size`` bytes; ``limit`` runs out when it is to be broken off."""
        began = asyncio.get_running_loop().time()
        self._reading[limit] = began, size
        try:
            yield
            self._paces.append((asyncio.get_running_loop().time() - began) / size)
        finally:
            del self._reading[limit]

    def break_off(self, now: float, *, ending: bool) -> None:
        """Break off those that are too slow; ``ending``: lanes are spare, since nothing is left to begin."""
        if not self._reading or len(self._paces) < _ENOUGH:
            return
        usual = statistics.median(self._paces)
        slow, shortest = (_SLOW_AT_THE_END, _SHORTEST_AT_THE_END) if ending else (_SLOW, _SHORTEST)
        for limit, (began, size) in list(self._reading.items()):
            if now - began > max(shortest, slow * usual * size):
                limit.reschedule(began)  # at once
                # Where all become slow, that is soon the usual pace.
                self._paces.append((now - began) / size)

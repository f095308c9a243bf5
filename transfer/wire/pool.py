"""Idle connections, kept for the next request to the same server."""

from __future__ import annotations

from collections import defaultdict

from transfer.wire.connection import Connection

KEEP_ALIVE = 20.0
"""Seconds that an idle connection is kept; servers drop theirs after 5 (moto) to 60."""


class Pool:
    """By server, the one used last first: so those that are too many grow old."""

    def __init__(self) -> None:
        self._idle: defaultdict[str, list[Connection]] = defaultdict(list)

    def take(self, origin: str, now: float) -> Connection | None:
        """An open connection to ``origin``, if there is one."""
        idle = self._idle[origin]
        while idle:
            connection = idle.pop()
            if connection.open and now - connection.idle_since < KEEP_ALIVE:
                return connection
            connection.abort()
        return None

    def keep(self, origin: str, connection: Connection) -> None:
        """Have it for later."""
        self._idle[origin].append(connection)

    def drop_old(self, now: float) -> None:
        """Close those that have been idle for too long."""
        for origin, idle in self._idle.items():
            fresh = [each for each in idle if each.open and now - each.idle_since < KEEP_ALIVE]
            for connection in set(idle).difference(fresh):
                connection.close()
            self._idle[origin] = fresh

    def close(self) -> None:
        """Close all."""
        for idle in self._idle.values():
            for connection in idle:
                connection.close()
        self._idle.clear()

    def __len__(self) -> int:
        return sum(map(len, self._idle.values()))

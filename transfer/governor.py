"""How many calls an endpoint is given at once. Pure: the caller brings the clock.

A provider that says "slow down" gets half as many; each success after that adds a little
back, so that about one more is let in each time that all of them have succeeded.
"""

from __future__ import annotations

_CALM = 1.0
"""Seconds for which one halving stands: calls sent before it are still being refused."""


class Governor:
    """The cap of one endpoint, shared by all stores that talk to it. Times are monotonic seconds."""

    def __init__(self, most: int) -> None:
        if most < 1:
            raise ValueError("An endpoint needs at least one call at a time.")
        self._most = most
        self._cap = float(most)
        self._calm_until = float("-inf")
        self._paused_until = float("-inf")
        self.refused = 0
        """Calls that were refused so far for being too many."""
        self.latency: float | None = None
        """Seconds that the quickest call took: what the way there and back takes, and not much more."""

    @property
    def limit(self) -> int:
        """Calls that may be under way at once; at least 1."""
        return int(self._cap)

    def pause(self, now: float) -> float:
        """Seconds for which no call may be begun."""
        return max(0.0, self._paused_until - now)

    def throttled(self, now: float, retry_after: float | None = None) -> None:
        """The provider refused a call for being one too many; ``retry_after`` is the wait that it asked for."""
        self.refused += 1
        if retry_after is not None:
            self._paused_until = max(self._paused_until, now + retry_after)
        if now >= self._calm_until:
            self._cap = max(1.0, self._cap / 2)
            self._calm_until = now + _CALM

    def succeeded(self, seconds: float | None = None) -> None:
        """A call went well, and took so long."""
        if seconds is not None and (self.latency is None or seconds < self.latency):
            self.latency = seconds
        if self._cap < self._most:
            self._cap = min(float(self._most), self._cap + 1 / self._cap)

"""How fast a run is going, and when it will be over. Pure."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

_WINDOW = 15.0
"""Seconds that a rate looks back: long enough to be calm, short enough to follow the link."""


@dataclass(frozen=True, slots=True)
class Sample:
    """Where a run stood at a moment, in seconds, bytes and objects."""

    at: float
    bytes: int
    objects: int


class Pace:
    """Rates over the last seconds."""

    def __init__(self) -> None:
        self._samples: deque[Sample] = deque()

    def add(self, sample: Sample) -> None:
        self._samples.append(sample)
        while sample.at - self._samples[0].at > _WINDOW:
            self._samples.popleft()

    @property
    def bytes_per_second(self) -> float:
        return self._rate(self._samples[-1].bytes - self._samples[0].bytes) if self._samples else 0.0

    @property
    def objects_per_second(self) -> float:
        return self._rate(self._samples[-1].objects - self._samples[0].objects) if self._samples else 0.0

    def seconds_left(self, bytes_left: int, objects_left: int) -> float | None:
        """Until all is done at this pace; None where nothing moves, or nothing can be said yet.

        Small objects take their time by number and large ones by size; the longer of the
        two estimates is the honest one.
        """
        estimates = [
            left / rate if rate else None
            for left, rate in ((bytes_left, self.bytes_per_second), (objects_left, self.objects_per_second))
            if left > 0
        ]
        known = [estimate for estimate in estimates if estimate is not None]
        if bytes_left > 0 and estimates[0] is None:
            return None
        return max(known, default=None if estimates else 0.0)

    def _rate(self, difference: int) -> float:
        seconds = self._samples[-1].at - self._samples[0].at
        return difference / seconds if seconds > 0 else 0.0

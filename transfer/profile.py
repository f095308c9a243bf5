"""Where a run's time goes: durations by name, as counts, sums and a coarse histogram of each.

Nothing is measured unless a run asks for it: :func:`watching` is None then.
"""

from __future__ import annotations

import math
import time
from contextlib import AbstractContextManager, nullcontext
from contextvars import ContextVar
from types import TracebackType

_STEPS = 8
"""Buckets for each doubling: a percentile is right to a tenth."""
_FINEST = 1e-6
"""Seconds; what is shorter is counted as this."""

_UNWATCHED = nullcontext()
_current: ContextVar[Profile | None] = ContextVar("transfer profile", default=None)


class Series:
    """Durations of one kind, in seconds."""

    __slots__ = ("_buckets", "count", "most", "size", "total")

    def __init__(self) -> None:
        self.count = 0
        self.total = 0.0
        self.most = 0.0
        self.size = 0
        """Bytes that it was about."""
        self._buckets: dict[int, int] = {}

    def add(self, seconds: float, size: int = 0) -> None:
        self.count += 1
        self.total += seconds
        self.most = max(self.most, seconds)
        self.size += size
        bucket = math.ceil(_STEPS * math.log2(max(seconds, _FINEST) / _FINEST))
        self._buckets[bucket] = self._buckets.get(bucket, 0) + 1

    def percentile(self, share: float) -> float:
        """Seconds that this share (0 to 1) of the durations do not exceed; a little more than the exact figure."""
        left = share * self.count
        for bucket in sorted(self._buckets):
            left -= self._buckets[bucket]
            if left <= 0:
                return min(self.most, _FINEST * math.exp2(bucket / _STEPS))
        return self.most


class Profile:
    """All series of a run. Names are of kinds of work, never of objects."""

    def __init__(self) -> None:
        self.series: dict[str, Series] = {}

    def add(self, name: str, seconds: float, size: int = 0) -> None:
        """One more duration, whose work was about ``size`` bytes."""
        series = self.series.get(name)
        if series is None:
            series = self.series[name] = Series()
        series.add(seconds, size)

    def span(self, name: str, size: int = 0) -> Span:
        """Measures the length of a ``with`` block."""
        return Span(self, name, size)


class Span(AbstractContextManager[None]):
    """A measurement under way."""

    __slots__ = ("_begun", "_name", "_profile", "_size")

    def __init__(self, profile: Profile, name: str, size: int) -> None:
        self._profile = profile
        self._name = name
        self._size = size

    def __enter__(self) -> None:
        self._begun = time.perf_counter()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._profile.add(self._name, time.perf_counter() - self._begun, self._size)


def watching() -> Profile | None:
    """The profile that this task's run asked for, if it did."""
    return _current.get()


def span(name: str, size: int = 0) -> AbstractContextManager[None]:
    """Measures the length of a ``with`` block, if anybody watches."""
    profile = _current.get()
    return _UNWATCHED if profile is None else profile.span(name, size)


def watch(profile: Profile | None) -> None:
    """Have this task, and those it starts from now on, measure for ``profile``; None ends it."""
    _current.set(profile)

"""How many bytes may be asked for now, and when more: ``--retrieval-rate`` and ``--retrieval-quota``. Pure.

Both limits hold in *every* window of an hour and of 24 hours, wherever it begins, so there is no reset at midnight.
A request counts in full when it is made. A window holds its first moment and not its last, so what was asked for
exactly an hour ago counts no more. What a clock ahead of ours says to be asked for later than now counts as well.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterable, Iterator
from itertools import accumulate

from transfer.model import Span, Thaw
from transfer.values import dataclass

HOUR_NS = 3600 * 1_000_000_000
DAY_NS = 24 * HOUR_NS
_SKEW_NS = HOUR_NS // 4
"""By how much the provider's time of a request may differ from ours."""


@dataclass(frozen=True, slots=True)
class Allowance:
    """The most bytes asked for in any hour (``rate``) and in any 24 hours (``quota``). None: no limit."""

    rate: int | None = None
    quota: int | None = None

    @property
    def largest(self) -> int | None:
        """The most bytes that one request can ever have. None: no limit."""
        return min((limit for limit, _ in self.windows()), default=None)

    def windows(self) -> Iterator[tuple[int, int]]:
        """Each limit that there is, with the length of its window in ns."""
        if self.rate is not None:
            yield self.rate, HOUR_NS
        if self.quota is not None:
            yield self.quota, DAY_NS


UNLIMITED = Allowance()


@dataclass(frozen=True, slots=True)
class Asked:
    """``size`` bytes were asked for at ``asked_ns``, by whomever."""

    asked_ns: int
    size: int


@dataclass(frozen=True, slots=True)
class Intent:
    """A request that we wrote down ahead of making it, whether or not it reached the provider."""

    key: str
    asked_ns: int
    size: int
    span: Span | None = None


@dataclass(frozen=True, slots=True)
class Ledger:
    """What was asked for, in the order of time. Made by :func:`ledger_of`.

    ``totals[n]`` is the sum of the first ``n`` sizes.
    """

    times: tuple[int, ...] = ()
    totals: tuple[int, ...] = (0,)

    def after(self, moment_ns: int) -> int:
        """Bytes asked for later than this."""
        return self.totals[-1] - self.totals[bisect_right(self.times, moment_ns)]

    def plus(self, asked: Asked) -> Ledger:
        """With one more request."""
        at = bisect_right(self.times, asked.asked_ns)
        later = (total + asked.size for total in self.totals[at:])
        return Ledger(
            (*self.times[:at], asked.asked_ns, *self.times[at:]),
            (*self.totals[: at + 1], *later),
        )


def ledger_of(asked: Iterable[Asked]) -> Ledger:
    """The ledger of these, in any order. Those older than a day may be left out or not."""
    ordered = sorted(asked, key=lambda each: each.asked_ns)
    return Ledger(
        tuple(each.asked_ns for each in ordered), tuple(accumulate((each.size for each in ordered), initial=0))
    )


def together(thaws: Iterable[Thaw], intents: Iterable[Intent]) -> list[Asked]:
    """What the provider's own list tells, and our intents that it does not (yet) show: each request once.

    An intent is taken for a request of the list that has the same key and span and was made within a quarter of an hour
    of it; each request of the list stands for one intent at most. Where the list tells no time or no size of a request,
    the intent counts.
    """
    counted: list[Asked] = []
    shown: defaultdict[tuple[str, Span | None], list[int]] = defaultdict(list)
    for thaw in thaws:
        if thaw.asked_ns is not None and thaw.size is not None:
            counted.append(Asked(thaw.asked_ns, thaw.size))
            shown[thaw.key, thaw.span].append(thaw.asked_ns)
    for intent in sorted(intents, key=lambda each: each.asked_ns):
        times = shown.get((intent.key, intent.span), [])
        near = [time for time in times if abs(time - intent.asked_ns) <= _SKEW_NS]
        if near:
            times.remove(min(near, key=lambda time: abs(time - intent.asked_ns)))
        else:
            counted.append(Asked(intent.asked_ns, intent.size))
    return counted


def room(ledger: Ledger, allowance: Allowance, now_ns: int) -> int | None:
    """Bytes that may be asked for at ``now_ns``. None: no limit."""
    left = (limit - ledger.after(now_ns - window) for limit, window in allowance.windows())
    least = min(left, default=None)
    return None if least is None else max(0, least)


def allowed_from(ledger: Ledger, allowance: Allowance, size: int, now_ns: int) -> int | None:
    """The first moment, not before ``now_ns``, at which ``size`` bytes may be asked for, if nothing else is until then.

    None: never, since one request of that size is more than the allowance.
    """
    if allowance.largest is not None and size > allowance.largest:
        return None
    moment = now_ns
    for limit, window in allowance.windows():
        # So many of the oldest must have left the window.
        gone = bisect_left(ledger.totals, ledger.totals[-1] + size - limit)
        if size and gone:
            moment = max(moment, ledger.times[gone - 1] + window)
    return moment

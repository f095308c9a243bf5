"""Where another lister can begin. Pure.

Pages are told in order and few can be held, so listing ahead is of use only just ahead: each
shard is to have some pages, and the next begins where it probably ends.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field

from transfer.sharding.scale import Alphabet

_SHORTEST, _LONGEST = 4, 16
"""Pages of a shard. Of its last page, half lies beyond it on average and was asked for in vain."""
_GROWTH = 16
"""A shard may have this fraction of what was listed so far: the end of a listing can come at any time."""
_FEWEST, _RECENT = 3, 5
"""Pages by which the distance between keys is judged."""
_WORTH_IT = 3, 2
"""A shard with three halves of the pages that it is to have is divided."""


@dataclass(frozen=True, slots=True)
class Pace:
    """A stretch of the listing that was seen: from key to key in so many pages."""

    low: str
    high: str
    pages: int


@dataclass(slots=True)
class Shard:
    """The keys behind ``after`` up to and including ``upto``, of which those up to ``last`` are listed.

    ``after`` is empty for the first and ``upto`` None for the last. ``guess`` is the pace that is
    taken for its own until it has one.
    """

    after: str
    upto: str | None = None
    guess: Pace | None = None
    last: str = ""
    ended: bool = False
    _starts: deque[str] = field(default_factory=lambda: deque(maxlen=_RECENT))

    def __post_init__(self) -> None:
        self.last = self.last or self.after

    def listed(self, first: str, last: str) -> None:
        """One more page, with keys from ``first`` to ``last``."""
        self._starts.append(first)
        self.last = max(self.last, last)

    @property
    def pace(self) -> Pace | None:
        """How fast pages get through the keys here: from the beginning of one to that of another, as
        keys may be far apart just where a page ends."""
        starts = self._starts
        if len(starts) < _FEWEST or starts[0] >= starts[-1]:
            return self.guess
        return Pace(starts[0], starts[-1], len(starts) - 1)


def stride(pages: int) -> int:
    """Pages that a new shard is to have, where ``pages`` were listed so far."""
    return min(max(pages // _GROWTH, _SHORTEST), _LONGEST)


def divide(shards: Sequence[Shard], alphabet: Alphabet, pages: int) -> tuple[int, str] | None:
    """The first shard that can be left after ``pages`` more to another lister, and the key behind which that begins.

    None where there is nothing left to divide, or no telling where.
    """
    for number, shard in enumerate(shards):
        if not shard.ended and (at := _division(shard, alphabet, pages)) is not None:
            return number, at
    return None


def _division(shard: Shard, alphabet: Alphabet, pages: int) -> str | None:
    pace = shard.pace
    if pace is None:
        return None
    scale = alphabet.scale(pace.low, pace.high)
    here, way = scale.number(shard.last), scale.number(pace.high) - scale.number(pace.low)
    if way <= 0 or (shard.upto is not None and not _long(scale.number(shard.upto) - here, way, pace.pages, pages)):
        return None
    # Nearer, where that would be behind the last key that can be thought of.
    for far in (pages, pages // 2, pages // 4):
        at = scale.key(here + way * far // pace.pages)
        if at is not None and at > shard.last and (shard.upto is None or at < shard.upto):
            return at
    return None


def _long(left: int, way: int, paced: int, pages: int) -> bool:
    times, of = _WORTH_IT
    return left * paced * of > way * pages * times

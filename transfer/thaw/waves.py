"""Which of the parked objects to ask for next. Pure.

Asked for in order, as many as the allowance has room for, and no more than can be copied while they are readable, given
what else is asked for already. So thawed copies do not expire unread, and nothing is paid for twice.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from enum import StrEnum

from transfer.model import Cold, Span, Thaw
from transfer.thaw.allowance import Allowance, Asked, Ledger, allowed_from, room
from transfer.values import dataclass

_SECOND_NS = 1_000_000_000
SHARE = 0.75
"""Of the time for which a thawed copy is readable: all of it should be copied by then. 18 of a vault's 24 hours."""


@dataclass(frozen=True, slots=True)
class Parked:
    """An object, or a span of it, that is to be asked for: ``size`` bytes."""

    key: str
    size: int
    span: Span | None = None


@dataclass(frozen=True, slots=True)
class Copying:
    """How thawed bytes are copied.

    ``goodput`` is in bytes a second, more than 0, measured or assumed; ``readable_s`` is for how long a thawed copy can
    be read (24 hours for vaults, the days asked for elsewhere); ``wait_s`` is how long a thaw is expected to take: 0,
    which asks for less at once, where nobody knows.
    """

    goodput: float
    readable_s: float
    wait_s: float = 0.0

    def ns(self, size: int) -> int:
        """How long it takes to copy so many bytes."""
        return math.ceil(size / self.goodput * _SECOND_NS)

    @property
    def wait_ns(self) -> int:
        return math.ceil(self.wait_s * _SECOND_NS)

    @property
    def usable_ns(self) -> int:
        """For how long after it is ready a thawed copy is counted on."""
        return int(self.readable_s * SHARE * _SECOND_NS)


class Held(StrEnum):
    """What keeps the next of the parked objects from being asked for."""

    ALLOWANCE = "allowance"
    """``--retrieval-rate`` or ``--retrieval-quota``."""
    COPYING = "copying"
    """What is asked for already must be copied first."""


@dataclass(frozen=True, slots=True)
class Wave:
    """What to ask for now.

    ``never`` are those that are larger than the allowance, whatever the time: they can't be asked for unless it is
    raised. ``held`` says why the next one has to wait, and ``again_ns`` until when, if all goes as expected; both are
    None when none is left to wait.
    """

    ask: tuple[Parked, ...] = ()
    never: tuple[Parked, ...] = ()
    held: Held | None = None
    again_ns: int | None = None


def next_wave(
    parked: Iterable[Parked],
    asked: Iterable[Thaw],
    ledger: Ledger,
    allowance: Allowance,
    copying: Copying,
    now_ns: int,
) -> Wave:
    """What to ask for at ``now_ns``: the first of ``parked``, which are read only as far as needed.

    ``asked`` are the thaws that are not copied yet, ready or not, with what is left of them to copy; ``ledger`` has
    everything that counts against the allowance, copied or not. Order is kept, so that a large object is not overtaken
    for ever by small ones. One that is too large to be copied in time at this goodput is asked for once nothing else
    is.
    """
    copied_ns = _copied(asked, copying, now_ns)
    left = room(ledger, allowance, now_ns)
    ask: list[Parked] = []
    never: list[Parked] = []
    for each in parked:
        if allowance.largest is not None and each.size > allowance.largest:
            never.append(each)
            continue
        may_ns = now_ns
        if left is not None and each.size > left:
            taken = Asked(now_ns, sum(one.size for one in ask))
            may_ns = allowed_from(ledger.plus(taken), allowance, each.size, now_ns) or now_ns
        can_ns = _copyable_from(each.size, copied_ns, copying, now_ns)
        if max(may_ns, can_ns) > now_ns:
            held = Held.ALLOWANCE if may_ns >= can_ns else Held.COPYING
            return Wave(tuple(ask), tuple(never), held, max(may_ns, can_ns))
        ask.append(each)
        left = None if left is None else left - each.size
        copied_ns = max(copied_ns, now_ns + copying.wait_ns) + copying.ns(each.size)
    return Wave(tuple(ask), tuple(never))


def _copied(asked: Iterable[Thaw], copying: Copying, now_ns: int) -> int:
    """When all that is asked for will be copied, one after another as they become ready."""
    copied_ns = now_ns
    for ready_ns, size in sorted((_ready(thaw, copying, now_ns), thaw.size or 0) for thaw in asked):
        copied_ns = max(copied_ns, ready_ns) + copying.ns(size)
    return copied_ns


def _ready(thaw: Thaw, copying: Copying, now_ns: int) -> int:
    if thaw.state is Cold.THAWED:
        return now_ns
    if thaw.ready_ns is not None:
        return thaw.ready_ns
    return (now_ns if thaw.asked_ns is None else thaw.asked_ns) + copying.wait_ns


def _copyable_from(size: int, copied_ns: int, copying: Copying, now_ns: int) -> int:
    """From when on ``size`` bytes can be asked for so that they are copied, after all else, while they are readable."""
    if copying.ns(size) > copying.usable_ns:
        return copied_ns
    return max(now_ns, copied_ns + copying.ns(size) - copying.usable_ns - copying.wait_ns)

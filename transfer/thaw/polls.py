"""When to look next whether something thawed. Pure.

Rarely at first, more often as the time comes at which it should be ready, every few minutes from then on, and less
often again the longer it is overdue.
"""

from __future__ import annotations

_SECOND_NS = 1_000_000_000
LONGEST_S = 3600.0
_SHORTEST_S, _FEW_MINUTES_S = 10.0, 300.0
_STEPS = 60
"""A look takes place at most so many times in the expected wait."""
_OVERDUE = 4
"""An overdue thaw is looked at again after this part of the time by which it is late."""


def next_poll(now_ns: int, asked_ns: int, expected_ns: int | None, *, longest_s: float = LONGEST_S) -> int:
    """When to look again at a thaw that is not ready at ``now_ns``.

    It was asked for at ``asked_ns`` and is expected at ``expected_ns`` (None: nobody knows). ``longest_s`` is the
    longest time between two looks. For several thaws take the earliest.
    """
    longest = round(longest_s * _SECOND_NS)
    if expected_ns is None:
        return now_ns + _between(_least(now_ns - asked_ns), (now_ns - asked_ns) // 2, longest)
    least = _least(expected_ns - asked_ns)
    if now_ns < expected_ns:
        return min(expected_ns, now_ns + _between(least, (expected_ns - now_ns) // 2, longest))
    return now_ns + _between(least, (now_ns - expected_ns) // _OVERDUE, longest)


def _least(wait_ns: int) -> int:
    """The shortest time between two looks where the whole wait is that long."""
    return _between(round(_SHORTEST_S * _SECOND_NS), wait_ns // _STEPS, round(_FEW_MINUTES_S * _SECOND_NS))


def _between(least: int, wanted: int, most: int) -> int:
    return min(max(least, wanted), most)

"""How an archive that is too large for one request is cut into spans that are asked for one by one. Pure.

A span is a power of two of MiB long and begins at a multiple of its own length, so that it is a whole branch of the
archive's tree of hashes: providers tell a tree hash of such spans only. The last span is shorter.
"""

from __future__ import annotations

from transfer.errors import Misconfigured
from transfer.model import Span
from transfer.thaw.allowance import Allowance
from transfer.units import format_size

MIB = 1024 * 1024
COPYING_S = 18 * 3600
"""What is asked for at once should be copied in that time at the goodput measured: 24 hours, less a quarter."""
MOST_SPANS = 10_000
"""As many as an object has parts."""
_WASTE = 8
"""Whole spans should leave less than this part of the allowance unused."""


def ranges(
    size: int,
    allowance: Allowance,
    goodput: float | None = None,
    *,
    unit: int = MIB,
    copying_s: float = COPYING_S,
    most: int = MOST_SPANS,
) -> tuple[Span, ...]:
    """The spans in which to ask for ``size`` bytes, in order; a single one means: ask for the whole.

    No span is larger than the allowance. None is larger than what ``goodput`` (bytes a second, None: not measured)
    copies in ``copying_s``, unless there would be more than ``most`` spans then. ``unit`` is what spans must be a
    multiple of (``Limits.thaw_span``). Raises Misconfigured where the allowance is too small for so large an archive.
    """
    if _fits(size, allowance.largest) and _fits(size, goodput and goodput * copying_s):
        return (Span(0, size),)
    largest = allowance.largest
    hard = _next_power(size, unit) if largest is None or size <= largest else largest
    soft = hard if goodput is None else min(hard, int(goodput * copying_s))
    length = _unwasteful(_power(soft, unit), unit, allowance) if soft >= unit else unit
    while length * most < size and length * 2 <= hard:
        length *= 2
    if length > hard or length * most < size:
        raise Misconfigured(
            f"{format_size(size)} can't be asked for in {most:,} requests of {format_size(hard)} at most; allow at "
            f"least {format_size(_next_power(-(-size // most), unit))} with --retrieval-rate and --retrieval-quota."
        )
    return tuple(Span(offset, min(length, size - offset)) for offset in range(0, size, length))


def _fits(size: int, limit: float | None) -> bool:
    return limit is None or size <= limit


def _power(limit: int, unit: int) -> int:
    """The largest ``unit`` times a power of two that is no larger than ``limit``, which is no less than ``unit``."""
    return int(unit << ((limit // unit).bit_length() - 1))


def _next_power(least: int, unit: int) -> int:
    return int(unit << (-(-least // unit) - 1).bit_length())


def _unwasteful(length: int, unit: int, allowance: Allowance) -> int:
    """So short that whole spans use the allowance up: in 10 GiB there is one of 8 GiB, but there are five of 2 GiB."""
    for limit, _ in allowance.windows():
        while length > unit and limit % length * _WASTE > limit:
            length //= 2
    return length

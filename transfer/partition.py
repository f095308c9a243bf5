"""How an object is cut into parts. Pure arithmetic."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace

from transfer.errors import Unsupported
from transfer.model import Part
from transfer.plugin import Limits

MIB = 1024 * 1024
DEFAULT_PART = 8 * MIB
FAR_PART = 5 * MIB
"""Where a request takes long: more parts fit into memory, and the last ones end sooner. S3 takes no smaller ones."""
SMALLEST_SPAN = MIB // 4
_FEW_LANES = 8
"""So many fill a short path with whole parts."""
_FAR_SPANS = 8
_STREAM_STEP = 1000
"""Parts of a stream of unknown length after which the next ones are twice as large."""


def part_size(size: int, limits: Limits, *, memory: int, smallest: int | None = None, long: bool = False) -> int:
    """Bytes in each part (but the last) of an object of ``size`` bytes.

    Grows with the object so that ``limits.max_parts`` suffice, in whole MiB where the
    limits leave room. Raises Unsupported if the provider can't hold the object, or if
    one part would not fit into ``memory``, unless it may be so ``long``.
    """
    if limits.max_object is not None and size > limits.max_object:
        raise Unsupported(f"{size:,} bytes are more than the target's {limits.max_object:,} for one object")
    needed = -(-size // limits.max_parts)
    largest = _largest(limits)
    if largest is not None and max(needed, limits.min_part) > largest:
        raise Unsupported(f"{size:,} bytes do not fit into {limits.max_parts:,} parts of {largest:,} bytes")
    chosen = _rounded_up(max(smallest or DEFAULT_PART, limits.min_part, needed), limits)
    if largest is not None:
        chosen = min(chosen, largest)
    if chosen <= memory:
        return chosen
    return _within_memory(max(limits.min_part, needed), limits, memory, long=long)


def part_size_between(
    size: int, source: Limits, target: Limits, *, memory: int, smallest: int | None = None, long: bool = False
) -> int:
    """Like :func:`part_size`, with parts of which the source's checksum can be combined, where there is room for them.

    The target's limits are demands. A source whose parts double keeps a checksum that combines only over
    such parts: a wish, without which another proof is found.
    """
    if source.doubling_parts and not target.doubling_parts:
        wish = replace(target, doubling_parts=True, min_part=_doubled(source.min_part, target.min_part))
        with suppress(Unsupported):
            return part_size(size, wish, memory=memory, smallest=smallest)
    return part_size(size, target, memory=memory, smallest=smallest, long=long)


def _largest(limits: Limits) -> int | None:
    """The largest part that the provider takes."""
    if limits.max_part is None or not limits.doubling_parts:
        return limits.max_part
    return _halved(limits.min_part, limits.max_part)


def _rounded_up(size: int, limits: Limits) -> int:
    return _doubled(limits.min_part, size) if limits.doubling_parts else -(-size // MIB) * MIB


def _doubled(unit: int, least: int) -> int:
    """``unit``, doubled until it is ``least`` or more."""
    return unit << (-(-least // unit) - 1).bit_length() if least > unit else unit


def _halved(unit: int, most: int) -> int:
    """``unit``, doubled as often as it stays within ``most``; 0 where it does not fit at all."""
    return unit << ((most // unit).bit_length() - 1) if most >= unit else 0


def _within_memory(least: int, limits: Limits, memory: int, *, long: bool) -> int:
    if limits.doubling_parts:
        least = _doubled(limits.min_part, least)
    if least > memory and long:
        return least
    if least > memory:
        raise Unsupported(
            f"needs parts of {least:,} bytes, and the memory budget is {memory:,}; "
            f"give --memory {least // MIB + 1}MiB or more"
        )
    if limits.doubling_parts:
        return _halved(limits.min_part, memory)
    return max(least, memory // MIB * MIB) if memory >= MIB else memory


def cut(size: int, part: int) -> Iterator[Part]:
    """The parts of an object of ``size`` bytes, in order; an empty object has one empty part."""
    offset, number = 0, 1
    while True:
        yield Part(number, offset, min(part, size - offset))
        offset += part
        number += 1
        if offset >= size:
            return


def count(size: int, part: int) -> int:
    """How many parts :func:`cut` gives."""
    return max(1, -(-size // part))


def sizes_of_parts(size: int, part: int) -> tuple[int, ...]:
    """Those of the parts that :func:`cut` gives."""
    full, rest = divmod(size, part)
    return (part,) * full + ((rest,) if rest or not full else ())


def stream_part_size(number: int, limits: Limits, *, memory: int, size_hint: int | None, smallest: int | None) -> int:
    """Bytes for part ``number`` of a stream of unknown length.

    With a hint, as if the hint were the size. Without, parts double every thousand, as far
    as an eighth of ``memory`` and the provider allow; where they must be of one size, all are so large.
    """
    if size_hint is not None:
        return part_size(size_hint, limits, memory=memory, smallest=smallest)
    first = max(smallest or DEFAULT_PART, limits.min_part)
    most = max(limits.min_part, min(memory // 8, limits.max_part or memory))
    if limits.doubling_parts:
        return _halved(limits.min_part, most)
    return min(first * 2 ** ((number - 1) // _STREAM_STEP), most) if first < most else most


def stream_capacity(limits: Limits, *, memory: int, size_hint: int | None, smallest: int | None) -> int:
    """The longest stream that fits, in bytes."""
    whole = 0
    for first in range(1, limits.max_parts + 1, _STREAM_STEP):
        size = stream_part_size(first, limits, memory=memory, size_hint=size_hint, smallest=smallest)
        whole += size * min(_STREAM_STEP, limits.max_parts + 1 - first)
    return min(whole, limits.max_object) if limits.max_object else whole


def spans(size: int, *, parts: int, lanes: int, far: bool = False) -> int:
    """In how many spans a part of ``size`` bytes is read side by side, where ``parts`` like it are under way.

    Four for each lane, so that none waits long for another's end, but none of less than a quarter of a MiB:
    where memory holds fewer parts than the path wants connections, spans make up for it. On a ``far``
    path eight in any case, so that lanes that come later find something to read.
    """
    each = lanes // max(parts, _FEW_LANES)
    wanted = max(_FAR_SPANS if far else 1, 4 * each if each > 1 else 1)
    return min(wanted, max(1, size // SMALLEST_SPAN))

"""How an object is cut into parts. Pure arithmetic."""

from __future__ import annotations

from collections.abc import Iterator

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


def part_size(size: int, limits: Limits, *, memory: int, smallest: int | None = None) -> int:
    """Bytes in each part (but the last) of an object of ``size`` bytes.

    Grows with the object so that ``limits.max_parts`` suffice, in whole MiB where the
    limits leave room. Raises Unsupported if the provider can't hold the object, or if
    one part would not fit into ``memory``.
    """
    if limits.max_object is not None and size > limits.max_object:
        raise Unsupported(f"{size:,} bytes are more than the target's {limits.max_object:,} for one object")
    needed = -(-size // limits.max_parts)
    wanted = max(smallest or DEFAULT_PART, limits.min_part, needed)
    chosen = -(-wanted // MIB) * MIB
    if limits.max_part is not None:
        if needed > limits.max_part:
            raise Unsupported(f"{size:,} bytes do not fit into {limits.max_parts:,} parts of {limits.max_part:,} bytes")
        chosen = min(chosen, limits.max_part)
    if chosen <= memory:
        return chosen
    return _within_memory(max(limits.min_part, needed), memory)


def _within_memory(least: int, memory: int) -> int:
    if least > memory:
        raise Unsupported(
            f"needs parts of {least:,} bytes, and the memory budget is {memory:,}; "
            f"give --memory {least // MIB + 1}MiB or more"
        )
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


def stream_part_size(number: int, limits: Limits, *, memory: int, size_hint: int | None, smallest: int | None) -> int:
    """Bytes for part ``number`` of a stream of unknown length.

    With a hint, as if the hint were the size. Without, parts double every thousand, as far
    as an eighth of ``memory`` and the provider allow.
    """
    if size_hint is not None:
        return part_size(size_hint, limits, memory=memory, smallest=smallest)
    first = max(smallest or DEFAULT_PART, limits.min_part)
    most = max(limits.min_part, min(memory // 8, limits.max_part or memory))
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

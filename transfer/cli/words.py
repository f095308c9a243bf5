"""How things are put into words on a terminal."""

from __future__ import annotations

import re

from transfer.units import format_size

_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")
"""Control characters, among them those that turn the direction of text, and halves of characters."""


def printable(text: str) -> str:
    """``text`` with everything escaped that could move a terminal's cursor or break a line."""
    return _UNPRINTABLE.sub(_escaped, text)


def _escaped(match: re.Match[str]) -> str:
    code = ord(match[0])
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"


def count(number: int, noun: str) -> str:
    """``1 object``, ``1,204 objects``."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def size(number: int | None) -> str:
    """``1.5 KiB``, or nothing where it is not known."""
    return "" if number is None else format_size(number)

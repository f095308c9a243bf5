"""How things of vaults are put into words, and into JSON."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime

from transfer.cli.words import printable

_SECOND_NS = 1_000_000_000
_encode = json.JSONEncoder(ensure_ascii=False).encode


def moment(time_ns: int | None) -> str:
    """``2026-01-31 12:00``, as it is here; ``-`` where it is not known."""
    return "-" if time_ns is None else f"{datetime.fromtimestamp(time_ns / _SECOND_NS).astimezone():%Y-%m-%d %H:%M}"


def day(time_ns: int | None) -> str:
    """``2026-01-31``, by UTC."""
    return "-" if time_ns is None else f"{datetime.fromtimestamp(time_ns / _SECOND_NS, UTC):%Y-%m-%d}"


def json_lines(rows: Iterable[Mapping[str, object]]) -> str:
    """A JSON object a line."""
    return "".join(_encode(row) + "\n" for row in rows)


def columns(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table for people. What the last column has may be long, and is harmless to a terminal."""
    shown = [head, *([printable(cell) for cell in row] for row in rows)]
    widths = [max(len(row[number]) for row in shown) for number in range(len(head) - 1)]
    return "\n".join("  ".join([*(c.ljust(w) for c, w in zip(row, widths, strict=False)), row[-1]]) for row in shown)

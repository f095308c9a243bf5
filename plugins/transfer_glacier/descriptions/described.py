"""What a description tells."""

from __future__ import annotations

from transfer.values import dataclass


@dataclass(frozen=True, slots=True)
class Described:
    """``mtime`` is in whole seconds since 1970, None where it is not told."""

    name: str
    mtime: int | None = None

"""What is known of one archive."""

from __future__ import annotations

from transfer.values import dataclass


@dataclass(frozen=True, slots=True)
class Archive:
    """One archive of a vault, under the name that it has for people.

    ``size`` is in bytes, times are in whole seconds since 1970 (UTC): ``mtime`` is when the content was last
    changed, as far as its description tells, ``created`` when the archive was made. ``tree_hash`` has 32 bytes.
    """

    id: str
    name: str
    size: int
    mtime: int | None
    tree_hash: bytes
    created: int

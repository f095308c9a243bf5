"""Glacier's tree hashes, from their specification. Neither botocore's code nor the plugin's is used."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

MIB = 1 << 20


def root(leaves: Sequence[bytes]) -> bytes:
    """The hash over these of each megabyte: pairs are hashed, and one that is left goes up as it is."""
    level = list(leaves)
    while len(level) > 1:
        pairs = [level[at : at + 2] for at in range(0, len(level), 2)]
        level = [hashlib.sha256(b"".join(pair)).digest() if len(pair) == 2 else pair[0] for pair in pairs]
    return level[0]


def aligned(start: int, end: int, size: int) -> bool:
    """Whether the bytes from ``start`` up to ``end``, which is not one of them, have a node in the tree of ``size``."""
    if start % MIB or (end % MIB and end != size) or not 0 <= start < end <= size:
        return False
    first, last, leaves = start // MIB, -(-end // MIB), -(-size // MIB)
    width = 1
    while True:
        if min(first + width, leaves) == last:
            return True
        if first + width >= leaves or first % (2 * width):
            return False
        width *= 2


class Hashing:
    """Hashes bytes as they come in: as a whole, and each megabyte."""

    def __init__(self) -> None:
        self.size = 0
        self.leaves: list[bytes] = []
        self._linear = hashlib.sha256()
        self._leaf = hashlib.sha256()

    def update(self, data: bytes) -> None:
        """Take in more."""
        self._linear.update(data)
        rest = memoryview(data)
        while rest:
            taken = rest[: MIB - self.size % MIB]
            self._leaf.update(taken)
            self.size += len(taken)
            rest = rest[len(taken) :]
            if self.size % MIB == 0:
                self._close()

    def finish(self) -> None:
        """There is no more."""
        if self.size % MIB:
            self._close()

    @property
    def linear(self) -> str:
        """SHA-256 of all of it."""
        return self._linear.hexdigest()

    @property
    def tree(self) -> str:
        """The tree hash of all of it, once it is finished."""
        return root(self.leaves).hex() if self.leaves else self.linear

    def _close(self) -> None:
        self.leaves.append(self._leaf.digest())
        self._leaf = hashlib.sha256()

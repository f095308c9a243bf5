"""Glacier's tree hash: SHA-256 of each MiB, then of each pair of hashes, up to a single one.

Where the number of hashes on a level is odd, the last one moves up as it is. So the hash of a piece
is itself a node of the whole's tree, if the piece begins where such a node does and is as long as one.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from functools import reduce

Buffer = bytes | bytearray | memoryview

LEAF = 1024 * 1024
"""Bytes under one leaf of the tree."""


def tree_hash(data: Buffer) -> bytes:
    """The tree hash of ``data``."""
    running = TreeHasher()
    running.update(data)
    return running.digest()


class TreeHasher:
    """A running tree hash. Bytes may come in pieces of any size."""

    def __init__(self) -> None:
        self._nodes: list[tuple[bytes, int]] = []
        self._leaf = hashlib.sha256()
        self._filled = 0

    def update(self, data: Buffer, /) -> None:
        """Go on with ``data``."""
        view = memoryview(data).cast("B")
        while view:
            if self._filled == LEAF:
                self._close_leaf()
            piece = view[: LEAF - self._filled]
            self._leaf.update(piece)
            self._filled += len(piece)
            view = view[len(piece) :]

    def digest(self) -> bytes:
        """The tree hash of all bytes so far; more may follow."""
        return _top(self._nodes, self._leaf.digest())

    def _close_leaf(self) -> None:
        _add(self._nodes, self._leaf.digest(), LEAF)
        self._leaf = hashlib.sha256()
        self._filled = 0


def combinable(sizes: Sequence[int]) -> bool:
    """Whether pieces of these sizes, in order, are nodes of the whole's tree.

    They are if all but the last have one size, a power of two in MiB, and the last is no larger. (Or if each begins
    at a multiple of its own size, rounded up to such a power.)
    """
    offset = 0
    for number, size in enumerate(sizes, start=1):
        node = _node_size(size)
        if offset % node or (number < len(sizes) and size != node) or (offset and not size):
            return False
        offset += size
    return bool(sizes)


def combine(pieces: Sequence[tuple[bytes, int]]) -> bytes:
    """The tree hash of a concatenation, from (tree hash, size) of its pieces in order.

    Raises ValueError for sizes that are not :func:`combinable`.
    """
    if not combinable([size for _, size in pieces]):
        raise ValueError("The tree hashes of pieces of these sizes don't make that of the whole")
    nodes: list[tuple[bytes, int]] = []
    for digest, size in pieces[:-1]:
        _add(nodes, digest, size)
    return _top(nodes, pieces[-1][0])


def _node_size(size: int) -> int:
    """The least size of a full node that ``size`` bytes fit under."""
    leaves = max(1, -(-size // LEAF))
    return LEAF << (leaves - 1).bit_length()


def _add(nodes: list[tuple[bytes, int]], digest: bytes, size: int) -> None:
    """Append a full node to ``nodes``, whose sizes fall from left to right: two that are equal become one."""
    while nodes and nodes[-1][1] == size:
        left, _ = nodes.pop()
        digest, size = _pair(left, digest), 2 * size
    nodes.append((digest, size))


def _top(nodes: Sequence[tuple[bytes, int]], last: bytes) -> bytes:
    """The tree's top, from its full nodes and what comes behind them."""
    return reduce(lambda right, left: _pair(left[0], right), reversed(nodes), last)


def _pair(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(left + right).digest()

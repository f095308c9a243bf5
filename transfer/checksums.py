"""Checksums over buffers, and their combination over the parts of an object.

CRCs are computed by awscrt (hardware instructions, the GIL released), CRC-64/XZ, which it
does not know, by anycrc, the others by hashlib, of which tree hashes are made too. Values are
big-endian bytes, which is also how S3's base64 headers hold them.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from typing import Any, Protocol

from transfer import treehash
from transfer.model import Algorithm, Checksums
from transfer.profile import span
from transfer.treehash import TreeHasher

Buffer = treehash.Buffer

_THREAD_FROM = 128 * 1024
"""Bytes from which hashing moves off the event loop; below, the hop costs more than the hash."""

_XZ_PACKAGE = "anycrc"
"""Of an extra: only stores with protocols of their own want it."""
_CRC_WIDTH: Mapping[Algorithm, int] = {
    Algorithm.CRC64NVME: 8,
    Algorithm.CRC64XZ: 8,
    Algorithm.CRC32C: 4,
    Algorithm.CRC32: 4,
}


@cache
def _crc(algorithm: Algorithm) -> Callable[..., int]:
    """Of a buffer, and of what came before it.

    awscrt gathers entropy for 30 ms when it is imported, so that waits until a CRC is wanted.
    """
    xz = algorithm is Algorithm.CRC64XZ
    function: Callable[..., int] = _crc64xz().calc if xz else getattr(_awscrt(), algorithm)
    return function


@cache
def _merge(algorithm: Algorithm) -> Callable[[int, int, int], int]:
    """Of two CRCs and the size that the second is of."""
    xz = algorithm is Algorithm.CRC64XZ
    function: Callable[[int, int, int], int] = _crc64xz().combine if xz else getattr(_awscrt(), f"combine_{algorithm}")
    return function


def _awscrt() -> Any:
    return import_module("awscrt.checksums")


@cache
def _crc64xz() -> Any:
    return import_module(_XZ_PACKAGE).Model("CRC64-XZ")


def require(algorithm: Algorithm) -> None:
    """Raise ImportError where the package that computes it is not installed. It is not imported yet."""
    if algorithm is Algorithm.CRC64XZ and find_spec(_XZ_PACKAGE) is None:
        raise ModuleNotFoundError(f"No module named '{_XZ_PACKAGE}'", name=_XZ_PACKAGE)


class Hasher(Protocol):
    """A running checksum."""

    def update(self, data: Buffer, /) -> None: ...

    def digest(self) -> bytes: ...


class _Crc:
    def __init__(self, algorithm: Algorithm) -> None:
        self._function = _crc(algorithm)
        self._width = _CRC_WIDTH[algorithm]
        self._value = 0

    def update(self, data: Buffer, /) -> None:
        self._value = self._function(data, self._value)

    def digest(self) -> bytes:
        return self._value.to_bytes(self._width, "big")


def hasher(algorithm: Algorithm) -> Hasher:
    """A new running checksum."""
    if algorithm in _CRC_WIDTH:
        return _Crc(algorithm)
    if algorithm is Algorithm.TREE_SHA256:
        return TreeHasher()
    return hashlib.new(algorithm.value, usedforsecurity=False)


class Running:
    """Running checksums by several algorithms, in one pass: each reads a leaf's bytes while they are in the cache."""

    def __init__(self, algorithms: Iterable[Algorithm]) -> None:
        self._hashers = {algorithm: hasher(algorithm) for algorithm in algorithms}

    def update(self, data: Buffer) -> None:
        """Go on with ``data``."""
        view = memoryview(data)
        for start in range(0, len(view), treehash.LEAF):
            piece = view[start : start + treehash.LEAF]
            for each in self._hashers.values():
                each.update(piece)

    def digests(self) -> Checksums:
        """Of all bytes so far."""
        return {algorithm: each.digest() for algorithm, each in self._hashers.items()}


def digest(data: Buffer, algorithms: Iterable[Algorithm]) -> Checksums:
    """All of ``algorithms`` over ``data``, on this thread."""
    wanted = tuple(algorithms)
    if _TWINS.issubset(wanted):
        return _digest_together(data, wanted)
    return {algorithm: _digest(data, algorithm) for algorithm in wanted}


_TWINS = frozenset({Algorithm.SHA256, Algorithm.TREE_SHA256})


def _digest_together(data: Buffer, wanted: Sequence[Algorithm]) -> Checksums:
    """All of ``wanted``, in one pass. Up to one leaf, the tree hash is the SHA-256."""
    if len(data) <= treehash.LEAF:
        sha256 = _digest(data, Algorithm.SHA256)
        return {each: sha256 if each in _TWINS else _digest(data, each) for each in wanted}
    running = Running(wanted)
    running.update(data)
    return running.digests()


def _digest(data: Buffer, algorithm: Algorithm) -> bytes:
    width = _CRC_WIDTH.get(algorithm)
    if width is not None:
        return _crc(algorithm)(data).to_bytes(width, "big")
    running = hasher(algorithm)
    running.update(data)
    return running.digest()


async def digest_off_loop(data: Buffer, algorithms: Iterable[Algorithm]) -> Checksums:
    """Like :func:`digest`, in a thread when the buffer is large."""
    with span("hash", len(data)):
        if len(data) < _THREAD_FROM:
            return digest(data, algorithms)
        return await asyncio.to_thread(digest, data, tuple(algorithms))


def combinable(algorithm: Algorithm, sizes: Sequence[int]) -> bool:
    """Whether the checksum of a whole can be had from the checksums of its parts, which have these sizes."""
    if algorithm is Algorithm.TREE_SHA256:
        return treehash.combinable(sizes)
    return algorithm in _CRC_WIDTH


def combine(algorithm: Algorithm, pieces: Sequence[tuple[bytes, int]]) -> bytes:
    """The checksum of a concatenation, from (checksum, size) of its pieces in order.

    Only where they are :func:`combinable`.
    """
    if algorithm is Algorithm.TREE_SHA256:
        return treehash.combine(pieces)
    merge, width = _merge(algorithm), _CRC_WIDTH[algorithm]
    value = 0
    for piece, size in pieces:
        value = merge(value, int.from_bytes(piece, "big"), size)
    return value.to_bytes(width, "big")


def md5_etag(part_digests: Sequence[bytes]) -> str:
    """S3's ETag of a multipart object: the MD5 of its parts' MD5s, and their count."""
    whole = hashlib.md5(b"".join(part_digests), usedforsecurity=False)
    return f"{whole.hexdigest()}-{len(part_digests)}"

"""Bodies: small ones in memory, large ones in files, joined and cut without copying."""

from __future__ import annotations

import hashlib
import os
import tempfile
import weakref
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Protocol

from tests.emulators.crc64 import crc64

_IN_MEMORY = 1 << 20
_CHUNK = 256 * 1024


class _Store(Protocol):
    def read(self, start: int, length: int) -> bytes: ...


class _Memory:
    def __init__(self, data: bytes) -> None:
        self._data = data

    def read(self, start: int, length: int) -> bytes:
        return self._data[start : start + length]


class _File:
    """A file that goes when nothing refers to it any more. It is opened for each read: descriptors are few."""

    def __init__(self, path: str) -> None:
        self._path = path
        weakref.finalize(self, _remove, path)

    def read(self, start: int, length: int) -> bytes:
        with open(self._path, "rb") as file:
            file.seek(start)
            return file.read(length)


def _remove(path: str) -> None:
    if os.path.exists(path):
        os.unlink(path)


@dataclass(frozen=True, slots=True)
class _Segment:
    store: _Store
    start: int
    length: int


@dataclass(frozen=True, slots=True)
class Blob:
    """Bytes that never change, wherever they are, with their checksums."""

    segments: tuple[_Segment, ...]
    size: int
    md5: bytes
    crc: int

    def chunks(self, start: int = 0, length: int | None = None) -> Iterator[bytes]:
        """``length`` bytes from ``start`` on, in pieces."""
        left = self.size - start if length is None else length
        for segment in self.segments:
            skipped = min(start, segment.length)
            start -= skipped
            while skipped < segment.length and left:
                data = segment.store.read(segment.start + skipped, min(_CHUNK, segment.length - skipped, left))
                skipped += len(data)
                left -= len(data)
                yield data

    def bytes(self, start: int = 0, length: int | None = None) -> bytes:
        """The same in one."""
        return b"".join(self.chunks(start, length))


def cut(blob: Blob, start: int, length: int) -> Blob:
    """A piece of it."""
    segments = []
    offset, end = 0, start + length
    for segment in blob.segments:
        first, last = max(start, offset), min(end, offset + segment.length)
        if first < last:
            segments.append(_Segment(segment.store, segment.start + first - offset, last - first))
        offset += segment.length
    return _summed(segments)


def join(blobs: Iterable[Blob]) -> Blob:
    """All of them, one after the other."""
    return _summed([segment for blob in blobs for segment in blob.segments])


def _summed(segments: list[_Segment]) -> Blob:
    size = sum(segment.length for segment in segments)
    md5, crc = hashlib.md5(usedforsecurity=False), 0
    for data in Blob(tuple(segments), size, b"", 0).chunks():
        md5.update(data)
        crc = crc64(data, crc)
    return Blob(tuple(segments), size, md5.digest(), crc)


class Writer:
    """Takes a body as it comes in; what is large goes into a file of ``folder``."""

    def __init__(self, folder: str) -> None:
        self._folder = folder
        self._held = bytearray()
        self._path = ""
        self._md5 = hashlib.md5(usedforsecurity=False)
        self._crc = 0
        self.size = 0

    def write(self, data: bytes) -> None:
        """Add to it."""
        self._md5.update(data)
        self._crc = crc64(data, self._crc)
        self.size += len(data)
        self._held += data
        if len(self._held) > _IN_MEMORY:
            self._spill()

    def finish(self) -> Blob:
        """What was written."""
        if self._path:
            self._spill()
        store: _Store = _File(self._path) if self._path else _Memory(bytes(self._held))
        return Blob((_Segment(store, 0, self.size),), self.size, self._md5.digest(), self._crc)

    def discard(self) -> None:
        """Nobody wants it."""
        if self._path:
            _remove(self._path)

    def _spill(self) -> None:
        if not self._path:
            descriptor, self._path = tempfile.mkstemp(dir=self._folder)
            os.close(descriptor)
        with open(self._path, "ab") as file:
            file.write(self._held)
        self._held.clear()


EMPTY = Blob((), 0, hashlib.md5(usedforsecurity=False).digest(), 0)

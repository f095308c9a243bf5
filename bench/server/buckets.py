"""What the server holds."""

from __future__ import annotations

import hashlib
import time
from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import repeat
from typing import overload

from bench.server.bodies import Body
from bench.server.messages import Buffer, S3Error
from transfer.model import Algorithm


@dataclass(slots=True)
class Stored:
    """An object: the ``pieces`` in which it came, and what a reply repeats (``headers``).

    ``row`` is what listings say of it, once one did.
    """

    pieces: Sequence[Buffer]
    size: int
    etag: str
    headers: Mapping[str, str]
    checksums: Mapping[Algorithm, bytes] = field(default_factory=dict)
    modified: int = field(default_factory=lambda: int(time.time()))
    row: str = ""

    def span(self, start: int, end: int) -> Sequence[Buffer]:
        """The bytes from ``start`` up to and without ``end``, where they lie."""
        found, offset = [], 0
        for piece in self.pieces:
            low, high = max(start - offset, 0), min(end - offset, len(piece))
            if low < high:
                found.append(memoryview(piece)[low:high])
            offset += len(piece)
        return found


@dataclass(slots=True)
class Upload:
    """An upload that is not finished. ``headers`` are those that its object will have."""

    key: str
    headers: Mapping[str, str]
    parts: dict[int, Body] = field(default_factory=dict)
    began: int = field(default_factory=lambda: int(time.time()))


class Bucket:
    """Objects by key, and open uploads by id."""

    def __init__(self) -> None:
        self.uploads: dict[str, Upload] = {}
        self._objects: dict[str, Stored] = {}
        self._sorted: list[str] | None = []

    def get(self, key: str) -> Stored:
        """Raises S3Error."""
        found = self.find(key)
        if found is None:
            raise S3Error(404, "NoSuchKey")
        return found

    def find(self, key: str) -> Stored | None:
        return self._objects.get(key)

    def all_of(self, keys: Sequence[str]) -> Iterable[Stored]:
        """The objects of ``keys``, all of which are there."""
        return map(self._objects.__getitem__, keys)

    def put(self, key: str, stored: Stored) -> None:
        if key not in self._objects:
            self._sorted = None
        self._objects[key] = stored

    def remove(self, key: str) -> None:
        if self._objects.pop(key, None) is not None:
            self._sorted = None

    def clear(self) -> None:
        self._objects.clear()
        self._sorted = []

    @property
    def keys(self) -> Sequence[str]:
        """In the order of their UTF-8 bytes, which is that of their code points."""
        if self._sorted is None:
            self._sorted = sorted(self._objects)
        return self._sorted


_GENERATED_SIZE = 4096
_GENERATED_AT = 1_750_000_000
_ZEROS = bytes(_GENERATED_SIZE)
_GENERATED = Stored(
    (_ZEROS,),
    _GENERATED_SIZE,
    hashlib.md5(_ZEROS, usedforsecurity=False).hexdigest(),
    {"content-type": "application/octet-stream", "x-amz-meta-mtime": str(_GENERATED_AT)},
    modified=_GENERATED_AT,
)


class GeneratedKeys(Sequence[str]):
    """``count`` keys in folders of a thousand, in order, made when they are asked for."""

    def __init__(self, count: int) -> None:
        self._count = count

    def __len__(self) -> int:
        return self._count

    @overload
    def __getitem__(self, index: int) -> str: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[str]: ...
    def __getitem__(self, index: int | slice) -> str | Sequence[str]:
        if isinstance(index, slice):
            return [_generated_key(number) for number in range(*index.indices(self._count))]
        if not 0 <= index < self._count:
            raise IndexError(index)
        return _generated_key(index)


def _generated_key(number: int) -> str:
    return f"{number // 1000:06}/{number:09}.bin"


class GeneratedBucket(Bucket):
    """``count`` equal objects of zeros that take no memory. Nothing can be written to it."""

    def __init__(self, count: int) -> None:
        super().__init__()
        self._generated = GeneratedKeys(count)

    def find(self, key: str) -> Stored | None:
        at = bisect_right(self._generated, key) - 1
        return _GENERATED if at >= 0 and self._generated[at] == key else None

    def all_of(self, keys: Sequence[str]) -> Iterable[Stored]:
        return repeat(_GENERATED, len(keys))

    def put(self, key: str, stored: Stored) -> None:
        raise S3Error(403, "AccessDenied")

    def remove(self, key: str) -> None:
        raise S3Error(403, "AccessDenied")

    @property
    def keys(self) -> Sequence[str]:
        return self._generated

"""The bytes of archives and of parts, in files: each with one beside it that has the hashes of its megabytes."""

from __future__ import annotations

import os
import secrets
import shutil
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass

from tests.emulators.glacier_trees import MIB, Hashing, root

_CHUNK = 256 << 10
_DIGEST = 32
_LEAVES = ".leaves"


class Files:
    """Below one folder: what is being received, uploads with their parts, archives, inventories and outputs."""

    def __init__(self, folder: str) -> None:
        self._folder = folder
        for kind in ("incoming", "uploads", "archives", "inventories", "outputs"):
            os.makedirs(os.path.join(folder, kind), exist_ok=True)
        for left in os.listdir(self.path("incoming")):
            os.unlink(self.path("incoming", left))

    def path(self, *names: str) -> str:
        """A file of that kind and name."""
        return os.path.join(self._folder, *names)

    def begin(self) -> Received:
        """For a new body."""
        return Received(self.path("incoming", secrets.token_hex(12)))

    async def receive(self, chunks: AsyncIterator[bytes]) -> Received:
        """Take in a body."""
        received = self.begin()
        try:
            async for data in chunks:
                received.write(data)
        except BaseException:
            received.discard()
            raise
        received.finish()
        return received

    def add_part(self, upload: str, start: int, received: Received) -> None:
        """What was received is a part of the upload, instead of what was there."""
        folder = self.path("uploads", upload)
        os.makedirs(folder, exist_ok=True)
        path = os.path.join(folder, f"{start:016}")
        with open(path + _LEAVES, "wb") as file:
            file.write(b"".join(received.hashing.leaves))
        os.replace(received.path, path)

    def assemble(self, upload: str, archive: str) -> None:
        """The parts of the upload are the archive."""
        os.rename(self.path("uploads", upload), self.path("archives", archive))

    def leaves(self, kind: str, name: str) -> list[bytes]:
        """The hashes of all megabytes of an upload's parts, or of an archive."""
        found = []
        for piece in self._pieces(kind, name):
            with open(piece.path + _LEAVES, "rb") as file:
                data = file.read()
            found += [data[at : at + _DIGEST] for at in range(0, len(data), _DIGEST)]
        return found

    def tree_hash(self, archive: str, start: int, end: int) -> str:
        """Of an aligned range of it."""
        return root(self.leaves("archives", archive)[start // MIB : -(-end // MIB)]).hex()

    def remove(self, kind: str, name: str) -> None:
        """It is no longer needed."""
        path = self.path(kind, name)
        if os.path.isdir(path):
            shutil.rmtree(path)
        elif os.path.exists(path):
            os.unlink(path)

    def archive(self, name: str) -> Pieces:
        """Its bytes."""
        return Pieces(self._pieces("archives", name))

    def output(self, job: str) -> Pieces:
        """The bytes of an inventory that a job made."""
        path = self.path("outputs", job)
        return Pieces([_Piece(path, 0, os.path.getsize(path))])

    def _pieces(self, kind: str, name: str) -> list[_Piece]:
        folder = self.path(kind, name)
        names = sorted(name for name in os.listdir(folder) if not name.endswith(_LEAVES))
        paths = [os.path.join(folder, name) for name in names]
        return [_Piece(path, int(name), os.path.getsize(path)) for name, path in zip(names, paths, strict=True)]


class Received:
    """A body that comes in, and its hashes."""

    def __init__(self, path: str) -> None:
        self.path = path
        self.hashing = Hashing()
        self._file = open(path, "wb")  # noqa: SIM115

    def write(self, data: bytes) -> None:
        """Add to it."""
        self.hashing.update(data)
        self._file.write(data)

    def finish(self) -> None:
        """There is no more."""
        self.hashing.finish()
        self._file.close()

    def discard(self) -> None:
        """Nobody wants it."""
        self._file.close()
        if os.path.exists(self.path):
            os.unlink(self.path)


@dataclass(frozen=True, slots=True)
class _Piece:
    path: str
    start: int
    size: int


@dataclass(frozen=True, slots=True)
class Pieces:
    """Files, one after the other."""

    pieces: list[_Piece]

    def chunks(self, start: int = 0, length: int | None = None) -> Iterator[bytes]:
        """``length`` bytes from ``start`` on."""
        total = sum(piece.size for piece in self.pieces)
        end = total if length is None else start + length
        for piece in self.pieces:
            first, last = max(start, piece.start), min(end, piece.start + piece.size)
            if first < last:
                yield from _read(piece.path, first - piece.start, last - first)


def _read(path: str, start: int, length: int) -> Iterator[bytes]:
    with open(path, "rb") as file:
        file.seek(start)
        while length:
            data = file.read(min(_CHUNK, length))
            if not data:
                raise EOFError(path)
            length -= len(data)
            yield data

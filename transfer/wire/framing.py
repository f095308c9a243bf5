"""Where a reply's body ends: after so many bytes, after its last chunk, or with the connection. Pure."""

from __future__ import annotations

from typing import Protocol

from transfer.wire.head import BadReply, Head

_LONGEST_LINE = 4096
"""Bytes of a chunk's size with its extensions, or of a trailer."""


class Framing(Protocol):
    """Tells a body's bytes from what is around them."""

    ended: bool
    """Whether the body's last byte has been taken."""

    @property
    def room(self) -> int:
        """Bytes that are the body's for sure, so that they may be received straight into a caller's buffer."""

    def take(self, source: memoryview, target: memoryview) -> tuple[int, int]:
        """Move body from ``source``, as it was received, to ``target``: bytes used up and bytes given.

        Uses up what it can even if ``target`` is full. Raises BadReply.
        """

    def direct(self, size: int) -> None:
        """``size`` bytes were received straight into the caller's buffer."""

    def closed(self) -> bool:
        """The connection has ended; tells whether the body has with it, in good order."""


def framing(head: Head) -> Framing:
    """That of the reply."""
    if head.chunked:
        return Chunked()
    return Sized(head.length) if head.length is not None else Unsized()


class Sized:
    """``Content-Length`` bytes."""

    def __init__(self, size: int) -> None:
        self.room = size
        self.ended = size == 0

    def take(self, source: memoryview, target: memoryview) -> tuple[int, int]:
        size = min(len(source), len(target), self.room)
        target[:size] = source[:size]
        self.direct(size)
        return size, size

    def direct(self, size: int) -> None:
        self.room -= size
        self.ended = self.room == 0

    def closed(self) -> bool:
        return self.ended


class Unsized:
    """All until the connection ends."""

    room = 1 << 62

    def __init__(self) -> None:
        self.ended = False

    def take(self, source: memoryview, target: memoryview) -> tuple[int, int]:
        size = min(len(source), len(target))
        target[:size] = source[:size]
        return size, size

    def direct(self, size: int) -> None:
        pass

    def closed(self) -> bool:
        self.ended = True
        return True


class Chunked:
    """Chunks, each with its size ahead of it (RFC 9112, section 7.1). Extensions and trailers are passed over."""

    room = 0

    def __init__(self) -> None:
        self.ended = False
        self._left = 0
        self._line = bytearray()
        self._after_data = False
        self._trailers = False

    def take(self, source: memoryview, target: memoryview) -> tuple[int, int]:
        used = given = 0
        while used < len(source) and not self.ended:
            if self._left:
                size = min(len(source) - used, len(target) - given, self._left)
                if size == 0:
                    break
                target[given : given + size] = source[used : used + size]
                self._left -= size
                self._after_data = self._left == 0
                given += size
            else:
                size = self._take_line(source[used:])
            used += size
        return used, given

    def direct(self, size: int) -> None:
        raise AssertionError("chunks are never received straight into a buffer")

    def closed(self) -> bool:
        return self.ended

    def _take_line(self, source: memoryview) -> int:
        """Bytes of ``source`` that belong to the line; it counts once it is whole."""
        held = bytes(source[: _LONGEST_LINE + 1])
        end = held.find(b"\n")
        piece = held if end < 0 else held[: end + 1]
        self._line += piece
        if len(self._line) > _LONGEST_LINE:
            raise BadReply("an endless line between chunks")
        if end >= 0:
            line = bytes(self._line)
            self._line.clear()
            self._read_line(line)
        return len(piece)

    def _read_line(self, line: bytes) -> None:
        if not line.endswith(b"\r\n"):
            raise BadReply("a line between chunks without its end")
        if self._trailers:
            self.ended = line == b"\r\n"
        elif self._after_data:
            if line != b"\r\n":
                raise BadReply("a chunk that is longer than its size")
            self._after_data = False
        else:
            self._left = _chunk_size(line)
            self._trailers = self._left == 0


def _chunk_size(line: bytes) -> int:
    digits = line.partition(b";")[0].strip()
    if not digits or len(digits) > 15 or not all(digit in b"0123456789abcdefABCDEF" for digit in digits):
        raise BadReply("a chunk without a size")
    return int(digits, 16)

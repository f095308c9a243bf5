"""A whole or ranged GET as a :class:`~transfer.plugin.Reading`, its length checked on all sides."""

from __future__ import annotations

import re
from collections.abc import Mapping

from transfer.errors import Corrupt, Transient
from transfer.model import Entry, Span
from transfer.wire.stream import Stream

_RANGE = re.compile(r"bytes (\d+)-(\d+)/(\d+|\*)", re.ASCII)


def range_header(span: Span) -> str:
    """The value of ``Range`` that asks for ``span``, which is not empty."""
    return f"bytes={span.offset}-{span.offset + span.size - 1}"


def extent(status: int, headers: Mapping[str, str], span: Span | None, key: str) -> tuple[int | None, int | None]:
    """The bytes that a reply's body will have, and the whole object's size; None where it does not tell.

    Raises Corrupt when the reply is not for ``span``.
    """
    length = int(headers["content-length"]) if "content-length" in headers else None
    if span is None:
        return length, length
    # Some servers say 200 and send the range all the same; some answer a range over everything with everything.
    if status != 206 and "content-range" not in headers:
        if span.offset == 0 and length == span.size:
            return length, length
        raise Corrupt(f"The server ignored the range asked of '{key}'", key=key)
    found = _RANGE.fullmatch(headers.get("content-range", ""))
    if found is None or (int(found[1]), int(found[2])) != (span.offset, span.offset + span.size - 1):
        raise Corrupt(f"The server answered with another range of '{key}' than was asked", key=key)
    if length not in (None, span.size):
        raise Corrupt(f"The server announced {length} bytes of '{key}' for a range of {span.size}", key=key)
    return span.size, None if found[3] == "*" else int(found[3])


class HttpReading:
    """A read in progress. ``size`` is what the body must have; short of it, the read fails."""

    def __init__(self, stream: Stream, entry: Entry, size: int | None) -> None:
        self.entry = entry
        self.size = size
        self._stream = stream
        self._got = 0

    async def readinto(self, view: memoryview) -> int:
        filled = await self._stream.readinto(view)
        self._got += filled
        if filled < len(view) and self.size is not None and self._got < self.size:
            message = f"'{self.entry.key}' broke off after {self._got} of {self.size} bytes"
            raise Transient(message, key=self.entry.key)
        return filled


class EmptyReading:
    """A read of no bytes, for which nothing need be sent."""

    size: int | None = 0

    def __init__(self, entry: Entry) -> None:
        self.entry = entry

    async def readinto(self, view: memoryview) -> int:
        return 0

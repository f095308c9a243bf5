"""Bodies with ``aws-chunked`` around them, and a checksum in a trailer behind."""

from __future__ import annotations

from collections.abc import AsyncIterator

from tests.emulators.messages import Call, Refused


class _Reader:
    """Takes lines and pieces out of what comes in."""

    def __init__(self, chunks: AsyncIterator[bytes]) -> None:
        self._chunks = chunks
        self._held = bytearray()

    async def line(self) -> str:
        while b"\r\n" not in self._held:
            await self._more()
        end = self._held.index(b"\r\n")
        line = bytes(self._held[:end])
        del self._held[: end + 2]
        return line.decode("latin-1")

    async def piece(self, most: int) -> bytes:
        if not self._held:
            await self._more()
        data = bytes(self._held[:most])
        del self._held[: len(data)]
        return data

    async def _more(self) -> None:
        async for data in self._chunks:
            if data:
                self._held += data
                return
        raise _incomplete()


async def unchunked(call: Call) -> AsyncIterator[bytes]:
    """The bytes themselves; what the trailer says is among the headers then. Raises Refused."""
    reader, total = _Reader(call.body.chunks()), 0
    while size := _size(await reader.line()):
        total += size
        while size:
            data = await reader.piece(size)
            size -= len(data)
            yield data
        if await reader.line():
            raise _incomplete()
    await _read_trailer(reader, call)
    if call.headers.get("x-amz-decoded-content-length") != str(total):
        raise _incomplete()


def _size(line: str) -> int:
    try:
        return int(line.partition(";")[0], 16)
    except ValueError:
        raise _incomplete() from None


async def _read_trailer(reader: _Reader, call: Call) -> None:
    announced = call.headers.get("x-amz-trailer", "").lower()
    while line := await reader.line():
        name, _, value = line.partition(":")
        if name.strip().lower() != announced:
            message = "The request contained trailing data that was not well-formed or did not conform to our schema."
            raise Refused(400, "MalformedTrailerError", message)
        call.headers[announced] = value.strip()
    if announced and announced not in call.headers:
        raise Refused(400, "MalformedTrailerError", "The trailer that was announced did not come.")


def _incomplete() -> Refused:
    message = "The request body terminated unexpectedly, or is not of the length that was told."
    return Refused(400, "IncompleteBody", message)

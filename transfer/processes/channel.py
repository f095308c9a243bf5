"""One end of the private connection between a crew and a worker."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Sequence
from contextlib import suppress

from transfer.processes.codec import decode, encode
from transfer.processes.messages import Message

_LENGTH = 4
"""Bytes ahead of each frame, which hold its size."""
_BUFFER = 1024 * 1024
"""Bytes that wait to be read before the other end is held up."""
_GATHER = 0.002
"""Seconds in which messages that nobody waits for are gathered: each frame costs both ends a turn of their loops."""


class Channel:
    """Messages, in the order in which they were sent."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer
        self._outbox: list[Message] = []
        self._loop = asyncio.get_running_loop()
        self._flushing: asyncio.TimerHandle | None = None

    @classmethod
    async def over(cls, end: socket.socket) -> Channel:
        """A channel over a connected socket, which it closes."""
        return cls(*await asyncio.open_unix_connection(sock=end, limit=_BUFFER))

    def send(self, message: Message) -> None:
        """Have ``message`` sent soon, with others. To an end that is closed, nothing is sent."""
        self._outbox.append(message)
        if self._flushing is None:
            self._flushing = self._loop.call_later(_GATHER, self._flush)

    def send_now(self, message: Message) -> None:
        """Send ``message``, for which somebody waits, and what was sent before it."""
        self._outbox.append(message)
        self._flush()

    async def drain(self) -> None:
        """Wait until the other end keeps up with what was sent. Raises ConnectionError where it is closed."""
        self._flush()
        await self._writer.drain()

    async def messages(self) -> AsyncIterator[Sequence[Message]]:
        """What comes from the other end, some at a time, until it is closed."""
        with suppress(asyncio.IncompleteReadError, ConnectionError):
            while True:
                size = int.from_bytes(await self._reader.readexactly(_LENGTH), "big")
                yield decode(await self._reader.readexactly(size))

    def close(self) -> None:
        self._writer.close()

    def _flush(self) -> None:
        if self._flushing is not None:
            self._flushing.cancel()
            self._flushing = None
        outbox, self._outbox = self._outbox, []
        if not outbox or self._writer.is_closing():
            return
        try:
            frame = encode(outbox)
        except BaseException:
            self._writer.close()  # what is lost here must not be waited for at the other end
            raise
        self._writer.writelines((len(frame).to_bytes(_LENGTH, "big"), frame))

"""One connection: a request out, its reply in, bodies straight from and into the caller's buffers.

The protocol of the event loop tells what happened and wakes the one coroutine that uses the
connection; that coroutine decides. Nothing is pipelined. Of errors this raises OSError and
TimeoutError, EOFError where the server ended too early, BadReply where it speaks no HTTP.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import cast

from transfer.plugin import Traffic
from transfer.wire.framing import Framing, framing
from transfer.wire.head import END, BadReply, Head, parse_head

Pace = Callable[[int], Awaitable[int]]

_SCRATCH = 32 * 1024
"""Bytes for what no caller's buffer is there for: heads, small bodies, what comes between two reads."""
_SLICE = 256 * 1024
"""Bytes handed to the transport at once; each slice has the idle timeout to itself."""
_JOINED = 64 * 1024
"""Bodies up to so many bytes go out together with their head: one system call and one packet less."""
_NOTHING = memoryview(bytearray())


class Connection(asyncio.BufferedProtocol):
    """Used by one request at a time: :meth:`send`, :meth:`answer` and :meth:`readinto`, then :meth:`finish`."""

    def __init__(self, loop: asyncio.AbstractEventLoop, traffic: Traffic) -> None:
        self.idle_since = 0.0
        """When the last request ended, in the loop's time."""
        self._loop = loop
        self._traffic = traffic
        self._transport: asyncio.Transport | None = None
        self._scratch = memoryview(bytearray(_SCRATCH))
        self._start = self._end = 0
        self._direct = _NOTHING
        self._got = 0
        self._counted = False
        self._waiter: asyncio.Future[None] | None = None
        self._error: BaseException | None = None
        self._ended = False
        self._blocked = False
        self._paused = False
        self._sending = False
        self._method = ""
        self._head: Head | None = None
        self._framing: Framing | None = None
        self._silence: float | None = None
        self._left = 0.0
        self._began = self._heard = 0.0

    # What the request's coroutine calls

    def begin(self, method: str, *, seconds: float, silence: float | None, counted: bool) -> None:
        """Get ready for a request that may take ``seconds`` of waiting, at most ``silence`` of them without a byte.

        ``counted``: its reply's body is an object's, and traffic to be told.
        """
        self._method, self._head, self._framing, self._sending = method, None, None, False
        self._left, self._silence, self._counted = seconds, silence, counted

    async def send(self, head: bytes, body: memoryview, pace: Pace | None) -> None:
        """Write the request. Ends early if the server answers before it has everything."""
        transport, size = self._open_transport(), len(body)
        if size <= _JOINED and pace is None:
            transport.write(head + body if size else head)
            self._traffic.written += size
            return
        self._sending = True
        transport.write(head)
        self._sending = not await self._send_slices(body, pace)

    async def send_pieces(self, head: bytes, pieces: AsyncIterator[memoryview], pace: Pace | None) -> None:
        """Like :meth:`send`, with a body that is read meanwhile, however long: each piece has the time of a request.

        A piece may be used again when the next one but one is asked for: its last byte may have to wait so long.
        """
        seconds = self._left
        self._sending = True
        self._open_transport().write(head)
        async for piece in pieces:
            self._left = seconds
            if not await self._send_slices(piece, pace):
                return
        self._sending = False

    async def _send_slices(self, body: memoryview, pace: Pace | None) -> bool:
        """Whether all of it was written; else the server has answered already."""
        start, size = 0, len(body)
        while start < size:
            piece = body[start : start + _SLICE]
            if pace is not None:
                piece = piece[: await pace(len(piece))]
            # An early answer is to be heard ahead of the next write, which fails if the server closes behind it.
            await asyncio.sleep(0)
            if self._head is not None:
                return False
            self._open_transport().write(piece)
            while self._blocked and self._head is None:
                self._open_transport()
                await self._wait()
            if self._head is not None:
                return False
            start += len(piece)
            self._traffic.written += len(piece)
        return True

    async def answer(self) -> Head:
        """The reply's head."""
        while self._head is None:
            if self._ended:
                raise EOFError
            await self._wait()
        self._refuse_hasty(self._head)
        self._framing = framing(self._head)
        return self._head

    async def readinto(self, view: memoryview) -> int:
        """Fill ``view`` with the body; less than its length means the end."""
        body, filled = self._body, 0
        while True:
            filled += self._take(body, view[filled:])
            if filled == len(view) or body.ended:
                return filled
            if self._error is not None:
                raise self._error
            if self._ended:
                if body.closed():
                    return filled
                raise EOFError
            filled += await self._receive(body, view[filled:])

    def finish(self) -> bool:
        """End the request; tells whether the connection can serve another one."""
        self.idle_since = self._loop.time()
        if self._head is None or self._framing is None or not self._head.keep_alive:
            return False
        try:
            # The end of a chunked body comes behind its bytes; and room is made for the next reply.
            self._take(self._framing, _NOTHING)
        except BadReply:
            return False
        if self._paused:
            self._resume()
        return self._framing.ended and not self._unsent and self.open

    @property
    def open(self) -> bool:
        """Whether an idle connection is still there, and nothing came that nobody asked for."""
        lost = self._transport is None or self._transport.is_closing() or self._ended or self._error is not None
        return not lost and self._start == self._end

    async def secure(self, context: ssl.SSLContext, host: str) -> None:
        """Go on with TLS on an open connection, towards ``host``. Raises OSError, ssl.SSLError."""
        secured = await self._loop.start_tls(self._open_transport(), self, context, server_hostname=host)
        if secured is None:
            raise EOFError
        self.connection_made(secured)

    def abort(self) -> None:
        """Close at once; no byte of a caller's buffer is sent, or written to, from now on."""
        self._direct = _NOTHING
        if self._transport is not None:
            self._transport.abort()

    def close(self) -> None:
        """Close an idle connection in good order."""
        if self._transport is not None:
            self._transport.close()

    def expire(self, now: float) -> None:
        """End the request if it has waited for too long."""
        if self._waiter is None:
            return
        late = now - self._began > self._left
        if late or (self._silence is not None and now - self._heard > self._silence):
            self._fail(TimeoutError())
            self.abort()

    # What the event loop calls

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        # All of a slice is the kernel's before the next one is handed over.
        self._transport.set_write_buffer_limits(high=1, low=0)

    def get_buffer(self, sizehint: int) -> memoryview:
        return self._direct or self._scratch[self._end :]

    def buffer_updated(self, nbytes: int) -> None:
        self._heard = self._loop.time()
        if self._direct:
            self._direct = self._direct[nbytes:]
            self._got += nbytes
            if self._counted:
                self._traffic.read += nbytes
            if self._direct:
                return
        else:
            self._end += nbytes
            if self._head is None:
                self._find_head()
            if self._end == _SCRATCH and not self._paused:
                self._pause()
        self._wake()

    def eof_received(self) -> bool:
        self._ended = True
        self._wake()
        return False

    def connection_lost(self, exc: Exception | None) -> None:
        self._ended = True
        self._direct = _NOTHING
        if exc is not None:
            self._fail(exc)
        self._wake()

    def pause_writing(self) -> None:
        self._blocked = True

    def resume_writing(self) -> None:
        self._blocked = False
        self._heard = self._loop.time()
        self._wake()

    # Inside

    @property
    def _body(self) -> Framing:
        assert self._framing is not None
        return self._framing

    @property
    def _unsent(self) -> bool:
        return (
            self._sending
            or self._blocked
            or (self._transport is not None and self._transport.get_write_buffer_size() > 0)
        )

    def _open_transport(self) -> asyncio.Transport:
        if self._error is not None:
            raise self._error
        if self._ended or self._transport is None or self._transport.is_closing():
            raise EOFError
        return self._transport

    def _refuse_hasty(self, head: Head) -> None:
        """A success can't be meant where the server has not got all of the body."""
        if head.status < 300 and self._unsent:
            raise BadReply("an answer ahead of the request's end")

    def _find_head(self) -> None:
        """Read the reply's head once it is whole; interim replies (1xx) are passed over."""
        while self._head is None:
            received = bytes(self._scratch[self._start : self._end])
            size = received.find(END) + len(END)
            if size < len(END):
                if self._end == _SCRATCH:
                    self._fail(BadReply("an endless head"))
                return
            self._start += size
            try:
                head = parse_head(received[:size], self._method)
            except BadReply as error:
                self._fail(error)
                return
            if head.status >= 200:
                self._head = head

    def _take(self, body: Framing, view: memoryview) -> int:
        """Move what was received already."""
        used, given = body.take(self._scratch[self._start : self._end], view)
        self._start += used
        if self._counted:
            self._traffic.read += given
        if self._start == self._end:
            self._start = self._end = 0
        elif self._end == _SCRATCH and self._start:
            rest = bytes(self._scratch[self._start : self._end])
            self._scratch[: len(rest)] = rest
            self._start, self._end = 0, len(rest)
        return given

    async def _receive(self, body: Framing, view: memoryview) -> int:
        """Wait for more; tells how much of it went straight into ``view``."""
        self._got = 0
        if self._start == self._end:
            self._direct = view[: body.room]
        if self._paused:
            self._resume()
        try:
            await self._wait()
        finally:
            self._direct = _NOTHING
        if self._got:
            body.direct(self._got)
        return self._got

    async def _wait(self) -> None:
        """Until something has happened."""
        if self._error is not None:
            raise self._error
        self._began = self._heard = self._loop.time()
        self._waiter = self._loop.create_future()
        try:
            await self._waiter
        finally:
            self._waiter = None
            self._left -= self._loop.time() - self._began
        if self._error is not None:
            raise self._error

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    def _fail(self, error: BaseException) -> None:
        if self._error is None:
            self._error = error
        self._wake()

    def _pause(self) -> None:
        assert self._transport is not None
        self._paused = True
        self._transport.pause_reading()

    def _resume(self) -> None:
        assert self._transport is not None
        self._paused = False
        self._transport.resume_reading()

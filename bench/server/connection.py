"""HTTP/1.1 for one connection: heads into a small buffer, bodies straight into their own, replies without copies."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Iterator, Sequence
from typing import Any, cast

from bench.server.messages import Buffer, Request, Response, S3Error, parse_head

Answer = Callable[[Request], Response | Coroutine[Any, Any, Response]]
_HEAD_ROOM = 64 * 1024
_AT_ONCE = 256 * 1024
"""Bytes that are handed to the transport at a time."""
_END = b"\r\n\r\n"


class Connection(asyncio.BufferedProtocol):
    """Answers one request after the other. What takes long is answered by a coroutine."""

    def __init__(self, answer: Answer) -> None:
        self._answer = answer
        self._head = bytearray(_HEAD_ROOM)
        self._view = memoryview(self._head)
        self._filled = 0
        self._request: Request | None = None
        """Whose body is being received."""
        self._body = memoryview(bytearray())
        self._got = 0
        self._answering = self._closing = False
        self._writable = True
        self._left: Iterator[Buffer] = iter(())
        self._task: asyncio.Task[None] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)  # uvloop's is one without saying so
        self._transport.set_write_buffer_limits(high=_AT_ONCE)

    def connection_lost(self, exc: Exception | None) -> None:
        self._left = iter(())
        if self._task is not None:
            self._task.cancel()

    def get_buffer(self, sizehint: int) -> memoryview:
        return self._view[self._filled :] if self._request is None else self._body[self._got :]

    def buffer_updated(self, nbytes: int) -> None:
        if self._request is None:
            self._filled += nbytes
            self._look()
            return
        self._got += nbytes
        if self._got == len(self._body):
            request, self._request = self._request, None
            request.body = self._body
            self._body = memoryview(bytearray())
            self._begin(request)

    def pause_writing(self) -> None:
        self._writable = False

    def resume_writing(self) -> None:
        self._writable = True
        self._pump()

    def _look(self) -> None:
        """Take up the next request, if all of its head is there and the last one is answered."""
        if self._answering:
            return
        end = self._head.find(_END, 0, self._filled)
        if end < 0:
            if self._filled == _HEAD_ROOM:
                self._transport.close()
            return
        try:
            request = parse_head(bytes(self._view[:end]))
            length = request.length
        except ValueError:
            self._transport.close()
            return
        self._take_body(request, end + len(_END), length)

    def _take_body(self, request: Request, start: int, length: int) -> None:
        there = min(self._filled - start, length)
        if there == length:
            request.body = bytes(self._view[start : start + length])
            self._shift(start + length)
            self._begin(request)
            return
        self._body = memoryview(bytearray(length))
        self._body[:there] = self._view[start : start + there]
        self._got, self._request, self._filled = there, request, 0
        if "expect" in request.headers:
            self._transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")

    def _shift(self, used: int) -> None:
        """Keep what came behind a request."""
        rest = self._filled - used
        if rest:
            self._head[:rest] = self._head[used : self._filled]
        self._filled = rest

    def _begin(self, request: Request) -> None:
        self._answering = True
        try:
            answer = self._answer(request)
        except S3Error as error:
            answer = error.response()
        if isinstance(answer, Response):
            self._send(request, answer)
        else:
            self._task = asyncio.get_running_loop().create_task(self._finish(request, answer))

    async def _finish(self, request: Request, answer: Coroutine[Any, Any, Response]) -> None:
        try:
            response = await answer
        except S3Error as error:
            response = error.response()
        self._task = None
        self._send(request, response)

    def _send(self, request: Request, response: Response) -> None:
        body = () if request.method == "HEAD" else response.body
        head = response.head()
        if sum(map(len, body)) < _AT_ONCE:
            self._transport.write(b"".join((head, *body)))
        else:
            self._transport.write(head)
            self._left = _slices(body)
        self._closing = request.headers.get("connection", "").lower() == "close"
        self._pump()

    def _pump(self) -> None:
        """Hand on what the transport takes; at the end of a response go on with the next request."""
        if not self._answering:
            return
        while self._writable:
            piece = next(self._left, None)
            if piece is None:
                self._answered()
                return
            self._transport.write(piece)

    def _answered(self) -> None:
        self._answering = False
        if self._closing:
            self._transport.close()
        elif self._filled:
            self._look()


def _slices(body: Sequence[Buffer]) -> Iterator[Buffer]:
    for piece in body:
        view = memoryview(piece)
        for offset in range(0, len(view), _AT_ONCE):
            yield view[offset : offset + _AT_ONCE]

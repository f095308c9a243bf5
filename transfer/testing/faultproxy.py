"""An HTTP proxy on loopback, before a real server, that damages what passes.

It shows what only happens on the wire: connections that break in the middle of a body, replies
that end too early, wrong bytes, silence. Every request has a connection of its own, so that a fault hits
just the one that the plan chose.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
from collections.abc import AsyncIterator

from transfer.testing.faults import Fault, Plan, damaged
from transfer.testing.processes import HOST

_HEAD = 64 * 1024
_ARRIVAL_SECONDS = 0.02


def _error(status: str, code: str, message: str) -> bytes:
    """A whole reply, as S3 refuses."""
    details = f"<Code>{code}</Code><Message>{message}</Message><RequestId>injected</RequestId>"
    body = f'<?xml version="1.0" encoding="UTF-8"?><Error>{details}</Error>'
    headers = f"Content-Type: application/xml\r\nContent-Length: {len(body)}\r\nConnection: close"
    return f"HTTP/1.1 {status}\r\n{headers}\r\n\r\n{body}".encode()


_REFUSALS = {
    Fault.INTERNAL: _error("500 Internal Server Error", "InternalError", "We encountered an internal error."),
    Fault.SLOW_DOWN: _error("503 Slow Down", "SlowDown", "Please reduce your request rate."),
}


class FaultProxy:
    """Passes requests on to ``port`` as ``plan`` allows. ``injected`` tells what went wrong so far.

    Clients use :attr:`endpoint` in place of the server's.
    """

    def __init__(self, port: int, plan: Plan) -> None:
        self.plan = plan
        self.injected: list[tuple[str, Fault]] = []
        self._upstream = port
        self._port = 0
        self._server: asyncio.Server | None = None
        self._talks: set[asyncio.Task[None]] = set()

    @property
    def endpoint(self) -> str:
        return f"http://{HOST}:{self._port}"

    async def start(self) -> None:
        """Listen, on the same port as before if there was one."""
        self._server = await asyncio.start_server(self._accept, HOST, self._port, limit=_HEAD)
        self._port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        """Refuse connections, and break those that are open: the server has gone away."""
        if self._server is None:
            return
        self._server.close()
        while self._talks:
            talks = list(self._talks)
            for talk in talks:
                talk.cancel()
            await asyncio.gather(*talks, return_exceptions=True)
        await self._server.wait_closed()
        await asyncio.sleep(0)  # in which the event loop lets go of what was aborted

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        talk = asyncio.create_task(self._talk(reader, writer))
        self._talks.add(talk)
        talk.add_done_callback(self._talks.discard)
        # Cancelled before it began, it closes nothing by itself.
        talk.add_done_callback(lambda _: writer.transport.abort())

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await self._serve(reader, writer)
        except (OSError, asyncio.IncompleteReadError):
            _reset(writer)
        except asyncio.CancelledError:
            writer.transport.abort()
            raise
        finally:
            await _closed(writer)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Take one request and answer it; a ConnectionError here becomes one at the client."""
        head = await reader.readuntil(b"\r\n\r\n")
        fault = self.plan(_what(head))
        if fault:
            self.injected.append((_what(head), fault))
        if fault is Fault.REFUSED:
            raise ConnectionResetError
        await _continue(head, writer)
        size = int(_header(head, b"content-length") or 0)
        if fault is Fault.RESET and size:
            await reader.readexactly(size // 2)
            raise ConnectionResetError
        body = await reader.readexactly(size)
        if fault is Fault.HUNG:
            await reader.read()
        elif fault in _REFUSALS:
            writer.write(_REFUSALS[fault])
        else:
            await self._pass(head, body, fault, writer)
        await writer.drain()

    async def _pass(self, head: bytes, body: bytes, fault: Fault | None, writer: asyncio.StreamWriter) -> None:
        """Have the server answer. Of request and reply, the one with a body comes out wrong, the request first."""
        wrong = fault is Fault.WRONG
        reply_head, reply = await self._fetch(head, damaged(body) if wrong else body)
        if fault is Fault.LOST_REPLY:
            raise ConnectionResetError
        if fault not in (Fault.SHORT, Fault.RESET):
            writer.write(reply_head + (damaged(reply) if wrong and not body else reply))
        elif reply:
            writer.write(reply_head + reply[: len(reply) // 2])
        if fault is Fault.RESET:
            await writer.drain()
            # A reset overtakes what was sent before it.
            await asyncio.sleep(_ARRIVAL_SECONDS)
            raise ConnectionResetError

    async def _fetch(self, head: bytes, body: bytes) -> tuple[bytes, bytes]:
        """The server's whole reply, read to its end: head and body."""
        reader, writer = await asyncio.open_connection(HOST, self._upstream, limit=_HEAD)
        try:
            writer.write(_closing(head) + body)
            await writer.drain()
            reply_head = await reader.readuntil(b"\r\n\r\n")
            return _closing(reply_head), await reader.read()
        finally:
            writer.close()
            with contextlib.suppress(OSError):
                await writer.wait_closed()


@contextlib.asynccontextmanager
async def fault_proxy(port: int, plan: Plan = lambda what: None) -> AsyncIterator[FaultProxy]:
    """A proxy before the server at that loopback port, stopped in the end."""
    proxy = FaultProxy(port, plan)
    await proxy.start()
    try:
        yield proxy
    finally:
        await proxy.stop()


def _what(head: bytes) -> str:
    """Method and target, as plans are asked."""
    return head.split(b" HTTP/", 1)[0].decode("latin-1")


def _header(head: bytes, name: bytes) -> bytes | None:
    for line in head.split(b"\r\n")[1:]:
        key, _, value = line.partition(b":")
        if key.strip().lower() == name:
            return value.strip()
    return None


def _closing(head: bytes) -> bytes:
    """The same head, for a connection that ends with this message; nothing is asked before the body is sent."""
    lines = head[:-4].split(b"\r\n")
    kept = [line for line in lines if line.partition(b":")[0].lower() not in (b"connection", b"expect", b"keep-alive")]
    return b"\r\n".join([*kept, b"Connection: close", b"", b""])


async def _continue(head: bytes, writer: asyncio.StreamWriter) -> None:
    if (_header(head, b"expect") or b"").lower() == b"100-continue":
        writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        await writer.drain()


def _reset(writer: asyncio.StreamWriter) -> None:
    """Close so that the other side sees a reset."""
    connection = writer.get_extra_info("socket")
    if connection is not None:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


async def _closed(writer: asyncio.StreamWriter) -> None:
    """Close the connection when all is sent; when that is cancelled, at once."""
    writer.close()
    try:
        with contextlib.suppress(OSError):
            await writer.wait_closed()
    except asyncio.CancelledError:
        writer.transport.abort()
        raise

"""HTTP/1.1 as object stores need it: requests out, replies in, nothing decoded, redirected or retried on the way."""

from __future__ import annotations

import asyncio
import logging
import ssl
from collections.abc import Mapping
from contextlib import aclosing
from dataclasses import field
from functools import partial

from transfer.errors import Unsupported
from transfer.model import LongBody
from transfer.plugin import Traffic
from transfer.values import dataclass
from transfer.version import __version__
from transfer.wire.connection import Connection, Pace
from transfer.wire.dial import Dialer, Way, way_to
from transfer.wire.failures import HTTP_ERRORS, translate
from transfer.wire.head import BadReply, Head, request_head
from transfer.wire.pool import Pool
from transfer.wire.stream import Stream

_log = logging.getLogger("transfer.wire")
_LARGEST_REPLY = 64 * 1024 * 1024
"""Bytes. A page of a listing has some hundred thousand."""
_STEP = 256 * 1024
"""Bytes by which the buffer grows for a reply that does not tell its size."""
_FIXED = f"Accept-Encoding: identity\r\nUser-Agent: transfer/{__version__}\r\n"
_SENDING = frozenset({"PUT", "POST"})
_NOTHING = b""


@dataclass(frozen=True, slots=True)
class HttpOptions:
    """Times in seconds. None of them runs while a request waits for one of ``connections``."""

    connect_timeout: float = 10.0
    idle_timeout: float = 60.0
    """Longest silence while a reply is awaited or read, or a body written."""
    request_timeout: float = 600.0
    connections: int = 64
    tls: ssl.SSLContext | None = None


@dataclass(frozen=False, slots=True)
class Request:
    """``url`` is encoded and sent as it is. ``patient``: the server may work silently for long.

    ``pace`` is awaited ahead of each piece of the body, as :attr:`transfer.model.Body.pace` is.
    """

    method: str
    url: str
    headers: Mapping[str, str] = field(repr=False)
    body: bytes | bytearray | memoryview = field(default=_NOTHING, repr=False)
    patient: bool = False
    pace: Pace | None = field(default=None, repr=False)
    long: LongBody | None = field(default=None, repr=False)
    """In place of ``body``. What its pieces raise comes out as it is."""


@dataclass(frozen=True, slots=True)
class Reply:
    """A reply read to its end. Names of ``headers`` are in lower case."""

    status: int
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)


class Http:
    """Connections to servers. Raises only TransferError and its kinds. Use it in one event loop."""

    def __init__(self, options: HttpOptions) -> None:
        self.traffic = Traffic()
        self._options = options
        self._slots = asyncio.Semaphore(options.connections)
        self._dialer = Dialer(options.connect_timeout, options.tls, self.traffic)
        self._ways: dict[str, Way] = {}
        self._pool = Pool()
        self._busy: set[Connection] = set()
        self._tick = max(0.01, min(1.0, options.idle_timeout / 4, options.request_timeout / 4))
        self._watch: asyncio.TimerHandle | None = None

    async def call(self, request: Request) -> Reply:
        """Send ``request`` and read its whole reply, which must be small."""
        origin, target = _split(request.url)
        if self.traffic.turn is not None:
            await self.traffic.turn()
        async with self._slots:
            connection = await self._connected(origin)
            try:
                head = await self._ask(connection, origin, target, request, counted=False)
                _refuse_large(request, head.length)
                body = await _read_all(connection, head) if head.length != 0 else _NOTHING
                return Reply(head.status, head.headers, body)
            except HTTP_ERRORS as error:
                raise translate(error, host_of(request.url), body=True) from None
            finally:
                self._release(origin, connection)

    async def open(self, request: Request) -> Stream:
        """Send ``request`` and leave the reply's body to be read bit by bit; the reader's own pauses do not count.

        The reply holds its connection until it is closed.
        """
        origin, target = _split(request.url)
        if self.traffic.turn is not None:
            await self.traffic.turn()
        await self._slots.acquire()
        connection = None
        try:
            connection = await self._connected(origin)
            head = await self._ask(connection, origin, target, request, counted=True)
        except BaseException:
            self._leave(origin, connection)
            raise
        return Stream(connection, head, host_of(request.url), partial(self._leave, origin, connection))

    def _leave(self, origin: str, connection: Connection | None) -> None:
        """Give a slot back, and the connection that it was for."""
        if connection is not None:
            self._release(origin, connection)
        self._slots.release()

    async def aclose(self) -> None:
        """Close all connections. Idempotent."""
        self._pool.close()
        for connection in self._busy:
            connection.abort()
        if self._watch is not None:
            self._watch.cancel()
            self._watch = None
        # The event loop closes them in its next turns, TLS after a word of goodbye.
        await asyncio.sleep(0)

    async def _connected(self, origin: str) -> Connection:
        loop = asyncio.get_running_loop()
        connection = self._pool.take(origin, loop.time()) or await self._dialer.dial(self._way(origin))
        self._busy.add(connection)
        if self._watch is None:
            self._watch = loop.call_later(self._tick, self._look_round, loop)
        return connection

    async def _ask(self, connection: Connection, origin: str, target: str, request: Request, *, counted: bool) -> Head:
        """Send the request; the head of its reply."""
        options, way = self._options, self._way(origin)
        silence = None if request.patient else options.idle_timeout
        connection.begin(request.method, seconds=options.request_timeout, silence=silence, counted=counted)
        try:
            if request.long is None:
                await connection.send(_head_of(request, way, target), memoryview(request.body), request.pace)
            else:
                async with aclosing(request.long.pieces()) as pieces:
                    await connection.send_pieces(_head_of(request, way, target), pieces, request.pace)
            head = await connection.answer()
        except HTTP_ERRORS as error:
            raise translate(error, way.authority) from None
        _log.debug("%s %s: %d", request.method, request.url, head.status)
        return head

    def _release(self, origin: str, connection: Connection) -> None:
        self._busy.discard(connection)
        if connection.finish():
            self._pool.keep(origin, connection)
        else:
            connection.abort()

    def _look_round(self, loop: asyncio.AbstractEventLoop) -> None:
        """End what waits for too long: one timer for all, as almost none ever runs out."""
        now = loop.time()
        for connection in self._busy:
            connection.expire(now)
        self._pool.drop_old(now)
        again = self._busy or len(self._pool)
        self._watch = loop.call_later(self._tick, self._look_round, loop) if again else None

    def _way(self, origin: str) -> Way:
        way = self._ways.get(origin)
        if way is None:
            way = self._ways[origin] = way_to(origin)
        return way


def _head_of(request: Request, way: Way, target: str) -> bytes:
    fixed = _FIXED
    if way.forwarded:
        target = f"http://{way.authority}{target}"
        if way.proxy is not None and way.proxy.login:
            fixed += f"Proxy-Authorization: {way.proxy.login}\r\n"
    if request.long is not None:
        fixed += f"Content-Length: {request.long.size}\r\n"
    elif request.body or request.method in _SENDING:
        fixed += f"Content-Length: {len(request.body)}\r\n"
    return request_head(request.method, target or "/", way.authority, request.headers, fixed)


async def _read_all(connection: Connection, head: Head) -> bytes:
    if head.length is not None:
        body = bytearray(head.length)
        await connection.readinto(memoryview(body))
        return bytes(body)
    pieces = bytearray()
    step = memoryview(bytearray(_STEP))
    while (got := await connection.readinto(step)) == _STEP:
        pieces += step
        if len(pieces) > _LARGEST_REPLY:
            raise BadReply("an endless body")
    return bytes(pieces + step[:got])


def _refuse_large(request: Request, size: int | None) -> None:
    """Raise Unsupported for a reply that can't be what was asked for: some servers give the object instead."""
    if size is not None and size > _LARGEST_REPLY:
        raise Unsupported(f"'{host_of(request.url)}' answered with {size:,} bytes where a short reply belongs")


def _split(url: str) -> tuple[str, str]:
    """Scheme with authority, and what a request asks for there."""
    scheme, _, rest = url.partition("://")
    authority, slash, path = rest.partition("/")
    return f"{scheme}://{authority}", slash + path


def host_of(url: str) -> str:
    """The host and port of an address, for messages."""
    return url.partition("//")[2].partition("/")[0]

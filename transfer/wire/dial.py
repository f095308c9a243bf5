"""From a server's address to an open connection: by name, through proxies, with TLS."""

from __future__ import annotations

import asyncio
import os
import socket
import ssl
from dataclasses import dataclass
from urllib.parse import urlsplit

from transfer.errors import Misconfigured, Transient
from transfer.plugin import Traffic
from transfer.wire.connection import Connection
from transfer.wire.head import BadReply, request_head
from transfer.wire.proxies import Proxy, proxy_for

_PORTS = {"http": 80, "https": 443}
_PLAIN = ("WRONG_VERSION_NUMBER", "HTTP_REQUEST", "PACKET_LENGTH_TOO_LONG", "RECORD_LAYER_FAILURE")
"""What OpenSSL makes of an answer in plain HTTP, in its versions."""


@dataclass(frozen=True, slots=True)
class Way:
    """Where a server is (``authority`` as in its address) and how it is reached."""

    scheme: str
    authority: str
    host: str
    port: int
    proxy: Proxy | None

    @property
    def forwarded(self) -> bool:
        """Whether requests themselves go to a proxy, which wants whole addresses in them."""
        return self.proxy is not None and self.scheme == "http"

    @property
    def encrypted(self) -> bool:
        """Whether somebody on the way has to show a certificate."""
        return self.scheme == "https" or (self.proxy is not None and self.proxy.scheme == "https")


def way_to(origin: str) -> Way:
    """How ``scheme://authority`` is reached. Raises Misconfigured."""
    try:
        parts = urlsplit(origin)
        host, port = parts.hostname, parts.port
    except ValueError:
        host = port = None
    if not host or parts.scheme not in _PORTS:
        raise Misconfigured(f"'{origin.partition('//')[2]}' makes no valid address")
    proxy = proxy_for(parts.scheme, parts.netloc)
    return Way(parts.scheme, parts.netloc, host, port or _PORTS[parts.scheme], proxy)


class Dialer:
    """Opens connections; each has ``seconds`` to be made, its proxy and TLS included."""

    def __init__(self, seconds: float, tls: ssl.SSLContext | None, traffic: Traffic) -> None:
        self._seconds = seconds
        self._tls = tls
        self._traffic = traffic

    async def dial(self, way: Way) -> Connection:
        """A connection that is ready for requests. Raises Misconfigured, Transient."""
        try:
            async with asyncio.timeout(self._seconds):
                return await self._dial(way)
        except TimeoutError:
            raise Transient(f"No connection to '{way.authority}' within the time allowed") from None
        except ssl.SSLError as error:
            if way.proxy is None and error.reason in _PLAIN:
                raise Misconfigured(
                    f"The server at '{way.authority}' does not speak TLS; write its address as http://{way.authority}"
                ) from None
            reason = getattr(error, "verify_message", "") or error.reason or "TLS failed"
            message = f"No trusted connection to '{way.authority}': {reason}; see the setting 'ca_bundle'"
            raise Misconfigured(message) from None
        except (socket.gaierror, UnicodeError):
            raise Transient(f"The host name '{_asked(way)}' could not be resolved") from None
        except OSError as error:
            raise Transient(_unreachable(way, error)) from None
        except (EOFError, BadReply):
            raise Transient(f"The proxy on the way to '{way.authority}' sent no valid HTTP") from None

    async def _dial(self, way: Way) -> Connection:
        if way.proxy is None:
            return await self._connect(way.host, way.port, tls=way.scheme == "https")
        connection = await self._connect(way.proxy.host, way.proxy.port, tls=way.proxy.scheme == "https")
        if not way.forwarded:
            try:
                await self._tunnel(connection, way, way.proxy)
            except BaseException:
                connection.abort()
                raise
        return connection

    async def _connect(self, host: str, port: int, *, tls: bool) -> Connection:
        loop = asyncio.get_running_loop()
        context = await self._context() if tls else None
        _, connection = await loop.create_connection(lambda: Connection(loop, self._traffic), host, port, ssl=context)
        return connection

    async def _tunnel(self, connection: Connection, way: Way, proxy: Proxy) -> None:
        target = f"{_bracketed(way.host)}:{way.port}"
        login = {"Proxy-Authorization": proxy.login} if proxy.login else {}
        connection.begin("CONNECT", seconds=self._seconds, silence=None, counted=False)
        await connection.send(request_head("CONNECT", target, target, login, ""), memoryview(b""), None)
        head = await connection.answer()
        if head.status >= 300:
            raise Misconfigured(f"The proxy refused the way to '{way.authority}' with status {head.status}")
        await connection.secure(await self._context(), way.host)

    async def _context(self) -> ssl.SSLContext:
        if self._tls is None:
            # Reads the system's authorities from disk.
            self._tls = await asyncio.to_thread(ssl.create_default_context)
        return self._tls


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host


def _asked(way: Way) -> str:
    return way.proxy.host if way.proxy else way.authority


def _unreachable(way: Way, error: OSError) -> str:
    reason = os.strerror(error.errno) if error.errno else "no reason was given"
    if way.proxy is not None:
        return f"The proxy on the way to '{way.authority}' can't be reached: {reason}"
    return f"No connection to '{way.authority}': {reason}"

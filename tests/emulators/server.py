"""Serves one service over HTTP, and spoils answers where a test wants that."""

from __future__ import annotations

import asyncio
import secrets
import socket
import ssl
from collections.abc import AsyncIterator

from aiohttp import web

from tests.emulators.api import Api
from tests.emulators.clock import http_date
from tests.emulators.control import CONTROL, control
from tests.emulators.controls import Fault, Seen
from tests.emulators.messages import Call, Refused, Reply
from tests.emulators.truncating import TruncatingServer

HOST = "127.0.0.1"
_LATE_SECONDS = 0.05
_GRACE_SECONDS = 0.1
"""For answers that are under way when it ends. Some hang."""
LONG_SECONDS = 3600
_HEADERS = 64 * 1024


class Server:
    """A service that can be reached, by HTTP and, with a certificate, by HTTPS."""

    def __init__(self, service: Api) -> None:
        self._service = service
        kind = TruncatingServer if service.truncates else web.Server
        self._runner = web.ServerRunner(
            kind(self._handle, access_log=None, auto_decompress=False, max_field_size=_HEADERS, max_line_size=_HEADERS),
            shutdown_timeout=_GRACE_SECONDS,
        )

    async def start(self, port: int = 0, tls: ssl.SSLContext | None = None) -> int:
        """Listen; returns the port. May be called again, for another."""
        first = self._runner.server is None or not self._runner.sites
        if first:
            await self._runner.setup()
        site = web.TCPSite(self._runner, HOST, port, ssl_context=tls)
        before = len(self._runner.addresses)
        await site.start()
        bound: int = self._runner.addresses[before][1]
        if first:
            self._loop = asyncio.get_running_loop()
            self._service.served(bound, self.another)
        return bound

    def another(self) -> int:
        """Listen at one more port, asked for in whatever thread; returns it."""
        made = socket.create_server((HOST, 0))
        asyncio.run_coroutine_threadsafe(web.SockSite(self._runner, made).start(), self._loop)
        port: int = made.getsockname()[1]
        return port

    async def stop(self) -> None:
        """Close everything."""
        await self._runner.cleanup()

    async def _handle(self, request: web.BaseRequest) -> web.StreamResponse:
        if request.raw_path.startswith(CONTROL):
            return await control(self._service, request)
        service, body = self._service, _Body(request)
        call = Call(
            request.method,
            _target(request),
            _headers(request),
            body,
            secrets.token_hex(12).upper(),
            port=_port(request),
        )
        reply, fault, code = await self._answer(call)
        controls = service.controls
        controls.seen.append(Seen(call.verb, call.method, call.bucket, call.key, reply.status, code))
        if fault is not None and fault.kind in ("reset", "lost"):
            return abort(request)
        common = {"Date": http_date(service.clock.now()), **service.common_headers(call)}
        reply.headers = {**common, **reply.headers}
        return await send(request, reply, fault, close=body.unasked)

    async def _answer(self, call: Call) -> tuple[Reply, Fault | None, str]:
        service, fault = self._service, None
        try:
            await service.receive(call)
            service.locate(call)
            route = service.route(call)
            call.verb = route.verb if route is not None else "unknown"
            fault = service.controls.fault(call.verb, call.key)
            if fault is not None and fault.kind == "hang":
                await asyncio.sleep(LONG_SECONDS)
            if fault is not None and fault.kind == "reset":
                return Reply(), fault, ""
            reply, code = await service.answer(call, fault), ""
        except Refused as refused:
            reply, code = service.error(call, refused), refused.code
        finally:
            service.controls.calls[call.verb or "unknown"] += 1
        if fault is not None and fault.kind == "wrong crc":
            service.spoil_checksum(reply)
        return reply, fault, code


def _port(request: web.BaseRequest) -> int:
    name = request.transport.get_extra_info("sockname") if request.transport is not None else None
    return int(name[1]) if name else 0


class _Body:
    def __init__(self, request: web.BaseRequest) -> None:
        self._request = request
        self.unasked = request.headers.get("Expect", "").lower() == "100-continue"
        """Whether the client waits to be told that it may send it. Told something else it may not send it at all."""

    async def chunks(self) -> AsyncIterator[bytes]:
        request = self._request
        if self.unasked and request.transport is not None:
            self.unasked = False
            request.transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        async for data in request.content.iter_any():
            yield data


def _target(request: web.BaseRequest) -> str:
    # Some clients send the whole URL.
    raw = request.raw_path
    return "/" + raw.partition("://")[2].partition("/")[2] if "://" in raw.partition("?")[0] else raw


def _headers(request: web.BaseRequest) -> dict[str, str]:
    """As they were sent; of one that is repeated, all values."""
    headers: dict[str, str] = {}
    for raw_name, raw_value in request.raw_headers:
        name, value = raw_name.decode("latin-1").lower(), _text(raw_value)
        headers[name] = f"{headers[name]},{value}" if name in headers else value
    return headers


def _text(raw: bytes) -> str:
    try:
        return raw.decode()
    except UnicodeDecodeError:
        return raw.decode("latin-1")


def abort(request: web.BaseRequest) -> web.StreamResponse:
    if request.transport is not None:
        request.transport.abort()
    return web.Response()


async def send(
    request: web.BaseRequest, reply: Reply, fault: Fault | None, *, close: bool = False
) -> web.StreamResponse:
    chunked = reply.headers.pop("Transfer-Encoding", "") or reply.late is not None
    if request.method != "HEAD" and reply.blob is None and not chunked and fault is None:
        whole = web.Response(status=reply.status, headers=reply.headers, body=reply.body)
        if close:
            whole.force_close()
        return whole
    response = web.StreamResponse(status=reply.status, headers=reply.headers)
    if close:
        response.force_close()
    if chunked:
        response.enable_chunked_encoding()
    elif "Content-Length" not in reply.headers:
        response.content_length = 0 if request.method == "HEAD" else reply.size
    await response.prepare(request)
    if request.method == "HEAD":
        return response
    sent = 0
    async for data in _spoiled(_chunks(reply), fault):
        cut = data
        if fault is not None and fault.kind == "short":
            cut = data[: max(0, fault.after - sent)]
        await response.write(cut)
        sent += len(cut)
        if len(cut) < len(data):
            await asyncio.sleep(_LATE_SECONDS)
            return abort(request)
    await response.write_eof()
    return response


async def _chunks(reply: Reply) -> AsyncIterator[bytes]:
    if reply.late is not None:
        await asyncio.sleep(_LATE_SECONDS)
        yield reply.late
    elif reply.blob is None:
        yield reply.body
    else:
        for data in reply.blob.chunks(*reply.piece):
            yield data


async def _spoiled(chunks: AsyncIterator[bytes], fault: Fault | None) -> AsyncIterator[bytes]:
    kind = fault.kind if fault is not None else None
    async for data in chunks:
        if kind == "wrong body" and data:
            yield bytes([data[0] ^ 1]) + data[1:]
            kind = None
        elif kind == "slow" and fault is not None:
            step = max(1, fault.after // 20)
            for start in range(0, len(data), step):
                await asyncio.sleep(step / max(1, fault.after))
                yield data[start : start + step]
        else:
            yield data

"""An HTTP gate before a real S3 server: passes requests on, or answers them itself."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from io import BytesIO
from ssl import SSLContext

from aiohttp import ClientSession, web
from yarl import URL

Refuse = Callable[[web.Request], web.Response | None]
_HOP_BY_HOP = {"connection", "transfer-encoding", "keep-alive", "content-length"}


@dataclass(slots=True)
class Gate:
    """``refuse`` gives a reply of its own, or None to pass a request on. ``passed`` names those passed on."""

    port: int
    refuse: Refuse
    scheme: str = "http"
    passed: list[str] = field(default_factory=list)

    @property
    def endpoint(self) -> str:
        return f"{self.scheme}://127.0.0.1:{self.port}"


@asynccontextmanager
async def gate(upstream: str, refuse: Refuse, tls: SSLContext | None = None) -> AsyncIterator[Gate]:
    """Open a gate before ``upstream`` (scheme, host and port), which speaks TLS itself with ``tls``."""
    async with ClientSession(auto_decompress=False) as session:
        opened = Gate(0, refuse, "http" if tls is None else "https")

        async def handle(request: web.Request) -> web.StreamResponse:
            body = await request.read()
            refused = opened.refuse(request)
            if refused is not None:
                return refused
            opened.passed.append(f"{request.method} {request.path}")
            url = URL(upstream + request.raw_path, encoded=True)
            async with session.request(
                request.method,
                url,
                headers=_kept(request.headers),
                data=BytesIO(body) if body else None,
                allow_redirects=False,
                skip_auto_headers=("Content-Type", "User-Agent"),
            ) as reply:
                headers = _kept(reply.headers)
                if request.method == "HEAD" and "Content-Length" in reply.headers:
                    headers["Content-Length"] = reply.headers["Content-Length"]
                    return web.Response(status=reply.status, headers=headers)
                return web.Response(status=reply.status, headers=headers, body=await reply.read())

        app = web.Application(client_max_size=1 << 30)
        app.router.add_route("*", "/{path:.*}", handle)
        runner = web.AppRunner(app, auto_decompress=False, shutdown_timeout=0.1)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0, ssl_context=tls)
        await site.start()
        opened.port = runner.addresses[0][1]
        try:
            yield opened
        finally:
            await runner.cleanup()


def _kept(headers: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in headers.items() if name.lower() not in _HOP_BY_HOP}


def refusal(status: int, code: str, message: str) -> web.Response:
    """A reply as S3 refuses."""
    body = f"<Error><Code>{code}</Code><Message>{message}</Message><RequestId>gate-1</RequestId></Error>"
    return web.Response(status=status, text=body, content_type="application/xml")

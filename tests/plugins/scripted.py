"""An S3 server that answers as a test says, and remembers what it was asked."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from aiohttp import web

from transfer.plugin import Location, Store, StoreOptions
from transfer_s3 import plugin

KEYS = {"access_key_id": "AKIDEXAMPLE", "secret_access_key": "open-sesame-secret"}


@dataclass(frozen=True, slots=True)
class Asked:
    """One request as it arrived. ``target`` is the undecoded path and query."""

    method: str
    target: str
    headers: dict[str, str] = field(repr=False)
    body: bytes = field(repr=False)


Script = Callable[[Asked], web.Response]


class ScriptedServer:
    """``endpoint`` is where it listens; ``asked`` is what it saw."""

    def __init__(self) -> None:
        self.endpoint = ""
        self.asked: list[Asked] = []
        self._opened: list[Store] = []

    async def open(self, prefix: str = "", options: StoreOptions | None = None, **settings: str) -> Store:
        """A store of its bucket, closed in the end."""
        given = {"endpoint": self.endpoint, **KEYS, **settings}
        location = Location(f"s3://bucket/{prefix}", "s3", "bucket", prefix, given)
        self._opened.append(await plugin.open(location, options or StoreOptions()))
        return self._opened[-1]

    async def aclose(self) -> None:
        """Close its stores."""
        for store in self._opened:
            await store.aclose()


@asynccontextmanager
async def scripted(script: Script) -> AsyncIterator[ScriptedServer]:
    """Serve on a free port of loopback."""
    server = ScriptedServer()

    async def answer(request: web.BaseRequest) -> web.Response:
        headers = {name.lower(): value for name, value in request.headers.items()}
        server.asked.append(Asked(request.method, request.raw_path, headers, await request.read()))
        return script(server.asked[-1])

    runner = web.ServerRunner(web.Server(answer), shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    try:
        address = runner.addresses[0]
        server.endpoint = f"http://{address[0]}:{address[1]}"
        yield server
    finally:
        await server.aclose()
        await runner.cleanup()


def document(text: str, status: int = 200, **headers: str) -> web.Response:
    """An XML reply; underscores in the headers' names are dashes."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return web.Response(status=status, body=text.encode(), headers={"Content-Type": "application/xml", **named})


def error(code: str, status: int, extra: str = "", **headers: str) -> web.Response:
    """An error as S3 tells it."""
    text = f"<Error><Code>{code}</Code><Message>told so</Message><RequestId>r1</RequestId>{extra}</Error>"
    return document(text, status, **headers)


EMPTY_LISTING = "<ListBucketResult><IsTruncated>false</IsTruncated></ListBucketResult>"

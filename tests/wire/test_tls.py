"""Whom to trust: the system's authorities, or those in a file."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from tests.certificates import make_certificate, serving
from tests.wire.raw import read_body
from transfer.errors import Misconfigured
from transfer.wire.http import Http, HttpOptions, Request
from transfer.wire.tls import trusting

_REPLY = b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nsecret"


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    """A file with a certificate for loopback, signed by itself, and its key."""
    return make_certificate(tmp_path / "ca.pem")


@asynccontextmanager
async def _server(certificate: Path, reply: bytes = _REPLY) -> AsyncIterator[str]:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await read_body(await reader.readuntil(b"\r\n\r\n"), reader)
        writer.write(reply)
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=serving(certificate))
    try:
        yield f"https://127.0.0.1:{server.sockets[0].getsockname()[1]}/"
    finally:
        server.close()
        await asyncio.sleep(0.05)


async def test_an_authority_of_ones_own(certificate: Path) -> None:
    """With the bundle the server is trusted."""
    http = Http(HttpOptions(tls=await trusting(str(certificate))))
    async with _server(certificate) as url:
        assert (await http.call(Request("GET", url, {}))).body == b"secret"
        await http.aclose()


async def test_a_stranger(certificate: Path) -> None:
    """Without it nothing is sent, and the setting that helps is named."""
    http = Http(HttpOptions())
    async with _server(certificate) as url:
        with pytest.raises(Misconfigured, match=r"self.signed certificate.*'ca_bundle'"):
            await http.call(Request("GET", url, {}))
        await http.aclose()


async def test_a_server_without_tls() -> None:
    """It is told as that, and no certificate is looked for."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1)
        writer.write(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")
        writer.close()

    http = Http(HttpOptions())
    async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
        host = f"127.0.0.1:{server.sockets[0].getsockname()[1]}"
        with pytest.raises(Misconfigured, match=f"^The server at '{host}' does not speak TLS; write .* http://{host}$"):
            await http.call(Request("GET", f"https://{host}/", {}))
        await http.aclose()


@pytest.mark.parametrize("size", [1, 1024 * 1024])
async def test_a_server_that_ends_the_connection(certificate: Path, size: int) -> None:
    """Its answer to an upload counts, though the connection is closed with it."""
    http = Http(HttpOptions(tls=await trusting(str(certificate))))
    async with _server(certificate, _REPLY.replace(b"OK\r\n", b"OK\r\nConnection: close\r\n")) as url:
        for _ in range(2):
            assert (await http.call(Request("PUT", url, {}, bytes(size)))).body == b"secret"
        await http.aclose()

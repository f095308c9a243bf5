"""Connections are kept when that is safe, and tell what crosses them."""

from __future__ import annotations

import asyncio
import socket
import struct
from collections.abc import AsyncGenerator
from contextlib import aclosing, closing
from dataclasses import replace
from pathlib import Path

import pytest

from tests.certificates import make_certificate, serving
from tests.wire.raw import raw_server, read_body, replying
from transfer.errors import Frozen, Misconfigured, TransferError, Transient
from transfer.model import LongBody
from transfer.wire.http import Http, HttpOptions, Request
from transfer.wire.tls import trusting

_OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


class Counting:
    """Answers every request with ``reply``, and counts the connections that they came by."""

    def __init__(self, reply: bytes) -> None:
        self.reply = reply
        self.writers: set[asyncio.StreamWriter] = set()

    async def __call__(self, head: bytes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.writers.add(writer)
        await read_body(head, reader)
        writer.write(self.reply)


@pytest.mark.parametrize(
    ("reply", "connections"),
    [
        (_OK, 1),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n", 1),
        (b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Hints\r\nLink: x\r\n\r\n" + _OK, 1),
        (_OK.replace(b"OK\r\n", b"OK\r\nConnection: close\r\n"), 3),
        (_OK + b"more", 3),
        (_OK.replace(b"1.1", b"1.0"), 3),
    ],
    ids=["sized", "chunked", "interim", "close", "more than announced", "old"],
)
async def test_which_are_used_again(reply: bytes, connections: int) -> None:
    """Those whose reply came to its end, with nothing behind it."""
    server, http = Counting(reply), Http(HttpOptions())
    async with raw_server(server) as url:
        for _ in range(3):
            assert (await http.call(Request("PUT", url, {}, b"body"))).body == b"ok"
            await asyncio.sleep(0.01)
        await http.aclose()
    assert len(server.writers) == connections


async def test_one_that_the_server_closed_is_not_used() -> None:
    """A server may close what is idle; the next request takes another."""

    async def answer(head: bytes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(_OK)
        await writer.drain()
        writer.close()

    http = Http(HttpOptions())
    async with raw_server(answer) as url:
        for _ in range(3):
            assert (await http.call(Request("GET", url, {}))).status == 200
            await asyncio.sleep(0.02)
        await http.aclose()


async def test_one_connection_serves_any_number_of_replies_without_a_body() -> None:
    """Heads do not pile up where no body is ever read."""
    reply = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nx-id: " + b"a" * 1000 + b"\r\n\r\n"
    clients: set[object] = set()

    async def answer(head: bytes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        clients.add(writer)
        writer.write(reply)

    http = Http(HttpOptions())
    async with raw_server(answer) as url:
        for method in ("PUT", "HEAD") * 50:
            assert (await http.call(Request(method, url, {}))).status == 200
        await http.aclose()
    assert len(clients) == 1


async def test_an_answer_ahead_of_the_body() -> None:
    """A success that comes before all was sent is none: the server can't have the object."""

    async def answer(head: bytes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(_OK)
        await writer.drain()
        await asyncio.sleep(5)

    http = Http(HttpOptions())
    async with raw_server(answer) as url:
        with pytest.raises(Transient):
            await http.call(Request("PUT", url, {}, bytes(30_000_000)))
        await http.aclose()


async def test_what_crosses_is_told() -> None:
    """Bodies that are sent, and those of objects that are read; not heads, nor the replies to calls."""
    server, http = Counting(b"HTTP/1.1 200 OK\r\nContent-Length: 300000\r\n\r\n" + bytes(300_000)), Http(HttpOptions())
    view = memoryview(bytearray(300_000))
    async with raw_server(server) as url:
        await http.call(Request("PUT", url, {}, bytes(700_000)))
        assert (http.traffic.written, http.traffic.read) == (700_000, 0)
        with closing(await http.open(Request("GET", url, {}))) as stream:
            await stream.readinto(view[:100])
            assert 100 <= http.traffic.read < 300_000
            await stream.readinto(view[100:])
        assert (http.traffic.written, http.traffic.read) == (700_000, 300_000)
        await http.aclose()


async def test_a_body_is_paced() -> None:
    """No more is sent than is allowed, whatever the body's size."""
    server, http, asked = Counting(_OK), Http(HttpOptions()), list[int]()

    async def pace(size: int) -> int:
        asked.append(min(size, 100_000))
        await asyncio.sleep(0)
        return asked[-1]

    async with raw_server(server) as url:
        await http.call(Request("PUT", url, {}, bytes(600_000), pace=pace))
        await http.call(Request("PUT", url, {}, bytes(10), pace=pace))
        await http.aclose()
    assert asked == [100_000] * 6 + [10]


async def test_a_paced_body_may_take_its_time() -> None:
    """Waiting for one's own limit is no silence of the server's."""
    http = Http(HttpOptions(idle_timeout=0.1, request_timeout=0.2))

    async def pace(size: int) -> int:
        await asyncio.sleep(0.4)
        return size

    async with raw_server(Counting(_OK)) as url:
        assert (await http.call(Request("PUT", url, {}, b"body", pace=pace))).status == 200
        await http.aclose()


def long(*sizes: int, error: TransferError | None = None) -> LongBody:
    """A body in pieces of these sizes, of which each overwrites the last but one."""

    async def pieces() -> AsyncGenerator[memoryview, None]:
        halves = [memoryview(bytearray(max(sizes))) for _ in range(2)]
        for number, size in enumerate(sizes):
            view = halves[number % 2][:size]
            view[:] = bytes([number]) * size
            yield view
        if error is not None:
            raise error

    return LongBody(sum(sizes), {}, pieces)


@pytest.mark.parametrize("paced", [False, True])
async def test_a_body_is_sent_as_it_is_read(paced: bool) -> None:
    """Piece by piece, through buffers that are used again, and by a connection that then serves on."""
    seen: list[bytes] = []
    writers: set[asyncio.StreamWriter] = set()

    async def answer(head: bytes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writers.add(writer)
        await asyncio.sleep(0.02)  # so that more than a socket holds is on its way
        seen.append(await read_body(head, reader))
        writer.write(_OK)

    async def pace(size: int) -> int:
        return min(size, 70_001)

    sizes = (3_000_000, 1, 3_000_000, 2_999_999, 5)
    http = Http(HttpOptions())
    async with raw_server(answer) as url:
        for _ in range(2):
            request = Request("PUT", url, {}, long=long(*sizes), pace=pace if paced else None)
            assert (await http.call(request)).status == 200
        assert http.traffic.written == 2 * sum(sizes)
        await http.aclose()
    assert seen == [b"".join(bytes([number]) * size for number, size in enumerate(sizes))] * 2
    assert len(writers) == 1


async def test_a_long_body_may_take_its_time() -> None:
    """A request's time is that of each piece; one that the server does not take ends it as ever."""
    busy = True

    async def answer(head: bytes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        left = int(head.lower().partition(b"content-length:")[2].split()[0])
        while left and busy:
            left -= len(await reader.readexactly(min(left, 400_000)))
            await asyncio.sleep(0.02)
        if not busy:
            await asyncio.sleep(5)
        writer.write(_OK)

    http = Http(HttpOptions(idle_timeout=5, request_timeout=0.6))
    async with raw_server(answer) as url:
        begun = asyncio.get_running_loop().time()
        assert (await http.call(Request("PUT", url, {}, long=long(*[2_000_000] * 10)))).status == 200
        assert asyncio.get_running_loop().time() - begun > 0.6
        busy = False
        with pytest.raises(Transient):
            await http.call(Request("PUT", url, {}, long=long(*[20_000_000] * 3)))
        await http.aclose()


async def test_what_reading_a_long_body_raises_comes_out() -> None:
    """The connection has no use any more: the server waits for the rest."""
    server, http, error = Counting(_OK), Http(HttpOptions()), Frozen("the source is cold")
    async with raw_server(server) as url:
        with pytest.raises(Frozen) as raised:
            await http.call(Request("PUT", url, {}, long=replace(long(10, 10, error=error), size=30)))
        assert raised.value is error
        assert (await http.call(Request("PUT", url, {}, b"body"))).status == 200
        await http.aclose()
    assert len(server.writers) == 2


async def test_an_early_answer_ends_a_long_body() -> None:
    """What is left of it is not read."""
    read = 0
    body = long(*[4_000_000] * 20)

    async def pieces() -> AsyncGenerator[memoryview, None]:
        nonlocal read
        async with aclosing(body.pieces()) as inner:
            async for piece in inner:
                read += 1
                yield piece

    async def answer(head: bytes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n")
        await writer.drain()
        await asyncio.sleep(0.3)

    http = Http(HttpOptions())
    async with raw_server(answer) as url:
        assert (await http.call(Request("PUT", url, {}, long=replace(body, pieces=pieces)))).status == 403
        await http.aclose()
    assert 0 < read < 20


async def test_a_tunnel(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """https goes through a proxy by CONNECT: only the login is for the proxy, the rest is secret."""
    certificate, seen = make_certificate(tmp_path / "ca.pem"), list[bytes]()
    inner = await asyncio.start_server(_serve_once, "127.0.0.1", 0, ssl=serving(certificate))
    port = inner.sockets[0].getsockname()[1]

    async def proxy(head: bytes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        seen.append(head)
        there, back = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"HTTP/1.1 200 Connected\r\n\r\n")
        try:
            await asyncio.gather(_pipe(reader, back), _pipe(there, writer))
        finally:
            back.close()

    async with raw_server(proxy) as url:
        monkeypatch.setenv("https_proxy", url.replace("http://", "http://user:word@"))
        http = Http(HttpOptions(tls=await trusting(str(certificate))))
        reply = await http.call(Request("GET", f"https://127.0.0.1:{port}/k", {"authorization": "sesame"}))
        await http.aclose()
        await asyncio.sleep(0.05)
    inner.close()
    assert reply.body == b"ok"
    assert seen[0].startswith(f"CONNECT 127.0.0.1:{port} HTTP/1.1\r\n".encode())
    assert b"Proxy-Authorization: Basic dXNlcjp3b3Jk" in seen[0]
    assert b"sesame" not in b"".join(seen)


async def test_a_proxy_that_refuses(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its status is told."""
    async with raw_server(replying(b"HTTP/1.1 407 Who?\r\nContent-Length: 0\r\n\r\n")) as url:
        monkeypatch.setenv("https_proxy", url)
        http = Http(HttpOptions())
        with pytest.raises(Misconfigured, match="status 407"):
            await http.call(Request("GET", "https://bucket.invalid/k", {}))
        await http.aclose()


async def _serve_once(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.readuntil(b"\r\n\r\n")
    writer.write(_OK)
    await writer.drain()
    writer.close()


async def _pipe(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while piece := await reader.read(65536):
        writer.write(piece)
    writer.close()


@pytest.mark.parametrize("paced", [False, True])
@pytest.mark.parametrize("status", [b"200 OK", b"503 Slow Down"])
async def test_one_that_was_answered_before_it_had_the_body_is_not_used_again(status: bytes, paced: bool) -> None:
    """What comes next would be taken for the body's rest; and a success can't be meant."""
    clients: list[asyncio.StreamWriter] = []

    async def answer(head: bytes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        clients.append(writer)
        writer.write(b"HTTP/1.1 " + status + b"\r\nContent-Length: 0\r\n\r\n")
        if head.startswith(b"PUT"):
            await asyncio.sleep(0.1)
            await read_body(head, reader)

    async def slowly(most: int) -> int:
        await asyncio.sleep(0.005)
        return min(most, 1 << 16)

    http = Http(HttpOptions(idle_timeout=2))
    async with raw_server(answer) as url:
        request = Request("PUT", url, {}, bytes(8 << 20), pace=slowly if paced else None)
        if status.startswith(b"2"):
            with pytest.raises(Transient):
                await http.call(request)
        else:
            assert (await http.call(request)).status == 503
        await http.call(Request("GET", url, {}))
        await http.aclose()
    assert len(set(clients)) == 2


async def test_a_refusal_is_heard_though_the_server_closes_behind_it() -> None:
    """An expired token has to be told from a broken connection."""

    async def refuse(head: bytes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 403 Forbidden\r\nConnection: close\r\nContent-Length: 2\r\n\r\nno")
        await writer.drain()
        await asyncio.sleep(0.005)
        writer.close()

    http = Http(HttpOptions(idle_timeout=2))
    async with raw_server(refuse) as url:
        for _ in range(5):
            assert (await http.call(Request("PUT", url, {}, bytes(32 << 20)))).status == 403
        await http.aclose()


async def test_a_reply_that_fills_the_scratch_exactly_stalls_nobody() -> None:
    """Reading goes on afterwards."""
    head = b"HTTP/1.1 200 OK\r\nContent-Length: 32726\r\n\r\n"
    reply = head + b"x" * 32726
    assert len(reply) == 32 * 1024
    http = Http(HttpOptions(idle_timeout=2))
    async with raw_server(Counting(reply)) as url:
        for _ in range(3):
            stream = await http.open(Request("GET", url, {}))
            await asyncio.sleep(0.02)  # all of it is there before it is asked for
            assert await stream.readinto(memoryview(bytearray(40_000))) == 32726
            stream.close()
        await http.aclose()


async def test_a_body_without_a_length_that_is_reset_has_not_ended() -> None:
    """Only a close in good order is an end."""

    async def answer(head: bytes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n" + b"x" * 1000)
        await writer.drain()
        await asyncio.sleep(0.05)
        connection = writer.get_extra_info("socket")
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        writer.transport.abort()

    http = Http(HttpOptions(idle_timeout=2))
    async with raw_server(answer) as url:
        stream = await http.open(Request("GET", url, {}))
        assert await stream.readinto(memoryview(bytearray(1000))) == 1000
        await asyncio.sleep(0.2)
        with pytest.raises(Transient):
            await stream.readinto(memoryview(bytearray(1000)))
        stream.close()
        await http.aclose()

"""A body is read into the caller's buffer, and its length is believed from nobody."""

from __future__ import annotations

import asyncio
from contextlib import closing

import pytest

from tests.wire.raw import raw_server, replying
from transfer.errors import Corrupt, Transient
from transfer.model import Entry, Span
from transfer.wire.http import Http, HttpOptions, Request
from transfer.wire.reading import HttpReading, extent, range_header

_QUICK = HttpOptions(connect_timeout=1, idle_timeout=0.3, request_timeout=1)
_SPAN = Span(10, 5)


async def _read(reply: bytes, size: int | None, *, steps: int = 1 << 20) -> bytes:
    http, got, view = Http(_QUICK), bytearray(), memoryview(bytearray(steps))
    async with raw_server(replying(reply)) as url:
        try:
            with closing(await http.open(Request("GET", url, {}))) as stream:
                reading = HttpReading(stream, Entry("k"), size)
                while count := await reading.readinto(view):
                    got += view[:count]
        finally:
            await http.aclose()
    return bytes(got)


@pytest.mark.parametrize("steps", [1, 3, 7, 1 << 20])
async def test_every_byte_arrives(steps: int) -> None:
    """However small the buffer is."""
    assert await _read(b"HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\n0123456", 7, steps=steps) == b"0123456"


async def test_a_short_body() -> None:
    """A body that is whole by its own account, and shorter than the object, is a failure that may pass."""
    with pytest.raises(Transient, match="7 of 9 bytes"):
        await _read(b"HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\n0123456", 9)


async def test_pauses_of_the_reader_are_not_counted() -> None:
    """Who reads slowly is not punished with the server's timeouts."""
    body = bytes(4_000_000)
    http = Http(HttpOptions(idle_timeout=0.3, request_timeout=0.5))
    view = memoryview(bytearray(1_000_000))
    async with raw_server(replying(b"HTTP/1.1 200 OK\r\nContent-Length: 4000000\r\n\r\n" + body)) as url:
        with closing(await http.open(Request("GET", url, {}))) as stream:
            got = 0
            while count := await stream.readinto(view):
                got += count
                await asyncio.sleep(0.2)
        await http.aclose()
    assert got == len(body)


async def test_a_body_that_stops() -> None:
    """Silence in the middle of a body ends the read."""

    async def answer(head: bytes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\n012")
        await asyncio.sleep(60)

    http, view = Http(_QUICK), memoryview(bytearray(10))
    async with raw_server(answer) as url:
        with pytest.raises(Transient), closing(await http.open(Request("GET", url, {}))) as stream:
            await stream.readinto(view)
        await http.aclose()


async def test_connections_are_used_again() -> None:
    """A body read to its end gives its connection back; one left half-way does not spoil the next."""
    body = b"HTTP/1.1 200 OK\r\nContent-Length: 2000000\r\n\r\n" + bytes(2_000_000)
    http, view = Http(HttpOptions(connections=1)), memoryview(bytearray(2_000_001))
    async with raw_server(replying(body)) as url:
        for size in (10, 2_000_001, 10, 2_000_001):
            with closing(await http.open(Request("GET", url, {}))) as stream:
                assert await stream.readinto(view[:size]) == min(size, 2_000_000)
        await http.aclose()


def test_what_a_reply_covers() -> None:
    """The span's size, and the whole object's where it is told."""
    assert range_header(_SPAN) == "bytes=10-14"
    assert extent(200, {"content-length": "9"}, None, "k") == (9, 9)
    assert extent(200, {}, None, "k") == (None, None)
    assert extent(206, {"content-range": "bytes 10-14/99", "content-length": "5"}, _SPAN, "k") == (5, 99)
    assert extent(206, {"content-range": "bytes 10-14/*"}, _SPAN, "k") == (5, None)
    assert extent(200, {"content-length": "5"}, Span(0, 5), "k") == (5, 5)


@pytest.mark.parametrize(
    ("status", "headers"),
    [
        (200, {"content-length": "99"}),
        (206, {}),
        (206, {"content-range": "bytes 0-4/99"}),
        (206, {"content-range": "bytes 10-13/99"}),
        (206, {"content-range": "bytes 10-14/99", "content-length": "4"}),
    ],
)
def test_another_range_than_asked(status: int, headers: dict[str, str]) -> None:
    """Bytes from elsewhere are never taken for those asked for."""
    with pytest.raises(Corrupt):
        extent(status, headers, _SPAN, "k")

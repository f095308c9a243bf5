"""The session: nothing is changed on the way, and every failure is one of ours."""

from __future__ import annotations

import asyncio
import gzip
import socket
import time
from contextlib import suppress

import pytest

from tests.wire.raw import Answer, raw_server, read_body, replying
from transfer.errors import Misconfigured, TransferError, Transient, Unsupported
from transfer.wire.http import Http, HttpOptions, Reply, Request
from transfer.wire.tls import trusting

_QUICK = HttpOptions(connect_timeout=1, idle_timeout=0.2, request_timeout=2)


async def _call(answer: Answer, request: Request | None = None, options: HttpOptions = _QUICK) -> Reply:
    http = Http(options)
    async with raw_server(answer) as url:
        sent = request or Request("GET", "/", {})
        sent.url = url + sent.url
        try:
            return await http.call(sent)
        finally:
            await http.aclose()


def _ok(body: bytes, *more: bytes) -> bytes:
    head = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n" % len(body)
    return head + b"".join(line + b"\r\n" for line in more) + b"\r\n" + body


async def test_an_address_is_sent_as_it_is() -> None:
    """Dots, doubled slashes and percent signs in a path are not rewritten."""
    seen: list[bytes] = []

    async def answer(head: bytes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        seen.append(head)
        writer.write(_ok(b""))

    await _call(answer, Request("GET", "/b/./x//a/../b%7E%2B?uploads=&a=%20", {"x-amz-a": "1"}))
    assert seen[0].startswith(b"GET /b/./x//a/../b%7E%2B?uploads=&a=%20 HTTP/1.1\r\n")
    assert b"accept-encoding: identity" in seen[0].lower()


async def test_compressed_bodies_stay_as_they_are() -> None:
    """What is stored compressed arrives compressed."""
    packed = gzip.compress(b"content")
    reply = await _call(replying(_ok(packed, b"Content-Encoding: gzip")))
    assert reply.body == packed


async def test_redirects_are_not_followed() -> None:
    """A redirect is a reply like another: following it would lose the signature."""
    reply = await _call(replying(b"HTTP/1.1 307 Moved\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n"))
    assert reply.status == 307


@pytest.mark.parametrize("size", [0, 1, 4096, 300_000, 3_000_000])
async def test_a_buffer_is_sent_whole(size: int) -> None:
    """Bodies of any size arrive as they are, without a warning of the HTTP library."""
    data, seen = bytes(range(256)) * (size // 256) + b"x" * (size % 256), bytearray()

    async def answer(head: bytes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        seen.extend(await read_body(head, reader))
        writer.write(_ok(b""))

    await _call(answer, Request("PUT", "/", {}, memoryview(bytearray(data))), HttpOptions())
    assert seen == data


@pytest.mark.parametrize(
    "reply",
    [
        b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nshort",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nshort",
        b"this is not HTTP\r\n\r\n",
        b"",
    ],
)
async def test_broken_replies(reply: bytes) -> None:
    """A reply that breaks off, or is none, may be better next time."""

    async def answer(head: bytes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(reply)
        writer.close()

    with pytest.raises(Transient):
        await _call(answer)


async def _silence(head: bytes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await asyncio.sleep(60)


async def test_silence_ends() -> None:
    """A server that says nothing is left after the idle timeout."""
    began = time.monotonic()
    with pytest.raises(Transient, match="in the time allowed"):
        await _call(_silence)
    assert time.monotonic() - began < 1.9


async def test_patience() -> None:
    """A patient request outlasts the idle timeout, as long as the whole request may take."""

    async def answer(head: bytes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(0.5)
        writer.write(_ok(b"done"))

    assert (await _call(answer, Request("POST", "/", {}, b"x", patient=True))).body == b"done"


async def test_an_upload_that_hangs_ends() -> None:
    """A server that stops reading is left after the idle timeout too."""
    began = time.monotonic()
    with pytest.raises(Transient):
        await _call(_silence, Request("PUT", "/", {}, bytes(64 * 1024 * 1024)))
    assert time.monotonic() - began < 1.9


async def test_a_drip_ends() -> None:
    """Bytes that come ever so slowly do not outlast the whole request's time."""

    async def answer(head: bytes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
        while True:
            writer.write(b"x")
            await asyncio.sleep(0.05)

    with pytest.raises(Transient):
        await _call(answer, options=HttpOptions(idle_timeout=1, request_timeout=0.4))


async def test_waiting_for_a_slot_is_not_counted() -> None:
    """Ten requests over one connection all end, though together they take longer than one may."""

    async def answer(head: bytes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(0.1)
        writer.write(_ok(b""))

    http = Http(HttpOptions(idle_timeout=5, request_timeout=0.5, connections=1))
    async with raw_server(answer) as url:
        replies = await asyncio.gather(*(http.call(Request("GET", url, {})) for _ in range(10)))
        await http.aclose()
    assert {reply.status for reply in replies} == {200}


async def test_nothing_there() -> None:
    """A refused connection and an unknown host are told in a sentence, and tried again."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    http = Http(_QUICK)
    with pytest.raises(Transient, match=rf"No connection to '127.0.0.1:{port}': Connection refused"):
        await http.call(Request("GET", f"http://127.0.0.1:{port}/", {}))
    with pytest.raises(Transient, match=r"'no-such-host.invalid'"):
        await http.call(Request("GET", "http://no-such-host.invalid/", {}))
    await http.aclose()


async def test_errors_hold_no_signature() -> None:
    """Neither the sentence nor what caused it quotes the request."""
    request = Request("GET", "/", {"authorization": "sesame"})
    with pytest.raises(TransferError) as caught:
        await _call(replying(b"nonsense\r\n\r\n"), request)
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__
    assert "sesame" not in repr(caught.value) + str(caught.value) + repr(request)


async def test_an_early_answer_leaves_no_slice_behind() -> None:
    """When a server answers before it has read a body, the rest of the buffer is not sent later."""
    seen = bytearray()

    async def answer(head: bytes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n")
        await writer.drain()
        await asyncio.sleep(0.2)
        while piece := await reader.read(1 << 16):
            seen.extend(piece)

    buffer = bytearray(b"a" * 8_000_000)
    http = Http(HttpOptions(idle_timeout=2))
    async with raw_server(answer) as url:
        with suppress(Transient):  # the server's reset may be seen first
            assert (await http.call(Request("PUT", url, {}, buffer))).status == 403
        buffer[:] = b"b" * len(buffer)
        await asyncio.sleep(0.4)
        await http.aclose()
    assert b"b" not in seen


async def test_cancelling_leaves_no_slice_behind() -> None:
    """A cancelled upload sends nothing more of a buffer that its owner fills again."""
    seen, go = bytearray(), asyncio.Event()

    async def answer(head: bytes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await go.wait()
        while piece := await reader.read(1 << 16):
            seen.extend(piece)

    buffer = bytearray(b"a" * 8_000_000)
    http = Http(HttpOptions())
    async with raw_server(answer) as url:
        task = asyncio.create_task(http.call(Request("PUT", url, {}, buffer)))
        await asyncio.sleep(0.2)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        buffer[:] = b"b" * len(buffer)
        go.set()
        await asyncio.sleep(0.2)
        await http.aclose()
    assert b"b" not in seen


async def test_a_proxy_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    """HTTP_PROXY is heeded, its login goes to it alone, and NO_PROXY makes exceptions."""
    seen: list[bytes] = []

    async def answer(head: bytes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        seen.append(head)
        writer.write(_ok(b"by proxy"))

    async with raw_server(answer) as url:
        monkeypatch.setenv("http_proxy", url.replace("http://", "http://user:word@"))
        monkeypatch.setenv("no_proxy", "direct.invalid")
        http = Http(_QUICK)
        reply = await http.call(Request("GET", "http://bucket.invalid/k", {}))
        with pytest.raises(Transient, match=r"direct\.invalid"):
            await http.call(Request("GET", "http://direct.invalid/k", {}))
        await http.aclose()
    assert reply.body == b"by proxy"
    assert seen[0].startswith(b"GET http://bucket.invalid/k ")
    assert b"Proxy-Authorization: Basic dXNlcjp3b3Jk" in seen[0]


async def test_a_proxy_must_be_http(monkeypatch: pytest.MonkeyPatch) -> None:
    """Other proxies are refused by name, without their login."""
    monkeypatch.setenv("http_proxy", "socks5://user:sesame@127.0.0.1:1")
    http = Http(_QUICK)
    with pytest.raises(Misconfigured, match="HTTP_PROXY") as caught:
        await http.call(Request("GET", "http://bucket.invalid/k", {}))
    await http.aclose()
    assert "sesame" not in str(caught.value)


async def test_a_ca_bundle_that_is_none() -> None:
    """A missing file is named."""
    with pytest.raises(Misconfigured, match=r"'/no/such\.pem'"):
        await trusting("/no/such.pem")
    assert await trusting(None) is None


async def test_closing_twice() -> None:
    """Closing is idempotent, and needs no session."""
    http = Http(_QUICK)
    await http.aclose()
    await http.aclose()


async def test_a_reply_out_of_all_proportion_is_not_read() -> None:
    """A server that gives a whole object where a document was asked for does not fill the memory."""
    head = b"HTTP/1.1 200 OK\r\nContent-Length: 5000000000\r\n\r\n"
    with pytest.raises(Unsupported, match="5,000,000,000 bytes where a short reply belongs"):
        await _call(replying(head))
    assert (await _call(replying(head), Request("HEAD", "/", {}))).status == 200

"""Heads of requests and replies: strict about what would change a meaning, and about nothing else."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from transfer.errors import Unsupported
from transfer.wire.head import BadReply, parse_head, request_head


def _head(*lines: bytes, status: bytes = b"HTTP/1.1 200 OK") -> bytes:
    return b"\r\n".join([status, *lines, b"", b""])


def test_a_request_is_written_as_given() -> None:
    """Its lines are the target, the host, what is fixed, and the headers in their order."""
    head = request_head("GET", "/a%2F?x=", "host:1", {"b": "2", "a": "ü"}, "fixed: 1\r\n")
    assert head.decode() == "GET /a%2F?x= HTTP/1.1\r\nHost: host:1\r\nfixed: 1\r\nb: 2\r\na: ü\r\n\r\n"


@pytest.mark.parametrize("value", ["a\r\nevil: 1", "a\nb", "a\rb"])
def test_nothing_is_smuggled_into_a_request(value: str) -> None:
    """A value with a line break is refused."""
    with pytest.raises(Unsupported):
        request_head("GET", "/", "host", {"a": value}, "")


def test_names_are_lower_case_and_values_are_trimmed() -> None:
    """What was told several times is joined; empty values stay."""
    head = parse_head(_head(b"ETag:  x ", b"Vary: a", b"VARY: b", b"Empty:", b"Content-Length: 7"), "GET")
    assert head.headers == {"etag": "x", "vary": "a, b", "empty": "", "content-length": "7"}
    assert (head.status, head.length, head.chunked, head.keep_alive) == (200, 7, False, True)


def test_bytes_that_are_no_text_survive() -> None:
    """They come as surrogates, from which the bytes can be had again."""
    head = parse_head(_head(b"a: \xfc", b"b: \xc3\xbc"), "GET")
    assert head.headers == {"a": "\udcfc", "b": "ü"}


@pytest.mark.parametrize(
    ("method", "status", "line", "length", "chunked", "keep_alive"),
    [
        ("GET", b"HTTP/1.1 200 OK", b"Transfer-Encoding: Chunked", None, True, True),
        ("GET", b"HTTP/1.1 200 OK", b"x: y", None, False, False),
        ("GET", b"HTTP/1.1 204 No Content", b"x: y", 0, False, True),
        ("GET", b"HTTP/1.1 304 Not Modified", b"Content-Length: 9", 0, False, True),
        ("HEAD", b"HTTP/1.1 200 OK", b"Content-Length: 9", 0, False, True),
        ("GET", b"HTTP/1.0 200 OK", b"Content-Length: 9", 9, False, False),
        ("GET", b"HTTP/1.1 200", b"Content-Length: 9, 9", 9, False, True),
    ],
)
def test_where_the_body_ends(
    method: str, status: bytes, line: bytes, length: int | None, chunked: bool, keep_alive: bool
) -> None:
    """Its length, or that its chunks tell, or that the connection's end does."""
    head = parse_head(_head(line, status=status), method)
    assert (head.length, head.chunked, head.keep_alive) == (length, chunked, keep_alive)


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_a_length_told_twice_is_one_number(method: str) -> None:
    """Among the headers too, since they tell an object's size."""
    head = parse_head(_head(b"Content-Length: 5", b"content-length: 5"), method)
    assert head.headers == {"content-length": "5"}


@pytest.mark.parametrize("length", [b"-1", b"5, 6", b"five"])
def test_a_length_that_is_none_is_refused_without_a_body_too(length: bytes) -> None:
    """The reply to a HEAD tells an object's size."""
    with pytest.raises(BadReply):
        parse_head(_head(b"Content-Length: " + length), "HEAD")


@pytest.mark.parametrize(
    "data",
    [
        b"HTTP/2 200\r\n\r\n",
        b"HTTP/1.1 20 OK\r\n\r\n",
        b"HTTP/1.1 2000 OK\r\n\r\n",
        _head(b"no colon"),
        _head(b" folded: x"),
        _head(b"spa ce: x"),
        _head(b"a: b\nc: d"),
        _head(b"a: b\0"),
        _head(b"Content-Length: -1"),
        _head(b"Content-Length: 1, 2"),
        _head(b"Content-Length: 1" + b"0" * 30),
        _head(b"Transfer-Encoding: gzip, chunked"),
    ],
)
def test_what_is_no_reply(data: bytes) -> None:
    """A head that could be read in two ways is not read at all."""
    with pytest.raises(BadReply):
        parse_head(data, "GET")


@given(st.binary(max_size=200))
def test_noise_is_refused_or_read(noise: bytes) -> None:
    """Whatever comes, nothing but BadReply is raised."""
    with suppress(BadReply):
        assert parse_head(b"HTTP/1.1 200 OK\r\n" + noise + b"\r\n\r\n", "GET").status == 200

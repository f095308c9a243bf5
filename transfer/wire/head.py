"""Heads of HTTP/1.1 messages: requests as bytes, replies read from them (RFC 9112). Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import field
from functools import lru_cache

from transfer.errors import Unsupported
from transfer.values import dataclass

END = b"\r\n\r\n"
_STATUS = re.compile(r"HTTP/1\.([01]) ([1-9]\d\d)(?: |$)", re.ASCII)
_LINE = re.compile(r"([!#$%&'*+.^_`|~0-9A-Za-z-]+):([^\r\n\0]*)")
_LENGTH = re.compile(r"\d{1,18}", re.ASCII)


class BadReply(Exception):
    """What came is no HTTP. Never leaves ``wire``."""


@dataclass(frozen=True, slots=True)
class Head:
    """A reply's head. Names of ``headers`` are in lower case; bytes that are not UTF-8 are surrogates.

    ``length`` is the body's in bytes; None where it is ``chunked``, or ends with the connection. A
    ``content-length`` among the headers is a number, also where the reply has no body.
    """

    status: int
    headers: dict[str, str] = field(repr=False)
    length: int | None
    chunked: bool
    keep_alive: bool


def request_head(method: str, target: str, host: str, headers: Mapping[str, str], fixed: str) -> bytes:
    """The bytes of a request's head; ``fixed`` are header lines that are the same in all requests.

    Raises Unsupported where a value would end its line: nothing is ever smuggled in.
    """
    lines = "".join([f"{name}: {value}\r\n" for name, value in headers.items()])
    if lines.count("\n") != len(headers) or lines.count("\r") != len(headers):
        raise Unsupported("A header of the request has a line break in its value")
    return f"{method} {target} HTTP/1.1\r\nHost: {host}\r\n{fixed}{lines}\r\n".encode()


def parse_head(data: bytes, method: str) -> Head:
    """Read the head of a reply to ``method``; ``data`` is all of it, with the empty line. Raises BadReply."""
    first, *lines = data[: -len(END)].decode("utf-8", "surrogateescape").split("\r\n")
    code, modern = _status(first)
    headers = _headers(lines)
    told = _length(headers)
    chunked = _is_chunked(headers)
    keep_alive = _keeps_alive(headers.get("connection", "").lower(), modern=modern)
    if method == "HEAD" or code in (204, 304) or code < 200:
        return Head(code, headers, 0, chunked=False, keep_alive=keep_alive)
    length = None if chunked else told
    return Head(code, headers, length, chunked=chunked, keep_alive=keep_alive and (chunked or length is not None))


@lru_cache(maxsize=64)
def _status(line: str) -> tuple[int, bool]:
    """The code, and whether it is HTTP/1.1."""
    found = _STATUS.match(line)
    if found is None:
        raise BadReply("no status line")
    return int(found[2]), found[1] == "1"


def _headers(lines: list[str]) -> dict[str, str]:
    told = list(map(_header, lines))
    headers = dict(told)
    return headers if len(headers) == len(told) else _joined(told)


@lru_cache(maxsize=512)
def _header(line: str) -> tuple[str, str]:
    """Name and value. Most lines are the same in all replies of a server."""
    found = _LINE.fullmatch(line)
    if found is None:
        raise BadReply("a header that is none")
    return found[1].lower(), found[2].strip(" \t")


def _joined(told: list[tuple[str, str]]) -> dict[str, str]:
    """Headers of which some were told several times."""
    headers: dict[str, list[str]] = {}
    for name, value in told:
        headers.setdefault(name, []).append(value)
    return {name: ", ".join(values) for name, values in headers.items()}


def _is_chunked(headers: Mapping[str, str]) -> bool:
    coding = headers.get("transfer-encoding")
    if coding is None or coding.lower() == "identity":
        return False
    if coding.lower() != "chunked":
        raise BadReply("an unknown transfer encoding")
    return True


def _length(headers: dict[str, str]) -> int | None:
    """What ``content-length`` says, which is made one number there if it was told several times."""
    text = headers.get("content-length")
    if text is None:
        return None
    if not _LENGTH.fullmatch(text):
        # Told twice, it must be the same twice.
        told = set(text.split(", "))
        if len(told) != 1 or not _LENGTH.fullmatch(text := told.pop()):
            raise BadReply("a length that is none")
        headers["content-length"] = text
    return int(text)


def _keeps_alive(connection: str, *, modern: bool) -> bool:
    return "close" not in connection if modern else "keep-alive" in connection

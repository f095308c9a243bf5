"""Requests, responses and errors as values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, unquote
from xml.sax.saxutils import escape

Buffer = bytes | bytearray | memoryview
_HTTP_NAMES = {200: "OK", 204: "No Content", 206: "Partial Content", 304: "Not Modified", 404: "Not Found"}


@dataclass(slots=True)
class Request:
    """``path`` is still quoted; names of headers are in lower case. The body comes after the rest."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: Buffer = b""

    @property
    def bucket(self) -> str:
        return unquote(self.path[1:].partition("/")[0])

    @property
    def key(self) -> str:
        return unquote(self.path[1:].partition("/")[2])

    @property
    def length(self) -> int:
        return int(self.headers.get("content-length", "0"))


@dataclass(slots=True)
class Response:
    """``length`` is what the headers say where it is not that of the body: for HEAD."""

    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    body: Sequence[Buffer] = ()
    length: int | None = None

    def head(self) -> bytes:
        """All that goes ahead of the body."""
        length = sum(map(len, self.body)) if self.length is None else self.length
        lines = [f"HTTP/1.1 {self.status} {_HTTP_NAMES.get(self.status, 'Error')}", "Server: bench"]
        lines += [f"{name}: {value}" for name, value in self.headers.items()]
        if self.status not in (204, 304):
            lines.append(f"Content-Length: {length}")
        return "\r\n".join((*lines, "", "")).encode("latin-1")


class S3Error(Exception):
    """Becomes an error document."""

    def __init__(self, status: int, code: str) -> None:
        super().__init__(code)
        self.status, self.code = status, code

    def response(self) -> Response:
        return document("Error", element("Code", self.code), status=self.status)


def parse_head(head: bytes) -> Request:
    """Read a request's first line and headers. Raises ValueError for what is none."""
    first, *lines = head.decode("latin-1").split("\r\n")
    method, target, _ = first.split(" ", 2)
    path, _, query = target.partition("?")
    headers = {}
    for line in lines:
        name, _, value = line.partition(":")
        headers[name.lower()] = value.strip()
    return Request(method, path, dict(parse_qsl(query, keep_blank_values=True)) if query else {}, headers)


def element(name: str, text: str) -> str:
    return f"<{name}>{escape(text)}</{name}>"


def document(name: str, *children: str, status: int = 200) -> Response:
    """A response whose body is an XML document."""
    text = f'<?xml version="1.0" encoding="UTF-8"?>\n<{name}>{"".join(children)}</{name}>'
    return Response(status, {"Content-Type": "application/xml"}, (text.encode(),))

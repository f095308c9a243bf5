"""A server that drops what a client sends behind the length it told, as COS does, instead of refusing it."""

from __future__ import annotations

import re
from typing import Any

from aiohttp import web
from aiohttp.web_protocol import RequestHandler

_METHODS = (b"GET ", b"PUT ", b"POST ", b"HEAD ", b"DELETE ", b"OPTIONS ")
_LENGTH = re.compile(rb"\r\ncontent-length:\s*(\d+)", re.IGNORECASE)
_CHUNKED = re.compile(rb"\r\ntransfer-encoding:\s*chunked", re.IGNORECASE)


class Framing:
    """Follows the requests of a connection, and tells what of its bytes belongs to one."""

    def __init__(self) -> None:
        self._head = b""
        self._left = 0
        self._chunked = False

    def feed(self, data: bytes) -> bytes:
        """What of ``data`` is to be read."""
        kept = b""
        while data and not self._chunked:
            if self._left:
                taken = data[: self._left]
                self._left -= len(taken)
            else:
                taken = self._head_of(data)
                if not taken:
                    return kept
            kept, data = kept + taken, data[len(taken) :]
        return kept + data

    def _head_of(self, data: bytes) -> bytes:
        """What of it is a head; nothing where none begins there."""
        before, head = len(self._head), self._head + data
        if not any(head.startswith(method[: len(head)]) for method in _METHODS):
            return b""
        end = head.find(b"\r\n\r\n")
        if end < 0:
            self._head = head
            return data
        head, self._head = head[: end + 4], b""
        length = _LENGTH.search(head)
        self._left = int(length[1]) if length else 0
        self._chunked = _CHUNKED.search(head) is not None
        return head[before:]


class _Handler(RequestHandler):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._framing = Framing()

    def data_received(self, data: bytes) -> None:
        super().data_received(self._framing.feed(data))


class TruncatingServer(web.Server):
    """aiohttp's, but for that."""

    def __call__(self) -> RequestHandler:
        return _Handler(self, loop=self._loop, **self._kwargs)

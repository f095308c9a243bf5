"""A reply's body, read into buffers of the caller's."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from transfer.errors import Transient
from transfer.wire.connection import Connection
from transfer.wire.failures import HTTP_ERRORS, translate
from transfer.wire.head import Head


class Stream:
    """The reply to a request, its body not yet read. Names of ``headers`` are in lower case.

    It is to be closed, exactly once: ``close`` gives its connection back, or drops it if there is more to read.
    """

    def __init__(self, connection: Connection, head: Head, host: str, close: Callable[[], None]) -> None:
        self.status = head.status
        self.headers: Mapping[str, str] = head.headers
        self.close = close
        self._connection = connection
        self._host = host

    async def readinto(self, view: memoryview) -> int:
        """Fill ``view``; less than its length means the end. Raises Transient when the body breaks."""
        try:
            return await self._connection.readinto(view)
        except HTTP_ERRORS as error:
            raise translate(error, self._host, body=True) from None

    async def read_all(self, limit: int) -> bytes:
        """The whole body, which is small: an error document. Raises Transient if it is larger than ``limit``."""
        buffer = memoryview(bytearray(limit + 1))
        size = await self.readinto(buffer)
        if size > limit:
            raise Transient(f"'{self._host}' answered with status {self.status} and an endless body")
        return bytes(buffer[:size])

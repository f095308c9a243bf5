"""A download of an object, whole or a span of it, guarded against change."""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager
from types import TracebackType

from transfer.errors import Denied, Frozen, TransferError, Unsupported
from transfer.model import Entry, Span
from transfer.plugin import Reading
from transfer.wire.reading import EmptyReading, HttpReading, extent, range_header
from transfer.wire.stream import Stream
from transfer_qiniu.client import Client
from transfer_qiniu.entries import Found, unchanged


class Read(AbstractAsyncContextManager[Reading]):
    """The reading of ``entry``, or of ``span``, for the length of an ``async with``.

    What a domain answers with is not all the object's own: it adds a Cache-Control and a Content-Disposition. So
    for the whole object Kodo itself is asked what belongs to it, ahead of its bytes.
    """

    def __init__(self, client: Client, entry: Entry, span: Span | None) -> None:
        self._client = client
        self._entry = entry
        self._span = span
        self._stream: Stream | None = None

    async def __aenter__(self) -> Reading:
        entry, span = self._entry, self._span
        found = await self._look() if span is None or span.size == 0 else None
        if found is not None and span is not None:
            return EmptyReading(found.entry)
        etag = found.entry.etag if found is not None else entry.etag
        headers = {"If-Match": f'"{etag}"'} if etag else {}
        if span is not None:
            headers["Range"] = range_header(span)
        self._stream = stream = await self._opened(headers)
        try:
            return self._reading(stream, found)
        except BaseException:
            stream.close()
            raise

    async def _look(self) -> Found:
        found = await self._client.look(self._entry.key)
        unchanged(self._entry, found.entry.etag)
        _refuse_frozen(found)
        return found

    async def _opened(self, headers: dict[str, str]) -> Stream:
        """The reply; a refusal may be that of an object in cold storage, of which the domain says less than Kodo."""
        try:
            return await self._client.download(self._entry.key, headers)
        except Denied as error:
            await self._explain(error)
            raise

    async def _explain(self, error: TransferError) -> None:
        try:
            found = await self._client.look(self._entry.key)
        except TransferError:
            raise error from None
        _refuse_frozen(found)

    def _reading(self, stream: Stream, found: Found | None) -> Reading:
        key = self._entry.key
        etag = stream.headers.get("etag", "").removeprefix("W/").strip('"') or None
        if etag is None:
            message = f"'{key}' can't be read safely: the download domain sends no ETag; choose another by 'domain'"
            raise Unsupported(message, key=key)
        size, whole = extent(stream.status, stream.headers, self._span, key)
        if found is None:
            unchanged(self._entry, etag)
            return HttpReading(stream, Entry(key, whole, etag=etag), size)
        unchanged(found.entry, etag)
        return HttpReading(stream, found.entry, size if size is not None else found.entry.size)

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._stream is not None:
            self._stream.close()


def _refuse_frozen(found: Found) -> None:
    if found.frozen:
        message = f"'{found.entry.key}' is in cold storage and must be thawed before it can be read"
        raise Frozen(message, key=found.entry.key)

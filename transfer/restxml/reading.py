"""A GET of an object, whole or a span of it, guarded against change."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager
from types import TracebackType

from transfer.errors import Changed
from transfer.model import Entry, Span
from transfer.plugin import Reading
from transfer.restxml.bucket import Bucket, Tags, entry_of
from transfer.restxml.dialect import Dialect
from transfer.wire.reading import EmptyReading, HttpReading, extent, range_header
from transfer.wire.stream import Stream


class Read(AbstractAsyncContextManager[Reading]):
    """The reading of ``entry``, or of ``span``, for the length of an ``async with``."""

    def __init__(self, bucket: Bucket, entry: Entry, span: Span | None) -> None:
        self._bucket = bucket
        self._entry = entry
        self._span = span
        self._stream: Stream | None = None

    async def __aenter__(self) -> Reading:
        bucket, entry, span = self._bucket, self._entry, self._span
        if span is not None and span.size == 0:
            return EmptyReading(_unchanged(entry, await bucket.with_tags(await bucket.head(entry.key))))
        dialect = bucket.dialect
        asking = dialect.asking if span is None else {"range": range_header(span), **dialect.span}
        headers = {**bucket.encryption.key, **asking}
        if entry.etag:
            headers["if-match"] = f'"{entry.etag}"'
        query = {"versionId": entry.version} if entry.version else {}
        # Ahead of the body, which holds a connection: if each reader waited for a second one, all might wait for ever.
        tags = await bucket.tags_of(entry) if bucket.tags and span is None else None
        self._stream = stream = await bucket.client.open(entry.key, query, headers)
        try:
            return self._reading(stream, tags)
        except BaseException:
            stream.close()
            raise

    def _reading(self, stream: Stream, tags: Tags | None) -> Reading:
        entry, span = self._entry, self._span
        size, whole = extent(stream.status, stream.headers, span, entry.key)
        dialect = self._bucket.dialect
        found = entry_of(dialect, entry.key, stream.headers, size=whole, whole_object=span is None)
        if tags is not None:
            found = _same_version(dialect, tags, stream.headers, entry.key).on(found)
        return HttpReading(stream, _unchanged(entry, found), size if size is not None else entry.size)

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._stream is not None:
            self._stream.close()


def _same_version(dialect: Dialect, tags: Tags, headers: Mapping[str, str], key: str) -> Tags:
    """``tags``, unless they were told of another version than the one that is read."""
    version = headers.get(dialect.names.version_id)
    if None not in (tags.version, version) and tags.version != version:
        raise Changed(f"'{key}' has changed since its tags were read", key=key)
    return tags


def _unchanged(asked: Entry, found: Entry) -> Entry:
    """``found``, if it is what was asked for: not every server heeds If-Match."""
    if asked.etag not in (None, found.etag):
        raise Changed(f"'{asked.key}' has changed since it was looked at", key=asked.key)
    return found

"""The replies to writes, as entries."""

from __future__ import annotations

from collections.abc import Mapping

from transfer.model import Entry, Kind, Metadata
from transfer.restxml.bucket import etag_is_encrypted, version_of
from transfer.restxml.dialect import Dialect
from transfer.restxml.verifier import whole
from transfer.wire import xml
from transfer.wire.http import Reply
from transfer.wire.times import iso_ns


def result_fields(dialect: Dialect, reply: Reply, what: str) -> dict[str, str]:
    """A reply's headers together with its document's elements, under the names that the headers have."""
    fields = dict(reply.headers)
    for child in xml.parse(reply.body, what):
        name = xml.local(child).lower()
        fields[dialect.elements.get(name, name)] = child.text or ""
    return fields


def made_entry(dialect: Dialect, key: str, size: int | None, metadata: Metadata, fields: Mapping[str, str]) -> Entry:
    """The object just written: ``metadata`` as it was sent, the rest as the reply's ``fields`` (in lower case) tell."""
    posix = metadata.posix
    return Entry(
        key,
        size,
        mtime_ns=posix.mtime_ns,
        modified_ns=iso_ns(fields.get("lastmodified")),
        etag=fields.get("etag", "").strip('"') or None,
        version=version_of(dialect, fields),
        checksums=whole(fields, dialect.told),
        metadata=metadata,
        storage_class=metadata.storage_class,
        kind=Kind.OBJECT if posix.link_target is None else Kind.SYMLINK,
        encrypted_etag=etag_is_encrypted(dialect, fields),
    )

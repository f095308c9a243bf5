"""Objects just written: as the server's reply tells of them, with the metadata that was sent."""

from __future__ import annotations

from transfer.errors import Corrupt
from transfer.model import Entry, Kind, Metadata
from transfer_qiniu.classes import name_of
from transfer_qiniu.entries import checksums_of
from transfer_qiniu.metadata import Fields


def made_entry(key: str, size: int, told: object, fields: Fields, metadata: Metadata) -> Entry:
    """Raises Corrupt where the server tells no hash, or has got another number of bytes."""
    fine = told if isinstance(told, dict) else {}
    etag, length = fine.get("hash"), fine.get("fsize", size)
    if not isinstance(etag, str) or not etag:
        raise Corrupt(f"The server took '{key}' without telling its hash", key=key)
    if length != size:
        raise Corrupt(f"'{key}' has {length} bytes at the server after {size} were sent", key=key)
    posix = metadata.posix
    return Entry(
        key,
        size,
        mtime_ns=posix.mtime_ns,
        etag=etag,
        checksums=checksums_of(etag),
        metadata=metadata,
        storage_class=name_of(fields.type),
        kind=Kind.OBJECT if posix.link_target is None else Kind.SYMLINK,
    )

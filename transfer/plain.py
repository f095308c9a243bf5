"""Entries as tuples of plain values, which ``json`` and ``marshal`` can write down, and back.

JSON must be written without escapes (``ensure_ascii=False``), which would make one character of
a pair of surrogates. Pickle is no choice: what it reads may run code, and defaults that are
read-only mappings can't be pickled at all.
"""

from __future__ import annotations

from typing import Any

from transfer.model import (
    NO_CHECKSUMS,
    NO_ITEMS,
    Algorithm,
    Checksums,
    Cold,
    Entry,
    Kind,
    Metadata,
    Posix,
    Unlisted,
    Why,
)

Plain = tuple[Any, ...] | list[Any]
"""Numbers, texts, None, and sequences and dictionaries of them. An entry's or unlisted name's first is its key."""


def plain(item: Entry | Unlisted) -> Plain:
    """The item as a tuple; a mark behind the key tells the two kinds apart."""
    if isinstance(item, Unlisted):
        return (item.key, False, str(item.why), item.detail, item.failed, item.folder)
    return (
        item.key,
        True,
        item.size,
        item.mtime_ns,
        item.modified_ns,
        item.etag,
        item.version,
        item.identity,
        plain_checksums(item.checksums),
        None if item.metadata is None else _plain_metadata(item.metadata),
        item.storage_class,
        str(item.kind),
        item.encrypted_etag,
        None if item.cold is None else str(item.cold),
        item.thawed_until_ns,
    )


def restored(value: Plain) -> Entry | Unlisted:
    """What :func:`plain` was given. Raises ValueError or TypeError for anything else."""
    key, is_entry, *fields = value
    if not is_entry:
        why, detail, failed, folder = fields
        return Unlisted(key, Why(why), detail, failed, folder)
    size, mtime, modified, etag, version, identity, checksums, metadata, storage_class, kind, encrypted, *cold = fields
    return Entry(
        key,
        size,
        mtime,
        modified,
        etag,
        version,
        identity,
        restored_checksums(checksums),
        None if metadata is None else _restored_metadata(metadata),
        storage_class,
        Kind(kind),
        encrypted,
        *_restored_cold(*cold),
    )


def _restored_cold(cold: str | None = None, until_ns: int | None = None) -> tuple[Cold | None, int | None]:
    return None if cold is None else Cold(cold), until_ns


def plain_checksums(checksums: Checksums) -> dict[str, str]:
    """Names of algorithms, and digests in hexadecimal."""
    return {str(algorithm): digest.hex() for algorithm, digest in checksums.items()}


def restored_checksums(value: dict[str, str]) -> Checksums:
    """What :func:`plain_checksums` was given."""
    if not value:
        return NO_CHECKSUMS
    return {Algorithm(algorithm): bytes.fromhex(digest) for algorithm, digest in value.items()}


def _plain_metadata(metadata: Metadata) -> Plain:
    posix = metadata.posix
    return (
        metadata.content_type,
        metadata.content_encoding,
        metadata.content_language,
        metadata.content_disposition,
        metadata.cache_control,
        metadata.expires,
        metadata.website_redirect,
        dict(metadata.user),
        None if metadata.tags is None else dict(metadata.tags),
        metadata.storage_class,
        (posix.mtime_ns, posix.mode, posix.uid, posix.gid, posix.link_target),
    )


def _restored_metadata(value: Plain) -> Metadata:
    kind, encoding, language, disposition, cache, expires, redirect, user, tags, storage_class, posix = value
    return Metadata(
        kind,
        encoding,
        language,
        disposition,
        cache,
        expires,
        redirect,
        user or NO_ITEMS,
        tags,
        storage_class,
        Posix(*posix),
    )

"""A page of a bucket's listing, as S3 and those that imitate it write it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from functools import lru_cache
from xml.etree.ElementTree import Element

from transfer.errors import Corrupt
from transfer.model import Entry, Unlisted, Why
from transfer.wire import xml
from transfer.wire.quoting import unquote_listed
from transfer.wire.rows import Row, plain_rows
from transfer.wire.times import http_ns, iso_ns

_ONGOING = re.compile(r'ongoing-request="(true|false)"')
_EXPIRY = re.compile(r'expiry-date="([^"]*)"')
_modified = lru_cache(4096)(iso_ns)  # objects written together share their times


@dataclass(frozen=True, slots=True)
class Restore:
    """What a row tells of an object that was asked for in cold storage: ``until_ns`` is when it can be read no more."""

    ongoing: bool
    until_ns: int | None = None


@dataclass(frozen=True, slots=True)
class ListingPage:
    """``last`` is the full name of the last object. ``token`` leads to the next page, or the name ``marker``.

    ``restores`` are told of some of the keys.
    """

    items: tuple[Entry | Unlisted, ...]
    last: str | None
    truncated: bool
    token: str | None
    marker: str | None = None
    restores: Mapping[str, Restore] = field(default_factory=dict)


def parse_page(body: bytes, prefix: str) -> ListingPage:
    """Read a ``ListBucketResult``; keys come without ``prefix``.

    Names are decoded only where the reply says that they are encoded. Raises Corrupt for
    what is no listing, or lists names outside ``prefix``.
    """
    frame, plain = plain_rows(body) or (body, None)
    root = xml.parse(frame, "a listing")
    if xml.local(root) != "ListBucketResult":
        raise Corrupt(f"The reply to a listing is a <{xml.local(root)}>")
    restores: dict[str, Restore] = {}
    rows = _parsed_rows(root, restores) if plain is None else plain
    decode = unquote_listed if xml.text(root, "EncodingType") == "url" else None
    try:
        items, last = _items(rows, prefix, decode)
    except ValueError as error:
        raise Corrupt(f"A listing has a size that is no number: {error}") from None
    return ListingPage(
        items,
        last,
        xml.text(root, "IsTruncated") == "true",
        xml.text(root, "NextContinuationToken") or None,
        _marker(xml.text(root, "NextMarker"), decode),
        _by_key(restores, prefix, decode) if restores else restores,
    )


def _marker(written: str, decode: Callable[[str], str] | None) -> str | None:
    """The name after which the next page begins, where it is told and is text."""
    try:
        return (decode(written) if decode is not None else written) or None
    except UnicodeDecodeError:
        return None


def _parsed_rows(root: Element, restores: dict[str, Restore]) -> Iterator[Row]:
    """The rows; ``restores`` gets what some tell besides, by their names as they are written."""
    space = root.tag[: -len("ListBucketResult")]
    names = [space + name for name in ("Key", "LastModified", "ETag", "Size", "StorageClass")]
    for node in root.iterfind(f"{space}Contents"):
        fields = {child.tag: child.text or "" for child in node}
        key, time, etag, size, class_ = [fields.get(name, "") for name in names]
        if fields.get(f"{space}Type") == "Symlink":
            # What is listed is the link; what is read, and what HEAD tells of, is the object that it points at.
            time = etag = size = class_ = ""
        restore = _restore(node, space)
        if restore is not None:
            restores[key] = restore
        yield key, time, etag.strip('"'), size, class_


def _restore(node: Element, space: str) -> Restore | None:
    """As S3 tells it, in elements; or as OSS does, in the words of a header."""
    status = node.find(f"{space}RestoreStatus")
    if status is not None:
        ongoing = status.findtext(f"{space}IsRestoreInProgress")
        return Restore(ongoing == "true", iso_ns(status.findtext(f"{space}RestoreExpiryDate"))) if ongoing else None
    return restore_of(node.findtext(f"{space}RestoreInfo", ""))


def restore_of(header: str) -> Restore | None:
    """What ``ongoing-request="false", expiry-date="Fri, 02 Jan 2026 00:00:00 GMT"`` says; None for anything else."""
    ongoing = _ONGOING.search(header)
    if ongoing is None:
        return None
    expiry = _EXPIRY.search(header)
    return Restore(ongoing[1] == "true", http_ns(expiry[1]) if expiry else None)


def _by_key(restores: Mapping[str, Restore], prefix: str, decode: Callable[[str], str] | None) -> Mapping[str, Restore]:
    found = {}
    for name, restore in restores.items():
        with suppress(UnicodeDecodeError):
            found[(decode(name) if decode is not None else name).removeprefix(prefix)] = restore
    return found


def _items(
    rows: Iterable[Row], prefix: str, decode: Callable[[str], str] | None
) -> tuple[tuple[Entry | Unlisted, ...], str | None]:
    """The entries, and the full name of the last."""
    items: list[Entry | Unlisted] = []
    start, last = len(prefix), None
    for written, time, etag, size, class_ in rows:
        name = written
        if decode is not None and ("%" in name or "+" in name):
            try:
                name = decode(written)
            except UnicodeDecodeError:
                items.append(_undecodable(written, prefix))
                continue
        last = name
        if not name.startswith(prefix):
            raise Corrupt(f"The listing of '{prefix}' has '{name}', which is outside of it")
        if len(name) == start:
            continue  # the mark of the prefix's own folder
        items.append(
            Entry(
                name[start:],
                int(size) if size else None,
                None,
                _modified(time),
                etag or None,
                storage_class=class_ or None,
            )
        )
    return tuple(items), last


def _undecodable(name: str, prefix: str) -> Unlisted:
    detail = f"the bytes of '{name}' are not UTF-8"
    return Unlisted(name.removeprefix(prefix), Why.BAD_NAME, detail, failed=True, folder=False)

"""Metadata as headers, both ways."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from operator import attrgetter
from urllib.parse import quote

from transfer.model import Metadata
from transfer.restxml.classes import OUTSIDE_S3, STANDARD, class_there
from transfer.restxml.dialect import Dialect
from transfer.restxml.words import decode_words, encode_words, is_plain, received
from transfer.wire import posix

_FIELDS: Mapping[str, str] = {
    "content_type": "content-type",
    "content_encoding": "content-encoding",
    "content_language": "content-language",
    "content_disposition": "content-disposition",
    "cache_control": "cache-control",
    "expires": "expires",
}
_texts = attrgetter(*_FIELDS)
_HEADERS = tuple(_FIELDS.values())


def to_headers(
    dialect: Dialect, metadata: Metadata, *, genuine: bool, asked_class: str | None = None
) -> tuple[dict[str, str], tuple[str, ...]]:
    """The headers that hold ``metadata``, and the names of what they can't hold.

    A storage class that is not known there is left out, but for ``asked_class``.
    """
    headers: dict[str, str] = {}
    lost: list[str] = []
    for header, value in zip(_HEADERS, _texts(metadata), strict=True):
        if value is None:
            continue
        if value and is_plain(value):
            headers[header] = value
        else:
            lost.append(header)
    _add_redirect(dialect, metadata, headers, lost)
    _add_user(dialect, metadata, headers, lost)
    _add_tags(dialect, metadata, headers, lost)
    _add_class(dialect, metadata, headers, lost, genuine=genuine, asked=asked_class)
    return headers, tuple(lost)


def from_headers(dialect: Dialect, headers: Mapping[str, str]) -> Metadata:
    """The metadata in a reply to GET or HEAD, whose names are in lower case. Tags are not in it."""
    start = dialect.names.meta
    user = {name[len(start) :]: _text(value) for name, value in headers.items() if name.startswith(start)}
    disk, rest = posix.from_user(user)
    redirect = headers.get(dialect.redirect) if dialect.redirect else None
    kind, encoding, language, disposition, caching, expires = _known(tuple(map(headers.get, _HEADERS)))
    return Metadata(
        content_type=kind,
        content_encoding=_without_chunking(encoding),
        content_language=language,
        content_disposition=None if dialect.forced in headers else disposition,
        cache_control=caching,
        expires=expires,
        website_redirect=received(redirect) if redirect else None,
        user=rest,
        storage_class=headers.get(dialect.names.storage_class),
        posix=disk,
    )


def _text(value: str) -> str:
    return value if value.isascii() and "=?" not in value else decode_words(received(value))


@lru_cache(maxsize=256)
def _known(values: tuple[str | None, ...]) -> tuple[str | None, ...]:
    """What headers say; objects of a bucket mostly share all of that."""
    return tuple([received(value) if value else None for value in values])


def _add_redirect(dialect: Dialect, metadata: Metadata, headers: dict[str, str], lost: list[str]) -> None:
    redirect = metadata.website_redirect
    if redirect is None:
        return
    if redirect and dialect.redirect and is_plain(redirect):
        headers[dialect.redirect] = redirect
    else:
        lost.append(dialect.redirect or "website redirect")


def _add_user(dialect: Dialect, metadata: Metadata, headers: dict[str, str], lost: list[str]) -> None:
    room = dialect.limits.max_user_metadata or 0
    extra = len(dialect.names.meta) if dialect.metadata_with_prefix else 0
    for name, value in {**posix.to_user(metadata.posix), **metadata.user}.items():
        header, encoded = _user_header(dialect, name), encode_words(value)
        size = extra + len(name) + len(encoded)
        too_long = dialect.max_user_text is not None and len(name) + len(encoded) > dialect.max_user_text
        if header is None or header in headers or size > room or too_long:
            lost.append(f"user metadata '{name}'")
        else:
            headers[header] = encoded
            room -= size


@lru_cache(maxsize=256)
def _user_header(dialect: Dialect, name: str) -> str | None:
    """The header of user metadata of this name; None where it can't be one."""
    lower = name.lower()
    return dialect.names.meta + lower if dialect.user_name.fullmatch(lower) else None


def _add_tags(dialect: Dialect, metadata: Metadata, headers: dict[str, str], lost: list[str]) -> None:
    if metadata.tags:
        kept = [tag for tag in metadata.tags.items() if _is_tag(dialect, *tag)][: dialect.max_tags]
        if kept:
            pairs = (f"{quote(name, safe='')}={quote(text, safe='')}" for name, text in kept)
            headers[dialect.names.tagging] = "&".join(pairs)
        lost.extend(f"tag '{name}'" for name in metadata.tags if name not in dict(kept))


def _is_tag(dialect: Dialect, name: str, text: str) -> bool:
    most_name, most_text = dialect.max_tag
    return len(name) <= most_name and len(text) <= most_text and _is_tag_text(name) and _is_tag_text(text)


def _is_tag_text(text: str) -> bool:
    """They take letters, digits and blanks of any script, and a few signs."""
    return all(character.isalnum() or character.isspace() or character in "_.:/=+-@" for character in text)


def _add_class(
    dialect: Dialect,
    metadata: Metadata,
    headers: dict[str, str],
    lost: list[str],
    *,
    genuine: bool,
    asked: str | None,
) -> None:
    wanted = metadata.storage_class
    if wanted in (None, "", *STANDARD):
        return
    name = class_there(dialect, wanted) if genuine or wanted in OUTSIDE_S3 else wanted
    if name is None and wanted == asked:
        name = wanted
    if name is None or not is_plain(name):
        lost.append(f"storage class '{wanted}'")
    else:
        headers[dialect.names.storage_class] = name


def _without_chunking(encoding: str | None) -> str | None:
    """A content encoding without ``aws-chunked``, which some servers keep though it is only of the transport."""
    if encoding is None or "aws-chunked" not in encoding:
        return encoding
    rest = [word for word in (part.strip() for part in encoding.split(",")) if word != "aws-chunked"]
    return ", ".join(rest) or None

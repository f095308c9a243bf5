"""Metadata as S3's headers, both ways."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from operator import attrgetter
from urllib.parse import quote

from transfer.model import Metadata
from transfer.wire import posix
from transfer_s3.words import decode_words, encode_words, is_plain, received

_FIELDS: Mapping[str, str] = {
    "content_type": "content-type",
    "content_encoding": "content-encoding",
    "content_language": "content-language",
    "content_disposition": "content-disposition",
    "cache_control": "cache-control",
    "expires": "expires",
    "website_redirect": "x-amz-website-redirect-location",
}
_texts = attrgetter(*_FIELDS)
_HEADERS = tuple(_FIELDS.values())
_USER = "x-amz-meta-"
_NAME = re.compile(r"[a-z0-9!#$%&'*+.^_`|~-]+", re.ASCII)
_MAX_USER = 2048
"""Bytes of all names and values of user metadata."""
_MAX_TAGS = 10
_AWS_CLASSES = frozenset(
    {
        "REDUCED_REDUNDANCY",
        "STANDARD_IA",
        "ONEZONE_IA",
        "INTELLIGENT_TIERING",
        "GLACIER",
        "GLACIER_IR",
        "DEEP_ARCHIVE",
    }
)


def to_headers(metadata: Metadata, *, aws: bool) -> tuple[dict[str, str], tuple[str, ...]]:
    """The headers that hold ``metadata``, and the names of what they can't hold."""
    headers: dict[str, str] = {}
    lost: list[str] = []
    for header, value in zip(_HEADERS, _texts(metadata), strict=True):
        if value is None:
            continue
        if value and is_plain(value):
            headers[header] = value
        else:
            lost.append(header)
    _add_user(metadata, headers, lost)
    _add_tags(metadata, headers, lost)
    _add_class(metadata, headers, lost, aws=aws)
    return headers, tuple(lost)


def from_headers(headers: Mapping[str, str]) -> Metadata:
    """The metadata in a reply to GET or HEAD, whose names are in lower case. Tags are not in it."""
    user = {name[len(_USER) :]: _text(value) for name, value in headers.items() if name.startswith(_USER)}
    disk, rest = posix.from_user(user)
    kind, encoding, language, disposition, caching, expires, redirect = _known(tuple(map(headers.get, _HEADERS)))
    return Metadata(
        content_type=kind,
        content_encoding=_without_chunking(encoding),
        content_language=language,
        content_disposition=disposition,
        cache_control=caching,
        expires=expires,
        website_redirect=redirect,
        user=rest,
        storage_class=headers.get("x-amz-storage-class"),
        posix=disk,
    )


def _text(value: str) -> str:
    return value if value.isascii() and "=?" not in value else decode_words(received(value))


@lru_cache(maxsize=256)
def _known(values: tuple[str | None, ...]) -> tuple[str | None, ...]:
    """What headers say; objects of a bucket mostly share all of that."""
    return tuple([received(value) if value else None for value in values])


def _add_user(metadata: Metadata, headers: dict[str, str], lost: list[str]) -> None:
    room = _MAX_USER
    for name, value in {**posix.to_user(metadata.posix), **metadata.user}.items():
        header, encoded = _user_header(name), encode_words(value)
        size = len(name) + len(encoded)
        if header is None or header in headers or size > room:
            lost.append(f"user metadata '{name}'")
        else:
            headers[header] = encoded
            room -= size


@lru_cache(maxsize=256)
def _user_header(name: str) -> str | None:
    """The header of user metadata of this name; None where it can't be one."""
    lower = name.lower()
    return _USER + lower if _NAME.fullmatch(lower) else None


def _add_tags(metadata: Metadata, headers: dict[str, str], lost: list[str]) -> None:
    if metadata.tags:
        kept = [tag for tag in metadata.tags.items() if all(map(_is_tag_text, tag))][:_MAX_TAGS]
        if kept:
            headers["x-amz-tagging"] = "&".join(f"{quote(name, safe='')}={quote(text, safe='')}" for name, text in kept)
        lost.extend(f"tag '{name}'" for name in metadata.tags if name not in dict(kept))


def _is_tag_text(text: str) -> bool:
    """S3 takes letters, digits and blanks of any script, and a few signs."""
    return all(character.isalnum() or character.isspace() or character in "_.:/=+-@" for character in text)


def _add_class(metadata: Metadata, headers: dict[str, str], lost: list[str], *, aws: bool) -> None:
    storage_class = metadata.storage_class
    if storage_class in (None, "", "STANDARD"):
        return
    if not is_plain(storage_class) or (aws and storage_class not in _AWS_CLASSES):
        lost.append(f"storage class '{storage_class}'")
    else:
        headers["x-amz-storage-class"] = storage_class


def _without_chunking(encoding: str | None) -> str | None:
    """A content encoding without ``aws-chunked``, which some servers keep though it is only of the transport."""
    if encoding is None or "aws-chunked" not in encoding:
        return encoding
    rest = [word for word in (part.strip() for part in encoding.split(",")) if word != "aws-chunked"]
    return ", ".join(rest) or None

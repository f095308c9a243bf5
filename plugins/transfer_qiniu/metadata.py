"""Metadata as Kodo holds it, both ways: a MIME type, a class, and named values.

A name that begins with ``!`` is that of an HTTP header, with which Kodo then answers downloads. Qiniu's SDKs use
such names; its documents promise only few characters for the values.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

from transfer.errors import Unsupported
from transfer.model import Metadata
from transfer.wire import posix
from transfer_qiniu import values
from transfer_qiniu.classes import number_of
from transfer_qiniu.config import LIMITS

PREFIX = "x-qn-meta-"
UNKNOWN_TYPE = "application/octet-stream"
"""Sent where no type is known, or Kodo would make one up from the name or the bytes."""
_MIME = re.compile(r"[A-Za-z0-9.+/;=,_ -]{1,200}", re.ASCII)
_NAME = re.compile(r"[a-z0-9_-]{1,50}", re.ASCII)
_HEADERS: Mapping[str, str] = {
    "content_encoding": "!Content-Encoding",
    "content_language": "!Content-Language",
    "content_disposition": "!Content-Disposition",
    "cache_control": "!Cache-Control",
    "expires": "!Expires",
}
_FIELDS: Mapping[str, str] = {header.lower(): field for field, header in _HEADERS.items()}
_SHOWN = re.compile(r"[!-~]([ -~]*[!-~])?", re.ASCII)
_REFUSED = "400"
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Fields:
    """What is sent of an object's metadata. ``named`` are names without the prefix, and their values."""

    mime: str
    type: int
    named: Mapping[str, str] = field(default_factory=dict)
    lost: tuple[str, ...] = ()

    @property
    def doubtful(self) -> frozenset[str]:
        """The headers of which Kodo's documents do not say that it takes them."""
        return frozenset(name for name, value in self.named.items() if name[0] == "!" and not values.is_plain(value))

    def prefixed(self) -> dict[str, str]:
        return {PREFIX + name: value for name, value in self.named.items()}


def to_fields(metadata: Metadata) -> Fields:
    """The fields that hold ``metadata``, and the names of what they can't hold."""
    lost: list[str] = []
    mime = metadata.content_type or UNKNOWN_TYPE
    if not _MIME.fullmatch(mime):
        mime = UNKNOWN_TYPE
        lost.append("content-type")
    number = number_of(metadata.storage_class)
    if number is None:
        lost.append(f"storage class '{metadata.storage_class}'")
    if metadata.website_redirect is not None:
        lost.append("website redirect")
    if metadata.tags:
        lost.append("tags")
    return Fields(mime, number or 0, _named(metadata, lost), tuple(lost))


def _named(metadata: Metadata, lost: list[str]) -> dict[str, str]:
    """All values that find room: first a file's fields, by which changes are known, then headers, then the rest."""
    named: dict[str, str] = {}
    room = LIMITS.max_user_metadata or 0

    def keep(name: str, value: str, what: str, *, allowed: bool) -> None:
        nonlocal room
        size = len(name) + len(value)
        if not allowed or name in named or len(value) > values.LONGEST or size > room:
            lost.append(what)
            return
        named[name] = value
        room -= size

    for name, value in posix.to_user(metadata.posix).items():
        keep(name, values.encode(value), f"user metadata '{name}'", allowed=True)
    for attribute, name in _HEADERS.items():
        value = getattr(metadata, attribute)
        if value is not None:
            keep(name, value, name[1:].lower(), allowed=_SHOWN.fullmatch(value) is not None)
    for name, value in metadata.user.items():
        lower = name.lower()
        keep(lower, values.encode(value), f"user metadata '{name}'", allowed=_NAME.fullmatch(lower) is not None)
    return named


def from_fields(mime: str, storage_class: str, named: Mapping[str, str]) -> Metadata:
    """The metadata that Kodo tells of an object; ``named`` without the prefix."""
    headers: dict[str, Any] = {_FIELDS[name.lower()]: value for name, value in named.items() if name.lower() in _FIELDS}
    user = {name.lower(): values.decode(value) for name, value in named.items() if not name.startswith("!")}
    disk, rest = posix.from_user(user)
    return Metadata(content_type=mime or None, user=rest, storage_class=storage_class, posix=disk, **headers)


async def as_far_as_taken(fields: Fields, send: Callable[[Fields], Awaitable[T]]) -> tuple[T, tuple[str, ...]]:
    """What ``send`` gives, and what was lost: where the server refuses, headers that it may not like are left out."""
    try:
        return await send(fields), fields.lost
    except Unsupported as error:
        doubtful = fields.doubtful
        if not doubtful or error.code != _REFUSED:
            raise
    fewer = {name: value for name, value in fields.named.items() if name not in doubtful}
    sent = await send(replace(fields, named=fewer))
    return sent, (*fields.lost, *(name[1:].lower() for name in sorted(doubtful)))

"""Objects as Kodo's documents tell of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from transfer.errors import Changed, Corrupt
from transfer.model import Algorithm, Checksums, Entry, Kind
from transfer_qiniu.classes import cold_of, is_frozen, name_of
from transfer_qiniu.hashes import sha1_of
from transfer_qiniu.metadata import PREFIX, from_fields

_TICK = 100
"""Nanoseconds in Kodo's unit of time."""
_MD5_DIGITS = 32


@dataclass(frozen=True, slots=True)
class Found:
    """An object as it is now: what of it an entry says, and what only Kodo knows of."""

    entry: Entry
    type: int
    frozen: bool
    mime: str
    named: Mapping[str, str]


def found_of(key: str, document: object) -> Found:
    """The object that a reply to a question about it tells. Raises Corrupt for another document."""
    try:
        return _found_of(key, document)  # type: ignore[arg-type]
    except (TypeError, LookupError, ValueError, AttributeError):
        raise Corrupt(f"The server told of '{key}' in a form that is not known", key=key) from None


def _found_of(key: str, told: Mapping[str, object]) -> Found:
    mime, number = str(told.get("mimeType", "")), _number(told, "type")
    named = {str(name).removeprefix(PREFIX): str(value) for name, value in _mapping(told, "x-qn-meta").items()}
    metadata = from_fields(mime, name_of(number), named)
    known = {
        "mtime_ns": metadata.posix.mtime_ns,
        "metadata": metadata,
        "kind": Kind.OBJECT if metadata.posix.link_target is None else Kind.SYMLINK,
        "cold": cold_of(number, _number(told, "restoreStatus")),
    }
    entry = _entry(key, told, **known)
    return Found(entry, number, is_frozen(number, _number(told, "restoreStatus")), mime, named)


def listed(key: str, told: Mapping[str, object]) -> Entry:
    """The little that an item of a listing tells. Raises LookupError, TypeError, ValueError."""
    return _entry(key, told)


def _entry(key: str, told: Mapping[str, object], **known: object) -> Entry:
    etag = str(told["hash"])
    return Entry(
        key,
        int(told["fsize"]),  # type: ignore[call-overload]
        modified_ns=_number(told, "putTime") * _TICK or None,
        etag=etag,
        checksums=checksums_of(etag, str(told.get("md5") or "")),
        storage_class=name_of(_number(told, "type")),
        **known,  # type: ignore[arg-type]
    )


def checksums_of(etag: str, md5: str = "") -> Checksums:
    """The checksums over all bytes that Kodo has computed."""
    checksums = {}
    whole = sha1_of(etag)
    if whole is not None:
        checksums[Algorithm.SHA1] = whole
    if len(md5) == _MD5_DIGITS:
        checksums[Algorithm.MD5] = bytes.fromhex(md5)
    return checksums


def unchanged(asked: Entry, etag: str | None) -> None:
    """Raise Changed unless an object with this hash is the one that was asked for."""
    if asked.etag not in (None, etag):
        raise Changed(f"'{asked.key}' has changed since it was looked at", key=asked.key)


def _number(told: Mapping[str, object], name: str) -> int:
    return int(told.get(name) or 0)  # type: ignore[call-overload,no-any-return]


def _mapping(told: Mapping[str, object], name: str) -> Mapping[str, object]:
    value = told.get(name)
    return value if isinstance(value, dict) else {}

"""Listings, of both versions."""

from __future__ import annotations

import re
import time
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from urllib.parse import quote_plus, unquote_plus
from xml.sax.saxutils import escape

from bench.server.buckets import Bucket, Stored
from bench.server.messages import Request, Response, document, element

_MOST = 1000
_BEYOND = "\U0010ffff"
"""Sorts behind all that a folder may hold."""
_PLAIN = re.compile(r"[A-Za-z0-9/._-]*").fullmatch
Spell = Callable[[str], str]


@dataclass(frozen=True, slots=True)
class Page:
    """Keys and folders, each in order; ``last`` of them, where more follow."""

    keys: Sequence[str]
    folders: Sequence[str]
    last: str | None


def page(keys: Sequence[str], prefix: str, delimiter: str, after: str, most: int) -> Page:
    """What of the sorted ``keys`` starts with ``prefix`` and comes behind ``after``; at most ``most``."""
    at = max(bisect_left(keys, prefix), bisect_right(keys, after) if after else 0)
    if delimiter and len(after) > len(prefix) and after.endswith(delimiter):
        at = max(at, bisect_left(keys, after + _BEYOND))  # all of that folder has been told
    if not delimiter:
        return _flat(keys, prefix, at, most)
    found: list[str] = []
    folders: list[str] = []
    last = ""
    while at < len(keys) and (key := keys[at]).startswith(prefix):
        if len(found) + len(folders) == most:
            return Page(found, folders, last)
        end = key.find(delimiter, len(prefix))
        if end < 0:
            found.append(key)
            last, at = key, at + 1
        else:
            last = key[: end + len(delimiter)]
            folders.append(last)
            at = bisect_left(keys, last + _BEYOND, at)
    return Page(found, folders, None)


def _flat(keys: Sequence[str], prefix: str, at: int, most: int) -> Page:
    end = bisect_left(keys, prefix + _BEYOND, at) if prefix else len(keys)
    found = keys[at : min(at + most, end)]
    return Page(found, (), found[-1] if at + most < end and found else None)


def listed(bucket: Bucket, request: Request) -> Response:
    """The page that is asked for. Its token is the last name on it."""
    query = request.query
    second = query.get("list-type") == "2"
    token = unquote_plus(query.get("continuation-token", ""))
    after = token or query.get("start-after" if second else "marker", "")
    most = min(int(query.get("max-keys", _MOST)), _MOST)
    prefix, delimiter = query.get("prefix", ""), query.get("delimiter", "")
    found = page(bucket.keys, prefix, delimiter, after, most) if most else Page((), (), None)
    spell: Spell = _quoted if query.get("encoding-type") == "url" else escape
    told = map(_facts, bucket.all_of(found.keys))
    rows = "".join(f"<Contents><Key>{spell(key)}{facts}" for key, facts in zip(found.keys, told, strict=True))
    folders = "".join(f"<CommonPrefixes><Prefix>{spell(one)}</Prefix></CommonPrefixes>" for one in found.folders)
    return document(
        "ListBucketResult",
        f"<Name>{request.bucket}</Name><Prefix>{spell(prefix)}</Prefix><MaxKeys>{most}</MaxKeys>",
        f"<Delimiter>{spell(delimiter)}</Delimiter>" if delimiter else "",
        "<EncodingType>url</EncodingType>" if spell is _quoted else "",
        f"<KeyCount>{len(found.keys) + len(found.folders)}</KeyCount>" if second else "",
        f"<IsTruncated>{'false' if found.last is None else 'true'}</IsTruncated>",
        _following(found.last, second=second, spell=spell),
        rows,
        folders,
    )


def _following(last: str | None, *, second: bool, spell: Spell) -> str:
    if last is None:
        return ""
    return element("NextContinuationToken", _quoted(last)) if second else f"<NextMarker>{spell(last)}</NextMarker>"


def _facts(stored: Stored) -> str:
    if not stored.row:
        stored.row = (
            f"</Key><LastModified>{iso(stored.modified)}</LastModified><ETag>&quot;{stored.etag}&quot;</ETag>"
            f"<Size>{stored.size}</Size><StorageClass>STANDARD</StorageClass></Contents>"
        )
    return stored.row


def _quoted(name: str) -> str:
    return name if _PLAIN(name) else quote_plus(name, safe="/")


def iso(moment: int) -> str:
    """A moment as documents spell it."""
    return time.strftime("%Y-%m-%dT%H:%M:%S.000Z", time.gmtime(moment))

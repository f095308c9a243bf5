"""Which metadata travels, and how a change of it is noticed. Pure."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from functools import lru_cache
from operator import attrgetter

from transfer.model import Entry, Metadata, Posix
from transfer.options import Options
from transfer.plugin import Capabilities

STANDARD = "STANDARD"
"""The class of which listings and HEADs say nothing."""


def carried(source: Entry, options: Options, target: Capabilities) -> Metadata:
    """The metadata that the target object is to have.

    A disk gets an mtime in any case, as does what must have one: where the source keeps none, the time at which its
    store last wrote the object.
    """
    kept = source.metadata or Metadata()
    if not options.metadata:
        kept = Metadata(content_type=kept.content_type, posix=kept.posix)
    chosen = chosen_class(source, options)
    if chosen is not None:
        kept = replace(kept, storage_class=chosen)
    if kept.tags is not None and not options.stores.tags:
        kept = replace(kept, tags=None)
    if (target.posix or target.dated) and kept.posix.mtime_ns is None:
        kept = replace(kept, posix=replace(kept.posix, mtime_ns=source.modified_ns))
    return kept


def chosen_class(source: Entry, options: Options) -> str | None:
    """The storage class that the caller wants for the object; None where it keeps its own, or the like of it."""
    if not options.map_class:
        return options.storage_class
    return options.map_class.get(source.storage_class or STANDARD)


def fingerprint(metadata: Metadata) -> str:
    """A short text that is equal for equal metadata."""
    tags = None if metadata.tags is None else tuple(metadata.tags.items())
    before, after = _around_posix(_headers(metadata), tuple(metadata.user.items()), tags)
    return hashlib.sha256(f"{before}{_posix_json(metadata.posix)}{after}".encode()).hexdigest()[:32]


_Items = tuple[tuple[str, str], ...]


@lru_cache(maxsize=1024)
def _around_posix(headers: tuple[str | None, ...], user: _Items, tags: _Items | None) -> tuple[str, str]:
    """JSON of all metadata, in two pieces. Objects that are moved together mostly share what is in them."""
    plain = dict(zip(_HEADERS, headers, strict=True)) | {
        "user": dict(user),
        "tags": None if tags is None else dict(tags),
        "posix": 0,
    }
    # Within texts quotes are escaped, so that none of them can look like the mark.
    before, mark, after = json.dumps(plain, sort_keys=True).partition('"posix": 0')
    return before + mark[:-1], after


def _posix_json(posix: Posix) -> str:
    """As ``json.dumps`` writes it, with sorted names."""
    link = "null" if posix.link_target is None else json.dumps(posix.link_target)
    return (
        f'{{"gid": {_or_null(posix.gid)}, "link_target": {link}, '
        f'"mode": {_or_null(posix.mode)}, "mtime_ns": {_or_null(posix.mtime_ns)}, "uid": {_or_null(posix.uid)}}}'
    )


def _or_null(number: int | None) -> int | str:
    return "null" if number is None else number


_HEADERS = (
    "content_type",
    "content_encoding",
    "content_language",
    "content_disposition",
    "cache_control",
    "expires",
    "website_redirect",
    "storage_class",
)
_headers = attrgetter(*_HEADERS)


def shape(options: Options) -> str:
    """The fingerprint of the options that shape target objects."""
    stores = options.stores
    chosen = (
        options.storage_class,
        options.metadata,
        stores.acl,
        stores.sse,
        stores.sse_kms_key_id,
        stores.sse_c_key_file,
        stores.tags,
        stores.links,
        stores.owner,
        *sorted(options.map_class.items()),
    )
    return hashlib.sha256(json.dumps(chosen).encode()).hexdigest()[:16]


def differs(wanted: Metadata, has: Metadata, target: Capabilities) -> bool:
    """Whether the target's metadata is to be replaced, though the content is the same.

    Only fields that the target can hold and that ``wanted`` knows are compared.
    """
    if (target.posix or target.user_metadata) and _posix_differs(wanted.posix, has.posix):
        return True
    if target.headers and any(_unlike(getattr(wanted, name), getattr(has, name)) for name in _HEADERS[:-1]):
        return True
    if target.user_metadata and dict(wanted.user) != dict(has.user):
        return True
    return target.tags and wanted.tags is not None and dict(wanted.tags) != dict(has.tags or {})


def _posix_differs(wanted: Posix, has: Posix) -> bool:
    return _unlike(wanted.mtime_ns, has.mtime_ns) or _unlike(wanted.mode, has.mode)


def _unlike(wanted: object, has: object) -> bool:
    return wanted is not None and wanted != has

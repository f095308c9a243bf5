"""Whether a target holds the metadata that it was given: some servers accept what they then forget."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from transfer.model import Metadata, Stored
from transfer.pipeline.route import Route

_HEADERS = (
    "content_type",
    "content_encoding",
    "content_language",
    "content_disposition",
    "cache_control",
    "expires",
    "website_redirect",
)
_POSIX = ("mtime_ns", "mode", "uid", "gid", "link_target")
_UNTOLD = (None, "", "STANDARD")


async def looked_over(route: Route, stored: Stored, metadata: Metadata) -> Stored:
    """With ``--strict-metadata`` the object is looked at once more, and what is missing counts as lost.

    A disk tells by itself what it can't hold.
    """
    if not route.options.strict_metadata or route.target.capabilities.posix or stored.lost:
        return stored
    found = await route.target.stat(stored.entry.key)
    return replace(stored, lost=tuple(_missing(metadata, found.metadata or Metadata())))


def _missing(wanted: Metadata, found: Metadata) -> Iterator[str]:
    """The names of what was given and is not there."""
    for name in _HEADERS:
        if getattr(wanted, name) not in (None, "", getattr(found, name)):
            yield name.replace("_", "-")
    for name in _POSIX:
        if getattr(wanted.posix, name) not in (None, getattr(found.posix, name)):
            yield name.removesuffix("_ns").replace("_", "-")
    for name in _unlike(_folded(wanted.user), _folded(found.user)):
        yield f"user metadata '{name}'"
    for name in _unlike(wanted.tags or {}, found.tags or {}):
        yield f"tag '{name}'"
    if wanted.storage_class not in (*_UNTOLD, found.storage_class):
        yield f"storage class '{wanted.storage_class}'"


def _folded(user: Mapping[str, str]) -> Mapping[str, str]:
    """Names of user metadata are headers, which have no case."""
    return {name.lower(): value for name, value in user.items()}


def _unlike(wanted: Mapping[str, str], found: Mapping[str, str]) -> list[str]:
    return [name for name, value in wanted.items() if found.get(name) != value]

"""Archives as entries, and the keys of those that are not the newest of their name."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence

from transfer.model import Algorithm, Entry, Metadata, Posix
from transfer_glacier.archive import Archive
from transfer_glacier.cover import Coldness

_SECOND_NS = 1_000_000_000
MARK = "@"
"""Stands between a name and the time of one of its older archives."""


def entry_of(archive: Archive, key: str, coldness: Coldness) -> Entry:
    """What is known of an archive, which is all there is."""
    mtime_ns = None if archive.mtime is None else archive.mtime * _SECOND_NS
    return Entry(
        key,
        archive.size,
        mtime_ns=mtime_ns,
        modified_ns=archive.created * _SECOND_NS,
        version=archive.id,
        checksums={Algorithm.TREE_SHA256: archive.tree_hash},
        metadata=Metadata(posix=Posix(mtime_ns=mtime_ns)),
        cold=coldness.cold,
        thawed_until_ns=coldness.until_ns,
    )


def changed(archive: Archive) -> int:
    """When it was last changed, as far as that is known: by this, versions are newer or older."""
    return archive.created if archive.mtime is None else archive.mtime


def keyed(name: str, versions: Sequence[Archive]) -> Iterator[tuple[str, Archive]]:
    """Each archive of a name with its key: that of the newest, which comes first, is the name itself."""
    taken: set[str] = set()
    for number, archive in enumerate(versions):
        key = name if number == 0 else _older(name, archive, taken)
        taken.add(key)
        yield key, archive


def base_of(key: str) -> str | None:
    """The name that the key of an older archive begins with; None for what can be none."""
    name, mark, _ = key.rpartition(MARK)
    return name if mark and name else None


def _older(name: str, archive: Archive, taken: set[str]) -> str:
    moment = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime(archive.created))
    key, count = f"{name}{MARK}{moment}", 1
    while key in taken:
        count += 1
        key = f"{name}{MARK}{moment}.{count}"
    return key

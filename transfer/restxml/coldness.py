"""How far an object in cold storage is from being readable, as a provider's headers and listings tell."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from transfer.model import Cold, Entry, Unlisted
from transfer.restxml.dialect import Dialect
from transfer.wire.listing import ListingPage, Restore, restore_of


def with_coldness(dialect: Dialect, entry: Entry, headers: Mapping[str, str], *, genuine: bool) -> Entry:
    """``entry`` with what the reply to a HEAD tells of it.

    That nobody asked for an object is told by its class alone, which at an imitator may be a mere name.
    """
    restore = restore_of(headers.get(dialect.names.restore, ""))
    if restore is not None:
        return _asked_for(entry, restore)
    archived = headers.get(dialect.names.archive_status) or (genuine and entry.storage_class in dialect.thaw_hours)
    return replace(entry, cold=Cold.FROZEN) if archived else entry


def listed(dialect: Dialect, page: ListingPage, *, tells_all: bool) -> tuple[Entry | Unlisted, ...]:
    """The entries of a page, with what it tells of them; ``tells_all``: nobody asked for what it is silent of."""
    cold = dialect.cold_for_sure if tells_all else frozenset()
    restores = page.restores

    def told(item: Entry | Unlisted) -> Entry | Unlisted:
        if isinstance(item, Entry):
            if item.key in restores:
                return _asked_for(item, restores[item.key])
            if item.storage_class in cold:
                return replace(item, cold=Cold.FROZEN)
        return item

    return tuple(map(told, page.items)) if cold or restores else page.items


def _asked_for(entry: Entry, restore: Restore) -> Entry:
    cold = Cold.THAWING if restore.ongoing else Cold.THAWED
    return replace(entry, cold=cold, thawed_until_ns=restore.until_ns)

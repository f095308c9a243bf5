"""Asks for objects in cold storage to be made readable."""

from __future__ import annotations

from transfer.errors import Unsupported
from transfer.model import Cold, Entry, Thaw
from transfer_qiniu.client import Client
from transfer_qiniu.entries import unchanged
from transfer_qiniu.hosts import Service

_DAYS = range(1, 8)


async def thaw(client: Client, entry: Entry, days: int, tier: str) -> Thaw:
    """Have the object thawed for ``days``; it may be so already. Raises Unsupported for what Kodo has no way to say."""
    if days not in _DAYS:
        raise Unsupported(f"Kodo keeps objects thawed for {_DAYS[0]} to {_DAYS[-1]} days, not {days}", key=entry.key)
    if tier:
        raise Unsupported(f"Kodo has no tiers of thawing, so none can be '{tier}'", key=entry.key)
    found = (await client.look(entry.key)).entry
    unchanged(entry, found.etag)
    if found.cold in (Cold.THAWING, Cold.THAWED):
        return Thaw(entry.key, found.cold, entry.size)
    path = f"/restoreAr/{client.place.entry(entry.key)}/freezeAfterDays/{days}"
    await client.manage(Service.RS, path, key=entry.key)
    return Thaw(entry.key, Cold.THAWING, entry.size)

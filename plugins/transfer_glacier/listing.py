"""The names of a vault, in order, with the state of what they stand for."""

from __future__ import annotations

from collections.abc import AsyncIterator

from transfer.model import Entry, Page
from transfer_glacier.cover import coldness
from transfer_glacier.entries import entry_of, keyed
from transfer_glacier.vault import Vault


async def pages(vault: Vault, prefix: str, *, after: str | None, resume: str | None) -> AsyncIterator[Page]:
    """All names that start with ``prefix``, the newest archive of each; with the setting ``versions`` all of them.

    A listing goes on behind a name, so what is written meanwhile is told of once or not at all.
    """
    last = max((key for key in (after, resume) if key is not None), key=str.encode, default=None)
    while group := await vault.names.page(prefix, last):
        last, jobs = group[-1][0], await vault.retrievals.all()
        found: list[Entry] = []
        for key, versions in group:
            shown = list(keyed(key, versions))[: None if vault.settings.versions else 1]
            for name, archive in shown:
                state = coldness(jobs.get(archive.id, ()), archive.size, vault.now_ns())
                found.append(entry_of(archive, name, state))
        yield Page(tuple(found), resume=last)


async def look(vault: Vault, key: str) -> Entry:
    """The archive that has this key. Raises NotFound."""
    archive = await vault.names.one(key)
    jobs = await vault.retrievals.of(archive.id)
    return entry_of(archive, key, coldness(jobs, archive.size, vault.now_ns()))

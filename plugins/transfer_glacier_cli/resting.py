"""Vaults' journals on this machine: where they are, and what of them a command is about."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Collection, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from transfer.errors import Misconfigured
from transfer.filters import Filter
from transfer.plugin import Location
from transfer.restxml.opening import folder
from transfer_glacier.archive import Archive
from transfer_glacier.config import Settings, read_settings
from transfer_glacier.cover import FROZEN
from transfer_glacier.entries import entry_of
from transfer_glacier.founding import journals_folder, locator
from transfer_glacier.journal import Journal
from transfer_glacier_cli.reach import Asked, Reached

_PAGE = 1000
"""Names."""


@dataclass(frozen=True, slots=True)
class Selection:
    """The archives of a journal whose names begin with ``prefix``, and which the filter lets through."""

    journal: Journal
    prefix: str
    wanted: Filter = Filter()

    def groups(self) -> Iterator[Sequence[Archive]]:
        """The archives of each name, the newest first, in the order of names. Blocking; one page is in memory."""
        after: str | None = None
        while page := self.journal.page(self.prefix, after, _PAGE):
            for _, archives in page:
                found = [archive for archive in archives if self._passes(archive)]
                if found:
                    yield found
            after = page[-1][0]

    def _passes(self, archive: Archive) -> bool:
        key = archive.name.removeprefix(self.prefix)
        wanted = self.wanted
        return wanted.is_empty or (wanted.passes_key(key) and wanted.passes_entry(entry_of(archive, key, FROZEN)))


@asynccontextmanager
async def journal_of(vault: Reached) -> AsyncIterator[Journal]:
    """The vault's journal, which must be there. Raises Misconfigured."""
    path = await vault.call("describe a vault", locator(vault.client, vault.settings))
    async with _opened(path, vault.settings, vault.client.place.url) as journal:
        yield journal


@asynccontextmanager
async def resting(wanted: Asked) -> AsyncIterator[tuple[Selection, Settings]]:
    """The journal that the URL leads to, without asking Glacier, or anybody for credentials. Raises Misconfigured."""
    location = await wanted.opened(_itself)
    settings = read_settings(location)
    path = await asyncio.to_thread(_find, location, settings)
    async with _opened(path, settings, location.url) as journal:
        yield Selection(journal, folder(location.path), wanted.options.filter), settings


async def named_by_id(vault: Reached, archive_ids: Collection[str]) -> Mapping[str, str]:
    """The names of these archives, as far as there is a journal that has them."""
    if not archive_ids:
        return {}
    path = await vault.call("describe a vault", locator(vault.client, vault.settings))
    if not await asyncio.to_thread(path.exists):
        return {}
    async with _opened(path, vault.settings, vault.client.place.url) as journal:
        return await asyncio.to_thread(_names, journal, archive_ids)


def _names(journal: Journal, archive_ids: Collection[str]) -> Mapping[str, str]:
    found = {archive_id: journal.known(archive_id) for archive_id in archive_ids}
    return {archive_id: known.archive.name for archive_id, known in found.items() if known is not None}


@asynccontextmanager
async def _opened(path: Path, settings: Settings, url: str) -> AsyncIterator[Journal]:
    if not await asyncio.to_thread(path.exists):
        raise Misconfigured(
            f"There is no journal at {path}; 'transfer glacier journal {url}' makes it, or name another one with "
            "--vault-journal."
        )
    journal = await asyncio.to_thread(lambda: Journal(path, encoding=settings.journal_encoding))
    try:
        yield journal
    finally:
        await asyncio.to_thread(journal.close)


async def _itself(location: Location) -> Location:
    return location


def _find(location: Location, settings: Settings) -> Path:
    """The journal that is named, or the only one here of a vault of this name."""
    if settings.journal:
        return Path(os.path.expanduser(settings.journal))
    base = journals_folder()
    found = sorted(base.glob(f"*/*/{location.container}.journal"))
    if len(found) == 1:
        return found[0]
    what = f"are {len(found)} journals" if found else "is no journal"
    raise Misconfigured(f"There {what} of a vault '{location.container}' below {base}; name one with --vault-journal.")

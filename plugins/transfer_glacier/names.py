"""The names of a vault's archives, as its journal has them: what may block runs in a thread, one thing at a time."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TypeVar

from transfer.errors import Changed, NotFound, Unsupported
from transfer.model import Entry
from transfer_glacier.archive import Archive
from transfer_glacier.config import LIMITS
from transfer_glacier.entries import base_of, keyed
from transfer_glacier.journal import Journal, fault_of
from transfer_glacier.journal.places import turns_of
from transfer_glacier.place import Place

_PAGE = 1000
"""Names."""
T = TypeVar("T")
Group = tuple[str, Sequence[Archive]]
"""A key, and the archives that have its name, the newest first."""


class Names:
    """``locate`` tells where the journal is, once that is needed."""

    def __init__(self, place: Place, locate: Callable[[], Awaitable[Path]], encoding: str) -> None:
        self._place = place
        self._locate = locate
        self._encoding = encoding
        self._lock = asyncio.Lock()
        self._journal: Journal | None = None

    def name(self, key: str) -> str:
        """The full name. Raises Unsupported for a key that can be none."""
        return checked(self._place.prefix + key, key)

    async def path(self) -> Path:
        """Where the journal is, or is to be."""
        return await self._locate()

    async def exists(self) -> bool:
        """Whether there is a journal."""
        return await asyncio.to_thread((await self._locate()).exists)

    async def oldest(self) -> int | None:
        """When the oldest archive was made (seconds since 1970), of those that were written down first."""
        return await self._run(Journal.oldest)

    async def start(self) -> None:
        """Make a journal with nothing in it, if there is none. Raises Denied for one that can't be written to."""
        await self._run(Journal.begin)

    async def page(self, prefix: str, after: str | None) -> Sequence[Group]:
        """The names that start with ``prefix`` and come behind ``after``, in the order of their bytes: some of them."""
        folder = self._place.prefix
        last = None if after is None else folder + after
        found = await self._run(lambda journal: journal.page(folder + prefix, last, _PAGE))
        return [(name.removeprefix(folder), versions) for name, versions in found]

    async def versions(self, name: str) -> Sequence[Archive]:
        """The archives of exactly this name, the newest first."""
        return await self._run(lambda journal: journal.versions(name))

    async def one(self, key: str) -> Archive:
        """The archive of this key. Raises NotFound."""
        found = await self._versions_of(key)
        if not found:
            raise self._missing(key)
        return found[0]

    async def find(self, entry: Entry) -> Archive:
        """The archive that the entry tells of. Raises NotFound; Changed where its name has come to another one."""
        if entry.version is None:
            return await self.one(entry.key)
        version = entry.version
        archive = await self._run(lambda journal: journal.archive(version))
        if archive is not None:
            return archive
        await self.one(entry.key)
        raise Changed(f"{self._place.subject(entry.key)} has changed since it was looked at", key=entry.key)

    async def doomed(self, key: str, *, all_versions: bool) -> Sequence[Archive]:
        """What goes when this key is deleted, the newest first; nothing where it is not there."""
        found = await self._versions_of(key)
        return found if all_versions else found[:1]

    async def keys_of(self, archive_ids: Collection[str]) -> Mapping[str, str]:
        """The keys of those archives that are there and below our folder."""
        return await self._run(lambda journal: self._keys(journal, archive_ids))

    async def add(self, archive: Archive) -> Archive:
        """Write down that there is this archive, durably. What is known of it already stays as it is."""
        return await self._run(lambda journal: journal.archive(archive.id) or journal.created(archive))

    async def drop(self, archive: Archive) -> None:
        """Write down that it is gone, durably."""
        await self._run(lambda journal: journal.deleted(archive))

    async def requested(self, archive: Archive, job_id: str, when: int) -> None:
        """Write down that it is being retrieved."""
        await self._run(lambda journal: journal.requested(archive, job_id, when))

    async def requests(self, archive: Archive, since: int) -> Sequence[str]:
        """The ids of the jobs that retrieve it, as far as they were written down since then, by whomever."""
        found = await self._run(lambda journal: journal.retrievals(archive.id))
        return [each.job_id for each in found if each.time >= since and each.job_id is not None]

    async def turns(self) -> Path:
        """The file whose lock is held by who asks for retrievals."""
        return turns_of(await self._locate())

    async def aclose(self) -> None:
        async with self._lock:
            if self._journal is not None:
                await asyncio.to_thread(self._journal.close)
                self._journal = None

    async def _versions_of(self, key: str) -> Sequence[Archive]:
        """Those of a name; of the key of an older archive, that one."""
        name = self._place.prefix + key
        found = await self.versions(name)
        base = base_of(name)
        if found or base is None:
            return found
        return [archive for older, archive in keyed(base, await self.versions(base)) if older == name]

    def _keys(self, journal: Journal, archive_ids: Iterable[str]) -> Mapping[str, str]:
        known = filter(None, map(journal.archive, archive_ids))
        names = {archive.name for archive in known if archive.name.startswith(self._place.prefix)}
        return {
            archive.id: key.removeprefix(self._place.prefix)
            for name in names
            for key, archive in keyed(name, journal.versions(name))
        }

    def _missing(self, key: str) -> NotFound:
        return NotFound(f"{self._place.subject(key)} is not in the vault's journal", key=key)

    async def _run(self, work: Callable[[Journal], T]) -> T:
        path = await self._locate()
        async with self._lock:
            if self._journal is None:
                self._journal = await asyncio.to_thread(partial(Journal, path, encoding=self._encoding))
            return await asyncio.to_thread(work, self._journal)


def checked(name: str, key: str) -> str:
    """``name``, which a line of the journal can hold. Raises Unsupported."""
    try:
        size = len(name.encode())
    except UnicodeEncodeError:
        raise Unsupported(f"The key {key!a} is not valid Unicode", key=key) from None
    if not key or size > (LIMITS.max_key or size):
        raise Unsupported(f"The key '{key}' has {size:,} bytes; a vault takes 1 to {LIMITS.max_key}", key=key)
    if fault := fault_of(name):
        raise Unsupported(f"The key {key!a} can't be in a vault's journal: it {fault}", key=key)
    return name

"""Where the journal of a vault is, and how one comes to be where there is none: out of the vault's inventory."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import closing, suppress
from pathlib import Path

import platformdirs

from transfer.errors import Awaited, Misconfigured, Transient
from transfer.wire.stream import Stream
from transfer_glacier import calls
from transfer_glacier.archive import Archive
from transfer_glacier.client import Client
from transfer_glacier.config import Settings
from transfer_glacier.cover import is_readable, is_under_way
from transfer_glacier.inventory.founding import begin_journal
from transfer_glacier.inventory.listed import Listed
from transfer_glacier.inventory.reading import archives_async
from transfer_glacier.job import Action, Job, inventory_retrieval
from transfer_glacier.naming import naming
from transfer_glacier.vault import Vault

DESCRIPTION = "transfer: inventory"
_STATE_DIR = "TRANSFER_STATE_DIR"
_FOLDER = "vaults"
_CHUNK = 256 * 1024
_SECOND_NS = 1_000_000_000
_CLOCKS_DIFFER = 24 * 3600
"""Seconds; archives are written down by the clocks of those who made them."""


def locator(client: Client, settings: Settings) -> Callable[[], Awaitable[Path]]:
    """Tells where the journal is: where the settings say, or by region, account and vault in the user's own place."""
    found: Path | None = Path(os.path.expanduser(settings.journal)) if settings.journal else None

    async def locate() -> Path:
        nonlocal found
        if found is None:
            found = usual_path(client, (await calls.describe(client)).account)
        return found

    return locate


def usual_path(client: Client, account: str) -> Path:
    """The same vault of the same account always has the same one, whoever asks, with whichever keys."""
    place = client.region if client.endpoint.genuine else client.endpoint.host.replace(":", "_")
    return journals_folder() / place / (account or "account") / f"{client.place.vault}.journal"


def journals_folder() -> Path:
    """Where the journals are that nobody has named a place for: in a folder for each region and account."""
    named = os.environ.get(_STATE_DIR)
    return (Path(named) if named else Path(platformdirs.user_data_dir("transfer"))) / _FOLDER


async def found(vault: Vault) -> None:
    """See that the vault is there, and has a journal.

    Raises NotFound; Misconfigured for a journal of another vault; Frozen while the inventory that a journal is to be
    made of is not there yet.
    """
    told = await calls.describe(vault.client)
    if await vault.names.exists():
        await _see_whose(vault, told)
        return
    if vault.settings.journal is not None:
        await _see_folder(await vault.names.path())
    if told.archives and told.inventory_ns is not None:
        await _from_inventory(vault)
    else:
        # Nothing else could be known of it: an inventory can be asked for only once there was one.
        await vault.names.start()


async def _see_whose(vault: Vault, told: calls.Vault) -> None:
    """A journal names no vault, but its archives can't be older than theirs: only an empty vault can be made anew."""
    oldest = await vault.names.oldest()
    if oldest is None or told.created_ns is None or oldest + _CLOCKS_DIFFER >= told.created_ns // _SECOND_NS:
        return
    raise Misconfigured(
        f"The journal {await vault.names.path()} is not that of {vault.place.subject(None)}: it has archives that are "
        "older than the vault; name the right one, or a new file, with the setting 'journal'"
    )


async def _see_folder(journal: Path) -> None:
    """A journal that was named belongs where there is a folder; else it is mistyped, or its disk is not mounted."""
    if not await asyncio.to_thread(journal.parent.is_dir):
        raise Misconfigured(f"The journal {journal} is not there, nor is its folder; make that, or name another file")


async def _from_inventory(vault: Vault) -> None:
    async with naming(vault.settings.names_from) as archive_of:  # ahead of a wait of hours, lest it be in vain
        await _found_by(archive_of, vault)


async def _found_by(archive_of: Callable[[Listed], Archive], vault: Vault) -> None:
    jobs = [job async for job in calls.jobs(vault.client) if job.action == Action.INVENTORY and not job.partial]
    ready = [job for job in jobs if is_readable(job, vault.now_ns())]
    if ready:
        await _begin_from(vault, max(ready, key=lambda job: job.created_ns or 0), archive_of)
        return
    if not any(map(is_under_way, jobs)):
        await calls.initiate(vault.client, inventory_retrieval(description=DESCRIPTION))
    raise Awaited(
        f"{vault.place.subject(None)} has no journal here, so its inventory was asked for, which takes some hours; "
        "run this again then, or name a journal that you have with the setting 'journal'"
    )


async def _begin_from(vault: Vault, job: Job, archive_of: Callable[[Listed], Archive]) -> None:
    """Make the journal of what a job has retrieved. One that came into being meanwhile is as good."""
    stream = await calls.output(vault.client, job.id, None)
    with closing(stream):
        inventory = archives_async(_chunks(stream, vault.place.subject(None)))
        with suppress(FileExistsError):
            await begin_journal(
                await vault.names.path(), inventory, archive_of, encoding=vault.settings.journal_encoding
            )


async def _chunks(stream: Stream, subject: str) -> AsyncIterator[bytes]:
    view = memoryview(bytearray(_CHUNK))
    size, length = 0, stream.headers.get("content-length")
    while got := await stream.readinto(view):
        size += got
        yield bytes(view[:got])
    if length is not None and size != int(length):
        raise Transient(f"The inventory of {subject} broke off after {size:,} of {length} bytes")

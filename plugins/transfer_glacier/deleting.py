"""Deleting archives, and writing down that they are."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import suppress

from transfer import killpoint
from transfer.errors import NotFound, TransferError
from transfer_glacier import calls
from transfer_glacier.archive import Archive
from transfer_glacier.vault import Vault

_AT_ONCE = 8


async def delete(vault: Vault, keys: Sequence[str]) -> Mapping[str, TransferError]:
    """Delete what has these keys; those that failed, and why. What is not there counts as deleted."""
    failed: dict[str, TransferError] = {}
    every = not vault.settings.each_alone
    waiting = iter(keys)

    async def work() -> None:
        for key in waiting:
            try:
                await delete_archives(vault, key, await vault.names.doomed(key, all_versions=every))
            except TransferError as error:
                failed[key] = error

    async with asyncio.TaskGroup() as group:
        for _ in range(min(_AT_ONCE, len(keys))):
            group.create_task(work())
    return failed


async def delete_archives(vault: Vault, key: str, archives: Sequence[Archive]) -> None:
    """The oldest first, so that the newest is the file to the last."""
    spent = await vault.billing.spent()
    for archive in reversed(archives):
        with suppress(NotFound):
            await calls.delete_archive(vault.client, archive.id, key=key)
            spent.delete(archive.size, archive.created, vault.now_s())
        killpoint.reach("archive-deleted")
        await vault.names.drop(archive)

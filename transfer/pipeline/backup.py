"""Keeps what would be overwritten or deleted, where ``--backup-dir`` says."""

from __future__ import annotations

from dataclasses import replace

from transfer.checkpoint import Backup, Look
from transfer.decide import Do, Step
from transfer.errors import Corrupt, NotFound, Unsupported
from transfer.event import ignore
from transfer.location import place
from transfer.model import Entry, Proven
from transfer.pipeline.moved import LeftOut
from transfer.pipeline.once import move_once
from transfer.pipeline.route import NoJournal, Route
from transfer.plugin import Store


async def back_up(route: Route, key: str, entry: Entry) -> Entry:
    """Copy the target's object to the backup, proven, before it is changed; returns it as it is now.

    After a try that failed, or was killed, the target may hold the new object already, which must not
    replace the old one in the backup. What is known to be ours is not kept; what may be anybody's is
    kept under another name. Raises TransferError; NotFound if there is nothing to keep,
    Unsupported if it is of a kind that the backup does not take.
    """
    if route.backup is None:
        return entry
    full = await route.target.stat(entry.key)
    name = await _name(route, route.backup, key, full)
    if name is None:
        return full
    try:
        step = Step(Do.COPY, full.key, "backup", full, to=name)
        moved = await move_once(_to_backup(route, route.backup), step, full)
    except LeftOut as error:  # by the backup: the object at hand is not to be left out, nor to go without one
        message = f"'{entry.key}' can't be backed up, so the original stays: {error}"
        raise Unsupported(message, key=entry.key) from error
    if moved.stored.proof.proven is Proven.UNPROVEN:
        raise Corrupt(f"the backup of '{entry.key}' could not be proven, so the original stays", key=entry.key)
    await route.journal.backed_up(key, Backup(full.key, place(route.backup.origin), name, Look.of(full)))
    return full


async def _name(route: Route, backup: Store, key: str, full: Entry) -> str | None:
    """Under which name the object is to be kept; None where it need not be."""
    left = (await route.journal.doubts([key])).get(key)
    if left is not None and left.same(full):
        return None
    kept, here = await route.journal.backup(key), (full.key, place(backup.origin))
    if kept is not None and (kept.to, kept.place) == here and await _is_there(backup, kept.name):
        return None if kept.look.same(full) else await _free_name(backup, full.key)
    if await _copied_already(route, key, full):
        return await _free_name(backup, full.key)
    return full.key


async def _copied_already(route: Route, key: str, full: Entry) -> bool:
    """Whether the object was written by the very copy that goes on here, which keeps what was there before it."""
    since = route.rules.since
    row = None if since is None else await route.journal.row(key)
    return row is not None and since is not None and row.run >= since and row.target.same(full)


async def _free_name(backup: Store, name: str) -> str:
    """``name``, or one beside it, as GNU's numbered backups are called. A folder has no content to be kept twice."""
    if name.endswith("/") or not await _is_there(backup, name):
        return name
    number = 1
    while await _is_there(backup, f"{name}.~{number}~"):
        number += 1
    return f"{name}.~{number}~"


async def _is_there(store: Store, key: str) -> bool:
    try:
        await store.stat(key)
    except NotFound:
        return False
    return True


def _to_backup(route: Route, backup: Store) -> Route:
    """From the target to the backup, overwriting what is there, unseen by the run's display."""
    careless = replace(
        route.options,
        immutable=False,
        ignore_existing=False,
        update=False,
        backup_dir=None,
        storage_class=None,
        map_class={},
    )
    return replace(
        route,
        source=route.target,
        target=backup,
        backup=None,
        journal=NoJournal(),
        options=careless,
        listener=ignore,
        efforts={},
    )

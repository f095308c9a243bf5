"""Keeps what would be overwritten or deleted, where ``--backup-dir`` says."""

from __future__ import annotations

from dataclasses import replace

from transfer.decide import Do, Step
from transfer.errors import Corrupt, Unsupported
from transfer.event import ignore
from transfer.model import Entry, Proven, Upload
from transfer.pipeline.abandon import give_up
from transfer.pipeline.moved import LeftOut
from transfer.pipeline.route import NoJournal, Route
from transfer.pipeline.way import move
from transfer.plugin import Store


class _OneUpload(NoJournal):
    """Remembers the upload of a backup, which no later run goes on with."""

    def __init__(self) -> None:
        self.open: Upload | None = None

    async def begun(self, key: str, upload: Upload) -> None:
        self.open = upload


async def back_up(route: Route, entry: Entry) -> None:
    """Copy the target's object to the backup, proven, before it is changed; once in a run.

    After a failed try the target may hold the new object already, which must not replace
    the old one in the backup. Raises TransferError; NotFound if there is nothing to keep,
    Unsupported if it is of a kind that the backup does not take.
    """
    if route.backup is None or entry.key in route.kept:
        return
    full = await route.target.stat(entry.key)
    journal = _OneUpload()
    try:
        moved = await move(_to_backup(route, route.backup, journal), Step(Do.COPY, entry.key, "backup", full), full)
    except BaseException as error:
        if journal.open is not None:
            await give_up(route.backup, journal.open)
        if isinstance(error, LeftOut):  # by the backup: the object at hand is not to be left out, nor to go without one
            message = f"'{entry.key}' can't be backed up, so the original stays: {error}"
            raise Unsupported(message, key=entry.key) from error
        raise
    if moved.stored.proof.proven is Proven.UNPROVEN:
        raise Corrupt(f"the backup of '{entry.key}' could not be proven, so the original stays", key=entry.key)
    route.kept.add(entry.key)


def _to_backup(route: Route, backup: Store, journal: NoJournal) -> Route:
    """From the target to the backup, overwriting what is there, unseen by the run's display."""
    careless = replace(
        route.options, immutable=False, ignore_existing=False, update=False, backup_dir=None, storage_class=None
    )
    return replace(
        route,
        source=route.target,
        target=backup,
        backup=None,
        journal=journal,
        options=careless,
        listener=ignore,
        unfinished=set(),
        efforts={},
    )

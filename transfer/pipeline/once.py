"""Moves an object that no later run goes on with: what fails leaves no upload behind."""

from __future__ import annotations

from dataclasses import replace

from transfer.decide import Step
from transfer.model import Entry, Upload
from transfer.pipeline.abandon import give_up
from transfer.pipeline.moved import Moved
from transfer.pipeline.route import NoJournal, Route
from transfer.pipeline.way import move


class _OneUpload(NoJournal):
    """Remembers the upload while it goes on."""

    def __init__(self) -> None:
        self.open: Upload | None = None

    async def begun(self, key: str, upload: Upload) -> None:
        self.open = upload


async def move_once(route: Route, step: Step, entry: Entry) -> Moved:
    """Like :func:`~transfer.pipeline.way.move`; the route's journal hears nothing of it."""
    journal = _OneUpload()
    try:
        return await move(replace(route, journal=journal, unfinished=set()), step, entry)
    except BaseException:
        if journal.open is not None:
            await give_up(route.target, journal.open)
        raise

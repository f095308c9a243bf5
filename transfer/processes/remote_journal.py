"""The journal of a worker: the checkpoint, which only the crew's process has open."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from transfer.checkpoint import Alike, Backup, Look, OpenUpload, Row
from transfer.model import Receipt, Upload
from transfer.processes.correspondence import Correspondence
from transfer.processes.messages import Call

ANSWERED = frozenset({"intend", "begun", "open_upload", "row", "doubts", "backed_up", "backup", "flush"})
TOLD = frozenset({"receipt", "dropped", "done", "alike", "doubted"})


class RemoteJournal:
    """A :class:`~transfer.pipeline.route.Journal`. What is told arrives in order, and before what is asked later."""

    def __init__(self, crew: Correspondence) -> None:
        self._crew = crew

    async def intend(self, key: str, source: Look, shape: str, to: str | None = None) -> None:
        await self._ask("intend", key, source, shape, to)

    async def begun(self, key: str, upload: Upload) -> None:
        await self._ask("begun", key, upload)

    def receipt(self, key: str, receipt: Receipt) -> None:
        self._tell("receipt", key, receipt)

    async def open_upload(self, key: str) -> OpenUpload | None:
        found: OpenUpload | None = await self._ask("open_upload", key)
        return found

    def dropped(self, key: str) -> None:
        self._tell("dropped", key)

    def done(self, row: Row) -> None:
        self._tell("done", row)

    def alike(self, alike: Alike) -> None:
        self._tell("alike", alike)

    async def row(self, key: str) -> Row | None:
        found: Row | None = await self._ask("row", key)
        return found

    def doubted(self, key: str, target: Look | None) -> None:
        self._tell("doubted", key, target)

    async def doubts(self, keys: Sequence[str]) -> Mapping[str, Look | None]:
        found: Mapping[str, Look | None] = await self._ask("doubts", keys)
        return found

    async def backed_up(self, key: str, backup: Backup) -> None:
        await self._ask("backed_up", key, backup)

    async def backup(self, key: str) -> Backup | None:
        found: Backup | None = await self._ask("backup", key)
        return found

    async def room(self) -> None:
        """The crew reads on as its checkpoint has room."""
        await self._crew.keep_up()

    async def flush(self) -> None:
        await self._ask("flush")

    async def _ask(self, name: str, *arguments: Any) -> Any:
        return await self._crew.ask(partial(Call, name=name, arguments=arguments))

    def _tell(self, name: str, *arguments: Any) -> None:
        self._crew.tell(Call(None, name, arguments))

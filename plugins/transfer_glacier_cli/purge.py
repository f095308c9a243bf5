"""``transfer glacier purge``."""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, closing, suppress
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import click

from transfer import killpoint
from transfer.cli import choices as choose
from transfer.cli.command import Command, together
from transfer.cli.problems import say
from transfer.cli.running import run
from transfer.cli.stdio import show, write_stdout
from transfer.cli.words import count, printable
from transfer.errors import Misconfigured, NotFound, TransferError
from transfer.secrets import Redactor
from transfer.units import format_size
from transfer_glacier import calls
from transfer_glacier.archive import Archive
from transfer_glacier.journal import Deleted, Journal
from transfer_glacier_cli.choices import JOURNAL, PLACES, PRICES, RETRIES
from transfer_glacier_cli.estimate import Sums, prices_of
from transfer_glacier_cli.proven import Proven
from transfer_glacier_cli.reach import Asked, Reached, asked, reached
from transfer_glacier_cli.resting import Selection, journal_of
from transfer_glacier_cli.words import json_lines

_what = choose.Section("What is done")
_which = choose.Section("Which objects")
_AT_ONCE, _BATCH = 8, 100


@click.command(
    "purge",
    cls=Command,
    no_args_is_help=True,
    example="""
    transfer glacier purge backup://photos --include 'cache/**' --dry-run
    transfer glacier purge backup://photos --report moved.csv --yes
    """,
)
@click.argument("url")
@together(
    choose.DRY_RUN,
    _what.flag("--yes", help="Do not ask."),
    _which.file("--report", help="Only what this report of a run from the vault proves to be elsewhere."),
    choose.FILTERING,
    PRICES,
    RETRIES,
    PLACES,
    JOURNAL,
    choose.JSON,
    choose.LOGGING,
)
@click.pass_context
def purge(
    context: click.Context,
    /,
    url: str,
    dry_run: bool,
    yes: bool,
    report: Path | None,
    prices: Path | None,
    json: bool,
    **_: Any,
) -> int:
    """Delete the archives below URL that the journal has and the filters let through, every version of a name.

    What they are, and what is still owed for those that are younger than 90 days, is told first, and asked about. With
    a report of the run that moved them (sync or copy from the vault, with --report), only archives go that it proves.
    """
    work = _Purge(asked(context, url), report, prices, dry_run, yes, json, context.obj)
    return run(lambda stop: work.run())


@dataclass(frozen=True, slots=True)
class _Purge:
    wanted: Asked
    report: Path | None
    prices: Path | None
    dry_run: bool
    yes: bool
    json: bool
    redactor: Redactor

    async def run(self) -> int:
        async with reached(self.wanted) as vault, journal_of(vault) as journal:
            selection = Selection(journal, vault.client.place.prefix, self.wanted.options.filter)
            sums = Sums(prices_of(vault.client.region, self.prices))
            with ExitStack() as stack:
                doomed = _Doomed(selection, await self._proven(stack))
                await asyncio.to_thread(sums.add_all, ((each.size, each.created) for each in doomed))
                if not await self._agreed(vault, sums, doomed):
                    return 0
                return await self._delete(vault, journal, doomed)

    async def _proven(self, stack: ExitStack) -> Proven | None:
        if self.report is None:
            return None
        return stack.enter_context(closing(await asyncio.to_thread(Proven, self.report)))

    async def _agreed(self, vault: Reached, sums: Sums, doomed: _Doomed) -> bool:
        """Whether to go on, now that all is told."""
        if self.dry_run:
            await self._list(doomed)
        what = f"{count(sums.archives, 'archive')}, {format_size(sums.size)}"
        if not self.json:
            show(f"{printable(vault.client.place.url)}: {what} to delete.{_kept(doomed)}\nEarly deletion: {sums.early}")
        if not sums.archives:
            return False
        if self.dry_run:
            if not self.json:
                show("Nothing was changed. Run it without --dry-run to do this.")
            return False
        if self.yes:
            return True
        if not sys.stdin.isatty():
            raise Misconfigured(f"Nothing was deleted: where nobody can be asked, --yes is needed to delete {what}.")
        return click.confirm("Delete them for good?", err=True)

    async def _list(self, doomed: _Doomed) -> None:
        waiting = iter(doomed)
        while some := await asyncio.to_thread(_next, waiting):
            if self.json:
                await write_stdout(json_lines(_body(archive) for archive in some))
            else:
                lines = (f"delete  {format_size(each.size):>9}  {printable(each.name)}  ({each.id})\n" for each in some)
                await write_stdout("".join(lines))

    async def _delete(self, vault: Reached, journal: Journal, doomed: _Doomed) -> int:
        deleted = failed = 0
        waiting = iter(doomed)
        while some := await asyncio.to_thread(_next, waiting):
            done: list[Archive] = []
            try:
                await self._delete_some(vault, some, done)
            finally:  # also where a stop cuts it short
                killpoint.reach("archives-deleted")
                now = int(time.time())
                await asyncio.to_thread(journal.append, [Deleted(now, each.id, each.name) for each in done])
            deleted, failed = deleted + len(done), failed + len(some) - len(done)
            if self.json:
                await write_stdout(json_lines(_body(archive) for archive in done))
        if not self.json:
            show(f"{count(deleted, 'archive')} deleted{f', {failed:,} failed' if failed else ''}.")
        return 1 if failed else 0

    async def _delete_some(self, vault: Reached, archives: Sequence[Archive], done: list[Archive]) -> None:
        """``done`` gets those that are gone. What is not there counts as deleted. What failed is said."""
        waiting = iter(archives)

        async def work() -> None:
            for archive in waiting:
                try:
                    await _delete_one(vault, archive)
                except TransferError as error:
                    say(f"'{archive.name}' can't be deleted: {error}", self.redactor)
                else:
                    done.append(archive)

        async with asyncio.TaskGroup() as group:
            for _ in range(_AT_ONCE):
                group.create_task(work())


class _Doomed(Iterable[Archive]):
    """The archives to delete, of each name the oldest first, so that the newest is the file to the last. Blocking."""

    def __init__(self, selection: Selection, proven: Proven | None) -> None:
        self._selection = selection
        self.proven = proven
        self.unproven = 0

    def __iter__(self) -> Iterator[Archive]:
        self.unproven = 0
        for group in self._selection.groups():
            for archive in reversed(group):
                if self.proven is None or self.proven.has(archive):
                    yield archive
                else:
                    self.unproven += 1


def _kept(doomed: _Doomed) -> str:
    return f" The report does not prove {doomed.unproven:,} others, which stay." if doomed.unproven else ""


async def _delete_one(vault: Reached, archive: Archive) -> None:
    with suppress(NotFound):
        await vault.call("delete an archive", lambda: calls.delete_archive(vault.client, archive.id, key=archive.name))


def _next(archives: Iterator[Archive]) -> list[Archive]:
    return list(islice(archives, _BATCH))


def _body(archive: Archive) -> dict[str, object]:
    return {"archive_id": archive.id, "name": archive.name, "size": archive.size, "created": archive.created}

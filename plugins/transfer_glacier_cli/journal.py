"""``transfer glacier journal``."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import AbstractAsyncContextManager, aclosing, asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from transfer.cli import choices as choose
from transfer.cli.command import Command, together
from transfer.cli.running import run
from transfer.cli.stdio import show, write_now
from transfer.cli.words import count, printable
from transfer.errors import Misconfigured, NoSpace
from transfer.units import format_size
from transfer_glacier import calls
from transfer_glacier.archive import Archive
from transfer_glacier.founding import locator
from transfer_glacier.inventory.compare import Comparison, Difference, Disagreeing, Gone, Undeleted, Unjournaled
from transfer_glacier.inventory.founding import begin_journal, collect
from transfer_glacier.inventory.listed import Listed
from transfer_glacier.inventory.ordered import Ordered, ordering
from transfer_glacier.inventory.reading import Reader, archives_async
from transfer_glacier.inventory.repair import repairs
from transfer_glacier.journal import Journal
from transfer_glacier.names_csv import write_names
from transfer_glacier.naming import naming
from transfer_glacier_cli.choices import JOURNAL, PLACES, RETRIES, WAIT
from transfer_glacier_cli.inventories import JSON, obtain, pieces
from transfer_glacier_cli.reach import Asked, Reached, asked, reached
from transfer_glacier_cli.resting import Selection, resting
from transfer_glacier_cli.words import json_lines

_what = choose.Section("What is done")
_names = choose.Section("Names")
_KINDS: Mapping[type[Difference], str] = {
    Unjournaled: "not in the journal",
    Undeleted: "deleted in the journal alone",
    Gone: "not in the vault",
    Disagreeing: "of other content",
}


@click.command(
    "journal",
    cls=Command,
    no_args_is_help=True,
    example="""
    transfer glacier journal backup://photos --wait
    transfer glacier journal backup://photos --check
    transfer glacier journal backup://photos --names-csv names.csv
    """,
)
@click.argument("url")
@together(
    _what.flag("--check", help="Show in what the journal and the inventory differ; status 1 if they do."),
    _what.flag("--repair", help="Append to the journal what mends that; take off a torn last line."),
    WAIT,
    _names.file("--names-csv", help="Write the names of all archives there: GlacierArchiveID,FileName."),
    _names.file("--names-from", help="Such a file, whose names go before those of descriptions."),
    RETRIES,
    PLACES,
    JOURNAL,
    choose.JSON,
    choose.LOGGING,
)
@click.pass_context
def journal(
    context: click.Context,
    /,
    url: str,
    check: bool,
    repair: bool,
    wait: bool,
    names_csv: Path | None,
    names_from: Path | None,
    json: bool,
    **_: Any,
) -> int:
    """Make the journal of a vault from its inventory where there is none, else tell of it, or check it.

    An inventory takes hours: the command ends with exit status 75 then, and goes on when it is given again.
    """
    wanted = asked(context, url)
    if names_csv is not None:
        if check or repair or names_from:
            raise click.UsageError("--names-csv writes what the journal has; leave the other options out.", context)
        return run(lambda stop: _export(wanted, names_csv))
    if check and repair:
        raise click.UsageError("--check and --repair exclude each other; leave one out.", context)
    work = _Work(wanted, names_from, wait=wait, json=json)
    if check or repair:
        return run(lambda stop: work.compare(mend=repair))
    return run(lambda stop: work.make())


@dataclass(frozen=True, slots=True)
class _Work:
    wanted: Asked
    names_from: Path | None
    wait: bool
    json: bool

    async def make(self) -> int:
        """A journal, unless there is one; what it has."""
        async with reached(self.wanted) as vault:
            path = await _path(vault)
            if not await asyncio.to_thread(path.exists):
                await self._make(vault, path)
            await _tell(vault, path, json=self.json)
        return 0

    async def compare(self, *, mend: bool) -> int:
        """What differs, or what was mended; 1 where something differs."""
        async with reached(self.wanted) as vault:
            path = await _path(vault)
            if not await asyncio.to_thread(path.exists):
                url = vault.client.place.url
                raise Misconfigured(f"There is no journal at {path}; 'transfer glacier journal {url}' makes it.")
            with ordering() as ordered:
                taken = await self._collect(vault, ordered)
                async with _journal(vault, path) as opened:
                    if mend and (torn := await asyncio.to_thread(opened.mend)):
                        show(f"A torn last line of {len(torn)} characters was put into {path}.torn.")
                    async with self._naming() as namer:
                        told = _Told(Comparison(ordered.by_id(), opened.by_id(), taken), self.json)
                        if mend:
                            records = repairs(told, namer, int(time.time()))
                            await asyncio.to_thread(opened.append, records)
                        else:
                            await asyncio.to_thread(told.exhaust)
        if not self.json:
            show(told.summary(mended=mend))
        return 1 if told.counts and not mend else 0

    async def _make(self, vault: Reached, path: Path) -> None:
        found = await vault.call("describe a vault", lambda: calls.describe(vault.client))
        if not found.archives and found.inventory_ns is None:
            await asyncio.to_thread(_begin, path, vault.settings.journal_encoding)
            return
        async with self._naming() as namer:
            job = await obtain(vault, JSON, wait=self.wait)
            async with aclosing(pieces(vault, job)) as parts:
                inventory = archives_async(parts)
                with suppress(FileExistsError):  # one that came into being meanwhile is as good
                    await begin_journal(path, inventory, namer, encoding=vault.settings.journal_encoding)

    async def _collect(self, vault: Reached, ordered: Ordered) -> int:
        """Put the inventory in order; when it was taken."""
        job = await obtain(vault, JSON, wait=self.wait)
        reader = Reader()
        async with aclosing(pieces(vault, job)) as parts:
            await collect(archives_async(parts, reader), ordered)
        if reader.head.taken is None:
            raise Misconfigured(f"The inventory of {vault.subject} does not tell its date; fetch another one.")
        return reader.head.taken

    def _naming(self) -> AbstractAsyncContextManager[Callable[[Listed], Archive]]:
        return naming(None if self.names_from is None else str(self.names_from))


class _Told:
    """Differences, each told as it comes by, and counted. Blocking."""

    def __init__(self, comparison: Comparison, json: bool) -> None:
        self._comparison = comparison
        self._json = json
        self.counts: Counter[str] = Counter()

    def __iter__(self) -> Iterator[Difference]:
        for difference in self._comparison:
            kind = _KINDS[type(difference)]
            self.counts[kind] += 1
            write_now(json_lines([_body(difference, kind)]) if self._json else f"{printable(str(difference))}\n")
            yield difference

    def exhaust(self) -> None:
        for _ in self:
            pass

    def summary(self, *, mended: bool) -> str:
        """Once all were told."""
        compared = self._comparison
        alike = f"{count(compared.alike, 'archive')} alike"
        since = [
            f"{compared.younger:,} made since the inventory" if compared.younger else "",
            f"{compared.deleted:,} deleted since" if compared.deleted else "",
        ]
        wrong = [f"{number:,} {kind}" for kind, number in self.counts.items()]
        end = "; the journal is mended" if mended and wrong else ""
        return ", ".join(part for part in (alike, *since, *wrong) if part) + end + "."


def _body(difference: Difference, kind: str) -> Mapping[str, object]:
    known = None if isinstance(difference, Unjournaled) else difference.archive
    listed = None if isinstance(difference, Gone) else difference.listed
    return {
        "difference": kind,
        "archive_id": known.id if known is not None else listed.archive_id if listed is not None else None,
        "name": known and known.name,
        "description": listed and listed.description,
        "size_in_vault": listed and listed.size,
        "size_in_journal": known and known.size,
    }


async def _path(vault: Reached) -> Path:
    return await vault.call("describe a vault", locator(vault.client, vault.settings))


def _begin(path: Path, encoding: str) -> None:
    journal = Journal(path, encoding=encoding)
    try:
        journal.begin()
    finally:
        journal.close()


@asynccontextmanager
async def _journal(vault: Reached, path: Path) -> AsyncIterator[Journal]:
    opened = await asyncio.to_thread(lambda: Journal(path, encoding=vault.settings.journal_encoding))
    try:
        yield opened
    finally:
        await asyncio.to_thread(opened.close)


async def _tell(vault: Reached, path: Path, *, json: bool) -> None:
    async with _journal(vault, path) as opened:
        totals = await asyncio.to_thread(opened.totals)
    if json:
        body = {"journal": str(path), "archives": totals.archives, "names": totals.names, "bytes": totals.size}
        await asyncio.to_thread(write_now, json_lines([body]))
    else:
        names = count(totals.names, "name")
        show(f"{printable(str(path))}\n{count(totals.archives, 'archive')}, {names}, {format_size(totals.size)}")


async def _export(wanted: Asked, file: Path) -> int:
    """The names of all archives, from the journal alone."""
    async with resting(wanted) as (selection, _):
        number = await asyncio.to_thread(_write_names, selection, file)
    show(f"{count(number, 'name')} written to {printable(str(file))}.")
    return 0


def _write_names(selection: Selection, file: Path) -> int:
    try:
        with file.open("w", encoding="utf-8", newline="") as output:
            return write_names((archive for group in selection.groups() for archive in group), output)
    except OSError as error:
        raise NoSpace(f"'{file}' can't be written: {error.strerror}.") from None

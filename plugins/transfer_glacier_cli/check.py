"""``transfer glacier check``."""

from __future__ import annotations

import asyncio
import os
import stat
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from enum import StrEnum
from functools import partial
from itertools import islice
from typing import Any

import click

from transfer.cli import choices as choose
from transfer.cli.command import Command, together
from transfer.cli.running import run
from transfer.cli.stdio import show, write_stdout
from transfer.cli.values import parse_positive
from transfer.cli.words import count, printable
from transfer.errors import Misconfigured
from transfer.treehash import TreeHasher
from transfer_glacier.archive import Archive
from transfer_glacier_cli.choices import JOURNAL, PLACES
from transfer_glacier_cli.reach import Asked, asked
from transfer_glacier_cli.resting import Selection, resting
from transfer_glacier_cli.words import json_lines

_effort = choose.Section("Effort")
_CHUNK = 1024 * 1024
_AT_ONCE = 1000


class Finding(StrEnum):
    """What a file is, compared with the archive of its name."""

    EQUAL = "equal"
    MTIME = "other mtime"
    MISSING = "missing"
    SIZE = "other size"
    HASH = "other content"
    UNREADABLE = "unreadable"


@dataclass(frozen=True, slots=True)
class Checked:
    """One file. ``detail`` tells more of what is wrong."""

    name: str
    finding: Finding
    detail: str = ""


@click.command(
    "check",
    cls=Command,
    no_args_is_help=True,
    example="""
    transfer glacier check ./photos backup://photos
    transfer glacier check ./photos glacier://photos --vault-journal photos.journal
    """,
)
@click.argument("folder", metavar="DIR")
@click.argument("url")
@together(
    choose.FILTERING,
    _effort.value(
        "--threads", read=parse_positive, metavar="N", help="Files that are read at once (as many as processors)."
    ),
    PLACES,
    JOURNAL,
    choose.JSON,
    choose.LOGGING,
)
@click.pass_context
def check(context: click.Context, /, folder: str, url: str, threads: int | None, json: bool, **_: Any) -> int:
    """Compare the files in DIR with what the journal says of the newest archives of their names.

    Size, time of last change and tree hash are compared. Glacier is not asked, and no credentials are needed. The exit
    status is 1 where a file is missing or has other content; another time of last change alone is only told.
    """
    wanted = asked(context, url)
    return run(lambda stop: _check(folder, wanted, threads or os.cpu_count() or 1, json))


async def _check(folder: str, wanted: Asked, threads: int, json: bool) -> int:
    if not await asyncio.to_thread(os.path.isdir, folder):
        raise Misconfigured(f"There is no folder '{folder}'; name the one that the vault's files are in.")
    tally: Counter[Finding] = Counter()
    async with resting(wanted) as (selection, _):
        groups = selection.groups()
        with ThreadPoolExecutor(threads) as pool:
            while some := await asyncio.to_thread(_next, groups):
                found = await _compare(folder, selection, some, pool)
                tally.update(each.finding for each in found)
                await _tell(found, json)
    if not json:
        show(_summary(tally))
    return 1 if set(tally) - {Finding.EQUAL, Finding.MTIME} else 0


def _next(groups: Iterator[Sequence[Archive]]) -> list[Archive]:
    """The newest archives of the next names."""
    return [archives[0] for archives in islice(groups, _AT_ONCE)]


async def _compare(
    folder: str, selection: Selection, archives: Sequence[Archive], pool: ThreadPoolExecutor
) -> Sequence[Checked]:
    loop = asyncio.get_running_loop()
    return await asyncio.gather(
        *(
            loop.run_in_executor(pool, partial(compared, folder, archive.name.removeprefix(selection.prefix), archive))
            for archive in archives
        )
    )


def compared(folder: str, name: str, archive: Archive) -> Checked:
    """The file ``name`` in ``folder``, compared with an archive. Blocking."""
    try:
        with open(os.fsencode(os.path.join(folder, name)), "rb", buffering=0) as file:
            status = os.fstat(file.fileno())
            if not stat.S_ISREG(status.st_mode):
                return Checked(name, Finding.MISSING, "is no file")
            if status.st_size != archive.size:
                detail = f"{count(status.st_size, 'byte')}, in the vault {archive.size:,}"
                return Checked(name, Finding.SIZE, detail)
            hasher = TreeHasher()
            buffer = memoryview(bytearray(_CHUNK))
            while got := file.readinto(buffer):
                hasher.update(buffer[:got])
    except (FileNotFoundError, NotADirectoryError):
        return Checked(name, Finding.MISSING)
    except IsADirectoryError:
        return Checked(name, Finding.MISSING, "is a folder")
    except OSError as error:
        return Checked(name, Finding.UNREADABLE, error.strerror or "")
    if hasher.digest() != archive.tree_hash:
        return Checked(name, Finding.HASH)
    if archive.mtime is not None and int(status.st_mtime) != archive.mtime:
        return Checked(name, Finding.MTIME)
    return Checked(name, Finding.EQUAL)


async def _tell(found: Sequence[Checked], json: bool) -> None:
    """A line for each file that differs; as JSON, for each."""
    if json:
        rows = ({"name": each.name, "finding": each.finding, "detail": each.detail or None} for each in found)
        await write_stdout(json_lines(rows))
        return
    lines = [
        f"{each.finding:<14}  {printable(each.name)}{f'  ({each.detail})' if each.detail else ''}\n"
        for each in found
        if each.finding is not Finding.EQUAL
    ]
    if lines:
        await write_stdout("".join(lines))


def _summary(tally: Counter[Finding]) -> str:
    parts = [f"{tally[finding]:,} {finding}" for finding in Finding if tally[finding]]
    return f"{count(tally.total(), 'file')}: {', '.join(parts)}" if parts else "The journal has no archive to check."

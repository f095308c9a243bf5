"""``transfer glacier inventory``."""

from __future__ import annotations

import asyncio
import os
import tempfile
from collections.abc import AsyncIterator
from contextlib import aclosing, suppress
from pathlib import Path
from typing import Any

import click

from transfer.cli import choices as choose
from transfer.cli.command import Command, together
from transfer.cli.running import run
from transfer.cli.stdio import write_stdout
from transfer.errors import Misconfigured, NoSpace
from transfer_glacier_cli.choices import PLACES, RETRIES, WAIT
from transfer_glacier_cli.inventories import obtain, pieces
from transfer_glacier_cli.reach import Asked, asked, reached

_what = choose.Section("What is fetched")


@click.command(
    "inventory",
    cls=Command,
    no_args_is_help=True,
    example="""
    transfer glacier inventory backup://photos --wait --output photos.json
    transfer glacier inventory backup://photos --format csv > photos.csv
    """,
)
@click.argument("url")
@together(
    WAIT,
    _what.value("--format", type=click.Choice(["json", "csv"]), default="json", metavar="FORM", help="json or csv."),
    _what.file("--output", help="Write it there, whole or not at all, instead of to stdout."),
    RETRIES,
    PLACES,
    choose.LOGGING,
)
@click.pass_context
def inventory(context: click.Context, /, url: str, wait: bool, format: str, output: Path | None, **_: Any) -> int:
    """Fetch the newest inventory of a vault that can be had, as it is; ask for one where there is none.

    That takes hours, so the command ends with exit status 75, and run again some hours later it fetches what came.
    """
    wanted = asked(context, url)
    return run(lambda stop: _fetch(wanted, format.upper(), output, wait=wait))


async def _fetch(wanted: Asked, form: str, output: Path | None, *, wait: bool) -> int:
    if output is not None and not await asyncio.to_thread(output.parent.is_dir):
        raise Misconfigured(f"The folder of '{output}' is not there; make it first, or name another place.")
    async with reached(wanted) as vault:
        job = await obtain(vault, form, wait=wait)
        async with aclosing(pieces(vault, job)) as parts:
            if output is not None:
                await _write(parts, output)
                return 0
            async for piece in parts:
                await write_stdout(piece)
    return 0


async def _write(parts: AsyncIterator[bytes], output: Path) -> None:
    """Into a file beside, which then takes the name. Raises TransferError."""
    try:
        descriptor, name = tempfile.mkstemp(prefix=f".{output.name}.", suffix=".tmp", dir=output.parent)
    except OSError as error:
        raise Misconfigured(f"'{output}' can't be written: {error.strerror}.") from None
    try:
        with os.fdopen(descriptor, "wb") as file:
            async for piece in parts:
                await asyncio.to_thread(file.write, piece)
        os.chmod(name, 0o666 & ~_umask())
        os.replace(name, output)
    except OSError as error:
        raise NoSpace(f"'{output}' can't be written: {error.strerror}.") from None
    finally:
        with suppress(FileNotFoundError):
            os.unlink(name)


def _umask() -> int:
    mask = os.umask(0o077)
    os.umask(mask)
    return mask

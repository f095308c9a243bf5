"""``transfer size``."""

from __future__ import annotations

import json as codec
from contextlib import aclosing
from dataclasses import asdict, dataclass
from typing import Any

import click

from transfer.cli import choices as choose
from transfer.cli.command import Command, together
from transfer.cli.listing import Listing
from transfer.cli.running import run
from transfer.cli.settings import make_options
from transfer.cli.stdio import write_stdout
from transfer.cli.words import count
from transfer.units import format_size

_listing = choose.Section("What is shown")


@dataclass(slots=True)
class _Size:
    """The fields of ``--json``. ``sizeless`` are objects whose size the store does not tell."""

    count: int = 0
    bytes: int = 0
    sizeless: int = 0

    def __str__(self) -> str:
        told = f"{count(self.count, 'object')}, {format_size(self.bytes)} ({count(self.bytes, 'byte')})"
        return f"{told}, {self.sizeless:,} of unknown size" if self.sizeless else told


@click.command(
    "size",
    cls=Command,
    no_args_is_help=True,
    example="""
    transfer size s3://bucket/photos
    transfer size ./photos --include '*.jpg' --json
    """,
)
@click.argument("url")
@together(
    _listing.flag("--json", help="As JSON, with figures in full."),
    choose.FILTERING,
    choose.READING,
)
@click.pass_context
def size(context: click.Context, /, url: str, json: bool, **_: Any) -> int:
    """Count the objects below URL and their bytes."""
    listing = Listing(url, make_options(context), context.obj)
    return run(lambda stop: _count(listing, json))


async def _count(listing: Listing, json: bool) -> int:
    total = _Size()
    async with aclosing(listing.pages()) as pages:
        async for entries in pages:
            total.count += len(entries)
            total.bytes += sum(entry.size or 0 for entry in entries)
            total.sizeless += sum(entry.size is None for entry in entries)
    await write_stdout(f"{codec.dumps(asdict(total)) if json else total}\n")
    return listing.status

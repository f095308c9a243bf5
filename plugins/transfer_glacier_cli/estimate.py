"""``transfer glacier estimate``."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import click

from transfer.aws import environment
from transfer.cli import choices as choose
from transfer.cli.command import Command, together
from transfer.cli.costs import estimate_body
from transfer.cli.running import run
from transfer.cli.stdio import show, write_stdout
from transfer.cli.words import count
from transfer.costs import Estimate
from transfer.errors import Misconfigured
from transfer.units import format_size
from transfer_glacier import estimate as estimates
from transfer_glacier.prices import Prices, bundled, read_table
from transfer_glacier_cli.choices import JOURNAL, PLACES, PRICES
from transfer_glacier_cli.reach import Asked, asked
from transfer_glacier_cli.resting import Selection, resting
from transfer_glacier_cli.words import json_lines

_cost = choose.Section("Cost")


@click.command(
    "estimate",
    cls=Command,
    no_args_is_help=True,
    example="""
    transfer glacier estimate backup://photos
    transfer glacier estimate backup://photos/2023 --include '*.jpg' --region eu-west-1
    """,
)
@click.argument("url")
@together(
    _cost.value("--region", metavar="NAME", help="Whose prices; by default those of the vault's region."),
    PRICES,
    choose.FILTERING,
    PLACES,
    JOURNAL,
    choose.JSON,
    choose.LOGGING,
)
@click.pass_context
def estimate(context: click.Context, /, url: str, region: str | None, prices: Path | None, json: bool, **_: Any) -> int:
    """Tell what it costs to get all archives below URL back by each tier, to keep them, and to delete them now.

    It asks the journal alone, and needs no credentials.
    """
    wanted = asked(context, url)
    return run(lambda stop: _estimate(wanted, region, prices, json))


@dataclass(slots=True)
class Sums:
    """What the archives come to, and what is owed for those that are deleted early."""

    prices: Prices
    archives: int = 0
    size: int = 0
    early: Estimate = field(init=False)

    def __post_init__(self) -> None:
        self.early = estimates.nothing(self.prices)

    def add_all(self, selection: Iterator[tuple[int, int]]) -> Sums:
        """Sizes and times of creation. Blocking."""
        self.early = estimates.early_deletion(self.prices, self._counted(selection), int(time.time()))
        return self

    def _counted(self, selection: Iterator[tuple[int, int]]) -> Iterator[tuple[int, int]]:
        for size, created in selection:
            self.archives += 1
            self.size += size
            yield size, created


def prices_of(region: str, table: Path | None) -> Prices:
    """Of the user's table, or ours. Raises Misconfigured."""
    return (bundled() if table is None else read_table(str(table))).prices(region)


async def _estimate(wanted: Asked, region: str | None, table: Path | None, json: bool) -> int:
    async with resting(wanted) as (selection, settings):
        place = region or settings.region or environment.region()
        if not place:
            raise Misconfigured("No region is known, and prices differ; name it with --region, e.g. eu-west-1.")
        prices = await asyncio.to_thread(prices_of, place, table)
        sums = await asyncio.to_thread(Sums(prices).add_all, _sizes(selection))
    if json:
        await write_stdout(json_lines(_bodies(sums)))
        return 0
    lines = [f"{count(sums.archives, 'archive')}, {format_size(sums.size)}"]
    width = max(len(what) for what, _ in _all(sums))
    lines += [f"  {what.ljust(width)}  {told}" for what, told in _all(sums)]
    show("\n".join(lines))
    return 0


def _sizes(selection: Selection) -> Iterator[tuple[int, int]]:
    return ((archive.size, archive.created) for group in selection.groups() for archive in group)


def _all(sums: Sums) -> list[tuple[str, Estimate]]:
    """What is done, and what that costs."""
    prices = sums.prices
    tiers = [
        (f"get back, {tier}", estimates.retrieval(prices, tier, sums.archives, sums.size)) for tier in prices.retrieval
    ]
    out = next(iter(prices.retrieval))
    return [
        *tiers,
        ("out of AWS, besides", estimates.retrieval(prices, out, 0, 0, leaving=sums.size)),
        ("keep", estimates.storage(prices, sums.archives, sums.size)),
        ("delete now", sums.early),
    ]


def _bodies(sums: Sums) -> Iterator[dict[str, object]]:
    for what, told in _all(sums):
        yield {"what": what, "archives": sums.archives, "bytes": sums.size, **estimate_body(told)}

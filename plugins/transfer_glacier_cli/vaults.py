"""``transfer glacier vaults``, ``create`` and ``delete``."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import click

from transfer.cli import choices as choose
from transfer.cli.command import Command, together
from transfer.cli.running import run
from transfer.cli.stdio import show, write_stdout
from transfer.cli.words import count, printable
from transfer.errors import Refused, Unsupported
from transfer.units import format_size
from transfer_glacier import calls
from transfer_glacier.calls import Vault
from transfer_glacier_cli.choices import PLACES, RETRIES
from transfer_glacier_cli.reach import SCHEME, Asked, Reached, asked, reached
from transfer_glacier_cli.words import columns, day, json_lines, moment


@click.command(
    "vaults",
    cls=Command,
    example="""
    transfer glacier vaults
    transfer glacier vaults backup:// --json
    """,
)
@click.argument("url", default=f"{SCHEME}://")
@together(RETRIES, PLACES, choose.JSON, choose.LOGGING)
@click.pass_context
def vaults(context: click.Context, /, url: str, json: bool, **_: Any) -> int:
    """List the vaults of an account: that of glacier://, or of a remote. Sizes are those of the last inventory."""
    wanted = asked(context, url)
    return run(lambda stop: _list(wanted, json))


@click.command("create", cls=Command, no_args_is_help=True, example="transfer glacier create backup://photos")
@click.argument("url", metavar="VAULT")
@together(RETRIES, PLACES, choose.LOGGING)
@click.pass_context
def create(context: click.Context, /, url: str, **_: Any) -> int:
    """Make a vault, named by its URL, or by its name alone. That it is there already is no failure."""
    wanted = asked(context, url)
    return run(lambda stop: _create(wanted))


@click.command("delete", cls=Command, no_args_is_help=True, example="transfer glacier delete backup://photos")
@click.argument("url", metavar="VAULT")
@together(RETRIES, PLACES, choose.LOGGING)
@click.pass_context
def delete(context: click.Context, /, url: str, **_: Any) -> int:
    """Delete a vault that its last inventory, about a day old, found empty, with nothing written since."""
    wanted = asked(context, url)
    return run(lambda stop: _delete(wanted))


async def _list(wanted: Asked, json: bool) -> int:
    async with reached(wanted, service=True) as account:
        found = await account.all("list vaults", lambda: calls.vaults(account.client))
    if json:
        await write_stdout(json_lines(asdict(vault) for vault in found))
    else:
        rows = [_row(vault) for vault in found]
        show(columns(("archives", "size", "inventory", "vault"), rows) if rows else "No vaults.")
    return 0


def _row(vault: Vault) -> tuple[str, ...]:
    known = vault.inventory_ns is not None
    return (
        f"{vault.archives:,}" if known else "?",
        format_size(vault.size) if known else "?",
        day(vault.inventory_ns),
        vault.name,
    )


async def _create(wanted: Asked) -> int:
    async with reached(wanted) as vault:
        await vault.call("create a vault", lambda: calls.create(vault.client))
        show(f"{printable(vault.client.place.url)} is there.")
    return 0


async def _delete(wanted: Asked) -> int:
    async with reached(wanted) as vault:
        # Glacier takes one that is not there for deleted: a misspelt name would pass for the right one.
        await vault.call("describe a vault", lambda: calls.describe(vault.client))
        try:
            await vault.call("delete a vault", lambda: calls.remove(vault.client))
        except Unsupported as error:
            raise await _refusal(vault, error) from error
        show(f"{printable(vault.client.place.url)} is deleted. Its journal on this machine, if there is one, is left.")
    return 0


async def _refusal(vault: Reached, error: Unsupported) -> Refused | Unsupported:
    """Why a vault can't be deleted yet, and what to do."""
    told = await vault.call("describe a vault", lambda: calls.describe(vault.client))
    if "empty" not in error.message.lower():
        return error
    if told.inventory_ns is None:
        state = "it has had no inventory yet"
    elif told.archives:
        state = f"its last inventory, of {moment(told.inventory_ns)}, found {count(told.archives, 'archive')}"
    else:
        state = f"something was written to it, or deleted, since its last inventory, of {moment(told.inventory_ns)}"
    return Refused(
        f"{vault.subject} can't be deleted: {state}. Glacier deletes a vault once an inventory, made about once a day, "
        f"has found it empty: see that it is ('transfer glacier purge'), and try again a day later."
    )

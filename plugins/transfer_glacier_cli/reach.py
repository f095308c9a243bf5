"""From a command's arguments to a client of Glacier, or, where nothing is to be asked, to a place on this machine."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeVar

import click

from transfer.cli.settings import make_options
from transfer.config import load_config
from transfer.errors import Misconfigured, Transient
from transfer.event import ignore
from transfer.layers.retry import Backoff
from transfer.options import Options
from transfer.plugin import Location
from transfer.registry import open_with
from transfer_glacier.client import Client
from transfer_glacier.config import Settings
from transfer_glacier.opening import Opened, open_account, open_vault

SCHEME = "glacier"
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Asked:
    """What a command was given. ``url`` may be the bare name of a vault."""

    url: str
    options: Options

    @property
    def full_url(self) -> str:
        return self.url if "://" in self.url else f"{SCHEME}://{self.url}"

    async def opened(self, opener: Callable[[Location], Awaitable[T]], *, service: bool = False) -> T:
        """What ``opener`` makes of the URL's location. Raises Misconfigured."""
        if not service and self.full_url.endswith("://"):
            raise Misconfigured(f"'{self.full_url}' names no vault; write {self.full_url}NAME.")
        config = await asyncio.to_thread(load_config, self.options.config)
        settings = self.options.source_settings
        return await open_with(self.full_url, SCHEME, opener, config=config, settings=settings, service=service)


def asked(context: click.Context, url: str) -> Asked:
    """What the command line says. Raises Misconfigured."""
    options = make_options(context)
    journal: Path | None = context.params.get("vault_journal")
    if journal is not None:
        options = replace(options, source_settings={**options.source_settings, "journal": str(journal)})
    return Asked(url, options)


@dataclass(frozen=True, slots=True)
class Reached:
    """A vault, or an account, that can be asked."""

    client: Client
    settings: Settings
    backoff: Backoff
    remedy: str

    @property
    def subject(self) -> str:
        """The vault, for a sentence."""
        return self.client.place.subject(None)

    async def call(self, what: str, call: Callable[[], Awaitable[T]]) -> T:
        """Ask, again if there is use in it. Raises TransferError."""
        try:
            return await self.backoff.call(what, call)
        except Transient as error:
            if error.code is None:  # no answer, and perhaps not the server that was meant
                raise Transient(f"{error.message}; {self.remedy}") from None
            raise

    async def all(self, what: str, listing: Callable[[], AsyncIterator[T]]) -> list[T]:
        """All that a listing gives."""

        async def listed() -> list[T]:
            return [each async for each in listing()]

        return await self.call(what, listed)


@asynccontextmanager
async def reached(wanted: Asked, *, service: bool = False) -> AsyncIterator[Reached]:
    """The vault; with ``service`` the account, which the URL may name alone. Nothing is sent yet."""
    opener = open_account if service else open_vault
    stores = wanted.options.stores

    async def open_it(location: Location) -> Opened:
        return await opener(location, stores)

    opened = await wanted.opened(open_it, service=service)
    backoff = Backoff(wanted.options.retries, ignore, asyncio.sleep, random.random)
    try:
        yield Reached(opened.client, opened.settings, backoff, opened.remedy)
    finally:
        await opened.client.aclose()

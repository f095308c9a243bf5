"""From a location and its settings to a client, and to a store."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator
from dataclasses import dataclass

from transfer.aws import environment
from transfer.aws.chain import Chain
from transfer.aws.search import chain_for, configured_endpoint, source_of
from transfer.aws.whence import remedy
from transfer.errors import Misconfigured
from transfer.plugin import Location, StoreOptions
from transfer.restxml.opening import folder, http_options
from transfer.wire.http import Http
from transfer_glacier.client import Client
from transfer_glacier.config import Settings, read_settings
from transfer_glacier.endpoint import locate, region_in
from transfer_glacier.notices.queue import Queue, queue_options
from transfer_glacier.place import Place

_SERVICE = "glacier"
_VAULT = re.compile(r"(?!\.{1,2}$)[A-Za-z0-9._-]{1,255}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Opened:
    """What a location leads to. ``remedy`` is what to do where no server answers.

    ``queue`` is told of the vault's jobs, if there is such a one.
    """

    client: Client
    settings: Settings
    remedy: str
    queue: Queue | None = None


async def open_vault(location: Location, options: StoreOptions) -> Opened:
    """A vault; nothing is sent yet. Raises Misconfigured, and ImportError without an SDK that it needs."""
    if not _VAULT.fullmatch(location.container):
        raise Misconfigured(
            f"'{location.url}' names no vault: write glacier://vault, of up to 255 letters, digits, '.', '_' and '-'"
        )
    return await open_account(location, options)


async def open_account(location: Location, options: StoreOptions) -> Opened:
    """The same without a look at the location, which may be the service's: then it has no vault, nor archives."""
    settings = read_settings(location)
    chain = await asyncio.to_thread(_chain, settings)
    configured = configured_endpoint(_SERVICE, chain)
    address = settings.endpoint or configured
    region = settings.region or region_in(address) or environment.region() or (chain and chain.region)
    if not region:
        raise Misconfigured(
            f"'{location.url}' has no region: set region = \"eu-west-1\", or whichever the vault is in, or AWS_REGION"
        )
    endpoint = locate(address, region)
    scheme = location.url.partition("://")[0]
    place = Place(scheme, settings.account_id, location.container, folder(location.path))
    http = Http(await http_options(options, settings.ca_bundle, endpoint))
    credentials = source_of(settings, chain)
    client = Client(http, place, credentials, endpoint, region)
    queue = None
    if (at := settings.queue) is not None:
        reached = Http(queue_options(await http_options(options, settings.ca_bundle, at.endpoint)))
        queue = Queue(reached, at, credentials, at.region or region)
    return Opened(client, settings, remedy(location, _SERVICE, "vault", settings.endpoint, configured), queue)


def _chain(settings: Settings) -> Chain | None:
    return chain_for(settings, _SERVICE, _open_questions(settings))


def _open_questions(settings: Settings) -> Iterator[str]:
    """The options of AWS's files that would count."""
    address = settings.endpoint or configured_endpoint(_SERVICE, None)
    if address is None and not environment.endpoints_ignored():
        yield "endpoint_url"
    if not (settings.region or region_in(address) or environment.region()):
        yield "region"

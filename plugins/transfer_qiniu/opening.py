"""From a location and its settings to a store."""

from __future__ import annotations

import asyncio
import re

from transfer.errors import Misconfigured
from transfer.plugin import Location, StoreOptions
from transfer.restxml.opening import folder, http_options
from transfer.wire.http import Http
from transfer_qiniu.client import Client
from transfer_qiniu.config import read_settings
from transfer_qiniu.discovery import Discovery
from transfer_qiniu.place import Place
from transfer_qiniu.signing import Signer
from transfer_qiniu.store import KodoStore
from transfer_qiniu.transport import Transport

_BUCKET = re.compile(r"[A-Za-z0-9._-]+", re.ASCII)


async def open_bucket(location: Location, options: StoreOptions) -> KodoStore:
    """Make the store; nothing is sent yet. Raises Misconfigured, and ImportError without the SDK."""
    if not _BUCKET.fullmatch(location.container):
        raise Misconfigured(f"'{location.url}' names no bucket: write kodo://bucket/prefix")
    return await open_place(location, options)


async def open_place(location: Location, options: StoreOptions) -> KodoStore:
    """The same without a look at the location, which may be the service's: then it has no bucket, nor objects."""
    settings = read_settings(location)
    signer = await asyncio.to_thread(Signer, settings.access_key, settings.secret_key)
    transport = Transport(Http(await http_options(options, settings.ca_bundle)), signer)
    place = Place(location.url.partition("://")[0], location.container, folder(location.path))
    client = Client(place, transport, Discovery(transport, settings))
    return KodoStore(client, settings, asked_class=options.asked_class)

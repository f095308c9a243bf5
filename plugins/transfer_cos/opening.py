"""From a location and its settings to a store."""

from __future__ import annotations

import asyncio
from functools import partial

from transfer.errors import Misconfigured, Unsupported
from transfer.plugin import Location, StoreOptions
from transfer.restxml.bucket import Bucket
from transfer.restxml.client import Client, Place
from transfer.restxml.encryption import read_encryption
from transfer.restxml.endpoint import Endpoint
from transfer.restxml.opening import folder, http_options, refuse_nonsense
from transfer.restxml.store import RestXmlStore
from transfer.restxml.verifier import Verifier
from transfer.wire.http import Http
from transfer_cos.config import Settings, read_settings
from transfer_cos.credentials import find
from transfer_cos.dialect import COS
from transfer_cos.endpoint import address_of, home, locate, region_in, service_address
from transfer_cos.signer import CosSigner


async def open_bucket(location: Location, options: StoreOptions) -> RestXmlStore:
    """Make the store; nothing is sent yet. Raises Misconfigured, and ImportError without the SDK."""
    if not location.container:
        raise Misconfigured(f"'{location.url}' names no bucket: write cos://bucket-appid/prefix")
    refuse_nonsense(COS, options)
    settings = read_settings(location)
    return await _open(location, options, settings, address_of(settings, location.url))


async def open_service(location: Location, options: StoreOptions) -> RestXmlStore:
    """Make a store of no bucket, which can tell which there are. Raises Misconfigured, ImportError."""
    settings = read_settings(location)
    return await _open(location, options, settings, service_address(settings, location.url))


async def _open(location: Location, options: StoreOptions, settings: Settings, address: str) -> RestXmlStore:
    locator = partial(_locate, settings, address, location.container)
    place = Place(COS, location.container, folder(location.path), location.url.partition("://")[0])
    endpoint = locator(place.bucket, "")
    client = Client(
        Http(await http_options(options, settings.ca_bundle, endpoint)),
        place,
        await find(settings),
        locator,
        await asyncio.to_thread(CosSigner),
        settings.region or region_in(address) or "",
        pinned=True,
        request_payer=options.request_payer,
    )
    encryption = await read_encryption(COS, options, None, endpoint.scheme)
    bucket = Bucket(client, Verifier.CRC64XZ, encryption, options.acl, options.tags, options.asked_class)
    return RestXmlStore(bucket, home(settings, address))


def _locate(settings: Settings, address: str, own: str, bucket: str, region: str) -> Endpoint:
    """Where ``bucket`` is. Raises Unsupported for another than our own, which a domain of ours does not lead to."""
    if settings.cname and bucket != own:
        raise Unsupported(f"The bucket '{bucket}' can't be asked by the domain that is bound to '{own}'")
    return locate(settings, address, bucket)

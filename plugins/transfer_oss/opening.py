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
from transfer_oss.config import Settings, read_settings
from transfer_oss.credentials import find
from transfer_oss.dialect import OSS
from transfer_oss.endpoint import address_of, home, locate, region_of
from transfer_oss.signer import OssSigner


async def open_bucket(location: Location, options: StoreOptions) -> RestXmlStore:
    """Make the store; nothing is sent yet. Raises Misconfigured, and ImportError without the SDK."""
    if not location.container:
        raise Misconfigured(f"'{location.url}' names no bucket: write oss://bucket/prefix")
    refuse_nonsense(OSS, options)
    return await open_place(location, options)


async def open_place(location: Location, options: StoreOptions) -> RestXmlStore:
    """The same without a look at the location, which may be the service's: then it has no bucket, nor objects."""
    settings = read_settings(location)
    if settings.cname and not location.container:
        raise Misconfigured(f"'{location.url}' names no bucket, and a domain of one bucket can't tell of others")
    region = region_of(settings)
    address = address_of(settings, region, location.url)
    if region is None and settings.signature == "v4" and not settings.anonymous:
        raise Misconfigured(f"'{location.url}' needs the bucket's region for signatures: set region, like cn-hangzhou")
    locator = partial(_locate, settings, address, location.container)
    place = Place(OSS, location.container, folder(location.path), location.url.partition("://")[0])
    endpoint = locator(place.bucket, region or "")
    client = Client(
        Http(await http_options(options, settings.ca_bundle, endpoint)),
        place,
        await find(settings),
        locator,
        await asyncio.to_thread(OssSigner, settings.signature),
        region or "",
        pinned=True,
        request_payer=options.request_payer or settings.request_payer,
    )
    encryption = await read_encryption(OSS, options, None, endpoint.scheme)
    bucket = Bucket(client, Verifier.CRC64XZ, encryption, options.acl, options.tags, options.asked_class)
    return RestXmlStore(bucket, home(settings, address, region))


def _locate(settings: Settings, address: str, own: str, bucket: str, region: str) -> Endpoint:
    """Where ``bucket`` is. Raises Unsupported for another than our own, which a domain of ours does not lead to."""
    if settings.cname and bucket != own:
        raise Unsupported(f"The bucket '{bucket}' can't be asked by the domain that is bound to '{own}'")
    return locate(settings, address, bucket)

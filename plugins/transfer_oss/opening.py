"""From a location and its settings to a store."""

from __future__ import annotations

from functools import partial

from transfer.errors import Misconfigured
from transfer.plugin import Location, StoreOptions
from transfer.restxml.client import Place
from transfer.restxml.native import Way, open_native
from transfer.restxml.opening import folder, refuse_nonsense
from transfer.restxml.reach import located
from transfer.restxml.store import RestXmlStore
from transfer_oss.config import read_settings
from transfer_oss.credentials import find
from transfer_oss.dialect import OSS
from transfer_oss.endpoint import DOMAINS, address_of, home, region_of
from transfer_oss.signer import OssSigner


async def open_bucket(location: Location, options: StoreOptions) -> RestXmlStore:
    """Make the store; nothing is sent yet. Raises Misconfigured, and ImportError without the extra."""
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
    locator = partial(located, settings, address, location.container, DOMAINS)
    place = Place(OSS, location.container, folder(location.path), location.url.partition("://")[0])
    way = Way(
        locator,
        OssSigner(settings.signature),
        await find(settings),
        region or "",
        home(settings, address, region),
        settings.ca_bundle,
        settings.request_payer,
    )
    return await open_native(place, way, options)

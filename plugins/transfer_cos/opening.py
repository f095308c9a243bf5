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
from transfer_cos.config import Settings, read_settings
from transfer_cos.credentials import find
from transfer_cos.dialect import COS
from transfer_cos.endpoint import DOMAINS, address_of, home, region_in, service_address
from transfer_cos.signer import CosSigner


async def open_bucket(location: Location, options: StoreOptions) -> RestXmlStore:
    """Make the store; nothing is sent yet. Raises Misconfigured, and ImportError without the extra."""
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
    locator = partial(located, settings, address, location.container, DOMAINS)
    place = Place(COS, location.container, folder(location.path), location.url.partition("://")[0])
    way = Way(
        locator,
        CosSigner(),
        await find(settings),
        settings.region or region_in(address) or "",
        home(settings, address),
        settings.ca_bundle,
    )
    return await open_native(place, way, options)

"""Stores of providers whose own protocol is spoken, and whose replies tell the CRC-64/XZ of what they got."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from transfer.checksums import require
from transfer.model import Algorithm
from transfer.plugin import StoreOptions
from transfer.restxml.bucket import Bucket
from transfer.restxml.client import Client, Place
from transfer.restxml.credentials import CredentialSource
from transfer.restxml.encryption import read_encryption
from transfer.restxml.endpoint import Endpoint
from transfer.restxml.opening import http_options
from transfer.restxml.signing import Signer
from transfer.restxml.store import RestXmlStore
from transfer.restxml.verifier import Verifier
from transfer.wire.http import Http


@dataclass(frozen=True, slots=True)
class Way:
    """How a plugin reaches one place: what it has made of the settings."""

    locator: Callable[[str, str], Endpoint]
    """The address of a bucket in a region."""
    signer: Signer
    credentials: CredentialSource
    region: str
    home: str
    """Names the provider's place, whatever way leads there."""
    ca_bundle: str | None = None
    request_payer: bool = False


async def open_native(place: Place, way: Way, options: StoreOptions) -> RestXmlStore:
    """Make the store; nothing is sent yet. Raises Misconfigured, and ImportError without what computes CRC-64/XZ."""
    require(Algorithm.CRC64XZ)
    endpoint = way.locator(place.bucket, way.region)
    client = Client(
        Http(await http_options(options, way.ca_bundle, endpoint)),
        place,
        way.credentials,
        way.locator,
        way.signer,
        way.region,
        pinned=True,
        request_payer=options.request_payer or way.request_payer,
    )
    encryption = await read_encryption(place.dialect, options, None, endpoint.scheme)
    bucket = Bucket(client, Verifier.CRC64XZ, encryption, options.acl, options.tags, options.asked_class)
    return RestXmlStore(bucket, way.home)

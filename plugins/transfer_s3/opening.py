"""From a location and its settings to a store."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from functools import partial

from transfer.aws import environment
from transfer.aws.chain import Chain
from transfer.aws.search import chain_for, configured_endpoint, source_of
from transfer.aws.whence import remedy
from transfer.errors import Misconfigured
from transfer.plugin import Location, StoreOptions
from transfer.restxml.bucket import Bucket
from transfer.restxml.client import Client, Place
from transfer.restxml.encryption import read_encryption
from transfer.restxml.endpoint import Endpoint
from transfer.restxml.opening import folder, http_options, refuse_nonsense
from transfer.restxml.verifier import Verifier
from transfer.wire.http import Http
from transfer_s3.config import Settings, read_settings
from transfer_s3.dialect import S3, dialect_at
from transfer_s3.endpoint import DEFAULT_REGION, locate, region_in
from transfer_s3.signer import S3Signer
from transfer_s3.store import S3Store

_SERVICE = "s3"


async def open_bucket(location: Location, options: StoreOptions) -> S3Store:
    """Make the store; nothing is sent yet. Raises Misconfigured, and ImportError without an SDK that it needs."""
    if not location.container:
        raise Misconfigured(f"'{location.url}' names no bucket: write s3://bucket/prefix")
    refuse_nonsense(S3, options)
    return await open_place(location, options)


async def open_place(location: Location, options: StoreOptions) -> S3Store:
    """The same without a look at the location, which may be the service's: then it has no bucket, nor objects."""
    settings = read_settings(location)
    chain = await asyncio.to_thread(_chain, settings)
    configured = configured_endpoint(_SERVICE, chain)
    address = settings.endpoint or configured
    region = settings.region or region_in(address) or environment.region() or (chain and chain.region)
    locator = partial(_locate, address, settings.path_style)
    endpoint = locator(location.container, region or DEFAULT_REGION)
    dialect = dialect_at(endpoint.host)
    place = Place(dialect, location.container, folder(location.path), location.url.partition("://")[0])
    client = Client(
        Http(await http_options(options, settings.ca_bundle, endpoint)),
        place,
        source_of(settings, chain),
        locator,
        S3Signer(),
        region or DEFAULT_REGION,
        pinned=settings.region is not None,
        request_payer=options.request_payer or settings.request_payer,
    )
    encryption = await read_encryption(dialect, options, settings.sse_c_key_file, endpoint.scheme)
    verifier = settings.verify or (Verifier.CRC64NVME if endpoint.genuine else Verifier.NONE)
    bucket = Bucket(client, verifier, encryption, options.acl, options.tags, options.asked_class)
    where = remedy(location, _SERVICE, "bucket", settings.endpoint, configured)
    return S3Store(bucket, settings, address, where)


def _chain(settings: Settings) -> Chain | None:
    return chain_for(settings, _SERVICE, _open_questions(settings))


def _open_questions(settings: Settings) -> Iterator[str]:
    """The options of AWS's files that would count."""
    address = settings.endpoint or configured_endpoint(_SERVICE, None)
    if address is None and not environment.endpoints_ignored():
        yield "endpoint_url"
    if not (settings.region or region_in(address) or environment.region()):
        yield "region"


def _locate(address: str | None, path_style: bool | None, bucket: str, region: str) -> Endpoint:
    return locate(address, bucket, region, path_style=path_style)

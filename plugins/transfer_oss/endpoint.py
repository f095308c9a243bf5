"""Where a bucket is. Source: "Regions and endpoints" at help.aliyun.com."""

from __future__ import annotations

import os
import re

from transfer.errors import Misconfigured
from transfer.restxml import reach
from transfer.restxml.endpoint import Endpoint, split
from transfer_oss.config import Settings

_DOMAIN = ".aliyuncs.com"
DOMAINS = (_DOMAIN,)
_REGION = re.compile(r"(?:^|\.)oss-([a-z0-9-]+?)(?:-internal)?\.aliyuncs\.com(?::\d+)?$")
_ACCELERATED = "accelerate"


def locate(settings: Settings, address: str, bucket: str) -> Endpoint:
    """The bucket at the server ``address``. Raises Misconfigured."""
    return reach.locate(settings, address, bucket, DOMAINS)


def address_of(settings: Settings, region: str | None, url: str) -> str:
    """The server's address: as set, or made of the region. Raises Misconfigured where neither is known."""
    if settings.endpoint:
        return settings.endpoint
    if settings.accelerate:
        return f"https://oss-accelerate{_DOMAIN}"
    configured = os.environ.get("OSS_ENDPOINT")
    if configured and not settings.internal:
        return configured
    if region is None:
        raise Misconfigured(f"'{url}' needs the bucket's region: set region, like cn-hangzhou, or endpoint")
    return f"https://oss-{region}{'-internal' * settings.internal}{_DOMAIN}"


def region_of(settings: Settings) -> str | None:
    """The region as set, as the endpoint's name tells, or as the environment says."""
    told = settings.region or region_in(settings.endpoint or os.environ.get("OSS_ENDPOINT"))
    return told or (os.environ.get("OSS_REGION") or "").removeprefix("oss-") or None


def region_in(address: str | None) -> str | None:
    """The region that an endpoint's name tells."""
    found = _REGION.search(split(address)[1]) if address else None
    return None if found is None or found[1].startswith(_ACCELERATED) else found[1]


def home(settings: Settings, address: str, region: str | None) -> str:
    """Names the place, by whatever way it is reached: what is in one home may be copied by the provider."""
    if region and (settings.accelerate or reach.is_own(split(address)[1], DOMAINS) or settings.cname):
        return f"https://oss-{region}{_DOMAIN}"
    return address.rstrip("/")

"""Where a bucket is. Source: "Regions and endpoints" at help.aliyun.com."""

from __future__ import annotations

import os
import re

from transfer.errors import Misconfigured
from transfer.restxml.endpoint import Endpoint, split
from transfer.wire.quoting import quote_path
from transfer_oss.config import Settings

_DOMAIN = ".aliyuncs.com"
_REGION = re.compile(r"(?:^|\.)oss-([a-z0-9-]+?)(?:-internal)?\.aliyuncs\.com(?::\d+)?$")
_ACCELERATED = "accelerate"


def locate(settings: Settings, address: str, bucket: str) -> Endpoint:
    """The bucket at the server ``address``. Raises Misconfigured."""
    scheme, host, base = split(address)
    if settings.cname:
        return Endpoint(scheme, host, base, genuine=True)
    if not bucket:
        return Endpoint(scheme, host, base, genuine=True)
    path_style = settings.path_style
    if path_style is None:
        path_style = _DOMAIN not in host
    if path_style:
        return Endpoint(scheme, host, f"{base}/{quote_path(bucket)}", genuine=True)
    return Endpoint(scheme, f"{bucket}.{host}", base, genuine=True)


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
    if region and (settings.accelerate or _DOMAIN in address or settings.cname):
        return f"https://oss-{region}{_DOMAIN}"
    return address.rstrip("/")

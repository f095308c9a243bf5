"""Where a bucket is. Source: "Regions and access domains" of COS's documentation, at cloud.tencent.com."""

from __future__ import annotations

import re

from transfer.errors import Misconfigured
from transfer.restxml import reach
from transfer.restxml.endpoint import Endpoint, split
from transfer_cos.config import Settings

DOMAINS = (".myqcloud.com", ".tencentcos.cn")
_REGION = re.compile(r"(?:^|\.)cos(?:-internal)?\.([a-z0-9-]+)\.(?:myqcloud\.com|tencentcos\.cn)(?::\d+)?$")
_ACCELERATED = "accelerate"


def locate(settings: Settings, address: str, bucket: str) -> Endpoint:
    """The bucket at the server ``address``. Raises Misconfigured."""
    return reach.locate(settings, address, bucket, DOMAINS)


def address_of(settings: Settings, url: str) -> str:
    """The server's address: as set, or made of the region. Raises Misconfigured where neither is known."""
    if settings.endpoint:
        return settings.endpoint
    if settings.accelerate:
        return "https://cos.accelerate.myqcloud.com"
    if settings.region is None:
        raise Misconfigured(f"'{url}' needs the bucket's region: set region, like ap-guangzhou, or endpoint")
    if settings.internal:
        return f"https://cos-internal.{settings.region}.tencentcos.cn"
    return f"https://cos.{settings.region}.myqcloud.com"


def service_address(settings: Settings, url: str) -> str:
    """Where all buckets of an account are known. Raises Misconfigured for a domain that leads to one of them."""
    if settings.cname:
        raise Misconfigured(
            f"'{url}' is given the domain of one bucket: leave endpoint and cname out, or name a bucket"
        )
    if settings.internal:
        return "https://service.cos-internal.tencentcos.cn"
    return settings.endpoint or "https://service.cos.myqcloud.com"


def region_in(address: str) -> str | None:
    """The region that an endpoint's name tells."""
    found = _REGION.search(split(address)[1])
    return None if found is None or found[1].startswith(_ACCELERATED) else found[1]


def home(settings: Settings, address: str) -> str:
    """Names the place, by whatever way it is reached: what is in one home may be copied by the provider."""
    region = settings.region or region_in(address)
    genuine = reach.is_own(split(address)[1], DOMAINS) or settings.cname
    return f"https://cos.{region}.myqcloud.com" if region and genuine else address.rstrip("/")

"""Where Glacier is: host, path, and the region that its address names."""

from __future__ import annotations

import re

from transfer.restxml.endpoint import Endpoint, split

_REGION = re.compile(r"(?:^|\.)glacier(?:-fips)?\.([a-z]{2}(?:-[a-z]+)+-\d)\.amazonaws\.com(?:\.cn)?$")
_GENUINE = (".amazonaws.com", ".amazonaws.com.cn")


def locate(address: str | None, region: str) -> Endpoint:
    """The service at the server ``address``, or at AWS in ``region``. Raises Misconfigured."""
    scheme, host, base = split(address or aws_address(region))
    return Endpoint(scheme, host, base, host.endswith(_GENUINE))


def aws_address(region: str) -> str:
    """AWS's own endpoint in a region; China is a partition with a domain of its own."""
    domain = "amazonaws.com.cn" if region.startswith("cn-") else "amazonaws.com"
    return f"https://glacier.{region}.{domain}"


def region_in(address: str | None) -> str | None:
    """The region that an endpoint's name tells, where it is AWS's."""
    if address is None:
        return None
    found = _REGION.search(split(address)[1])
    return found[1] if found else None

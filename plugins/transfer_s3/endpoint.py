"""Where a bucket is: host, path, and the region that its address names."""

from __future__ import annotations

import re

from transfer.restxml.endpoint import Endpoint, split
from transfer.wire.quoting import quote_path

DEFAULT_REGION = "us-east-1"
_VIRTUAL = (".amazonaws.com", ".amazonaws.com.cn", ".aliyuncs.com", ".myqcloud.com", ".tencentcos.cn", ".qiniucs.com")
"""Providers that want (some of them insist on) the bucket in the host name."""
_REGIONS = (
    re.compile(r"(?:^|\.)s3[.-](?:dualstack\.|fips\.)?([a-z]{2}(?:-[a-z]+)+-\d)\.amazonaws\.com(?:\.cn)?$"),
    re.compile(r"(?:^|\.)(oss-[a-z0-9-]+?)(?:-internal)?\.aliyuncs\.com$"),
    re.compile(r"(?:^|\.)cos\.([a-z0-9-]+)\.(?:myqcloud\.com|tencentcos\.cn)$"),
    re.compile(r"(?:^|\.)s3[.-]([a-z0-9-]+)\.qiniucs\.com$"),
)
_GENUINE = (".amazonaws.com", ".amazonaws.com.cn")
_DNS_BUCKET = re.compile(r"[a-z0-9][a-z0-9-]{1,61}[a-z0-9]", re.ASCII)


def locate(address: str | None, bucket: str, region: str, *, path_style: bool | None) -> Endpoint:
    """The bucket's address at the server ``address``, or at AWS in ``region``. Raises Misconfigured."""
    scheme, host, base = split(address or aws_address(region))
    if path_style is None:
        path_style = not (host.endswith(_VIRTUAL) and _DNS_BUCKET.fullmatch(bucket))
    if path_style or not bucket:
        return Endpoint(scheme, host, f"{base}/{quote_path(bucket)}", host.endswith(_GENUINE))
    return Endpoint(scheme, f"{bucket}.{host}", base, host.endswith(_GENUINE))


def aws_address(region: str) -> str:
    """AWS's own endpoint in a region; China is a partition with a domain of its own."""
    domain = "amazonaws.com.cn" if region.startswith("cn-") else "amazonaws.com"
    return f"https://s3.{region}.{domain}"


def region_in(address: str | None) -> str | None:
    """The region that an endpoint's name tells, where its provider is known."""
    if address is None:
        return None
    _, host, _ = split(address)
    return next((found[1] for pattern in _REGIONS if (found := pattern.search(host))), None)

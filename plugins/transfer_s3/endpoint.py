"""Where a bucket is: host, path, and the region that its address names."""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass
from urllib.parse import urlsplit

from transfer.errors import Misconfigured
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
_PORTS = {"http": 80, "https": 443}
_DNS_BUCKET = re.compile(r"[a-z0-9][a-z0-9-]{1,61}[a-z0-9]", re.ASCII)


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One bucket's address. ``path`` is encoded and without a slash at its end."""

    scheme: str
    host: str
    path: str

    @property
    def aws(self) -> bool:
        """Whether this is Amazon's own S3, which is known to verify checksums."""
        return self.host.endswith((".amazonaws.com", ".amazonaws.com.cn"))

    def object_path(self, name: str) -> str:
        return f"{self.path}/{quote_path(name)}"

    @property
    def bucket_path(self) -> str:
        return self.path or "/"

    def url(self, path: str, query: str) -> str:
        return f"{self.scheme}://{self.host}{path}" + (f"?{query}" if query else "")


def locate(address: str | None, bucket: str, region: str, *, path_style: bool | None) -> Endpoint:
    """The bucket's address at the server ``address``, or at AWS in ``region``. Raises Misconfigured."""
    scheme, host, base = split(address or aws_address(region))
    if path_style is None:
        path_style = not (host.endswith(_VIRTUAL) and _DNS_BUCKET.fullmatch(bucket))
    if path_style:
        return Endpoint(scheme, host, f"{base}/{quote_path(bucket)}")
    return Endpoint(scheme, f"{bucket}.{host}", base)


def split(address: str) -> tuple[str, str, str]:
    """Scheme, host with a port that is not the usual one, and path. Raises Misconfigured."""
    parts = urlsplit(address if "://" in address else f"https://{address}")
    try:
        port = parts.port
    except ValueError:
        port = -1
    if parts.scheme not in _PORTS or not parts.hostname or port == -1 or parts.username or parts.query:
        shown = parts.hostname or "it"
        raise Misconfigured(f"The endpoint ({shown}) must be an address like https://s3.example.com:9000")
    host = f"[{parts.hostname}]" if _is_ipv6(parts.hostname) else parts.hostname
    shown_port = "" if port in (None, _PORTS[parts.scheme]) else f":{port}"
    return parts.scheme, host + shown_port, quote_path(parts.path.rstrip("/"))


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


def _is_ipv6(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).version == 6
    except ValueError:
        return False

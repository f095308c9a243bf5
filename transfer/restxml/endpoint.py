"""Where a bucket is: scheme, host and path."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from urllib.parse import urlsplit

from transfer.errors import Misconfigured
from transfer.wire.quoting import quote_path

_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One bucket's address. ``path`` is encoded and without a slash at its end.

    ``genuine``: the provider itself answers there, and does what its documents say; others are asked.
    """

    scheme: str
    host: str
    path: str
    genuine: bool

    def object_path(self, name: str) -> str:
        return f"{self.path}/{quote_path(name)}"

    @property
    def bucket_path(self) -> str:
        return self.path or "/"

    def url(self, path: str, query: str) -> str:
        return f"{self.scheme}://{self.host}{path}" + (f"?{query}" if query else "")


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
    host = f"[{parts.hostname}]" if is_ipv6(parts.hostname) else parts.hostname
    shown_port = "" if port in (None, _PORTS[parts.scheme]) else f":{port}"
    return parts.scheme, host + shown_port, quote_path(parts.path.rstrip("/"))


def is_ipv6(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).version == 6
    except ValueError:
        return False

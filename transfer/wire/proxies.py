"""The way out through a proxy, as ``HTTPS_PROXY``, ``HTTP_PROXY`` and ``NO_PROXY`` say."""

from __future__ import annotations

import base64
import os
from dataclasses import dataclass, field
from urllib.parse import unquote, urlsplit

from transfer.errors import Misconfigured

_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True)
class Proxy:
    """An HTTP proxy; ``login`` is the value of ``Proxy-Authorization``."""

    scheme: str
    host: str
    port: int
    login: str | None = field(default=None, repr=False)


def proxy_for(scheme: str, host: str) -> Proxy | None:
    """The proxy on the way to ``host`` (with its port, if it has one). Raises Misconfigured."""
    if not any(name.lower().endswith("_proxy") for name in os.environ):
        return None
    # Reads the environment's many spellings; it is slow to import and seldom needed.
    from urllib.request import getproxies_environment, proxy_bypass  # noqa: PLC0415

    proxies = getproxies_environment()
    address = proxies.get(scheme) or proxies.get("all")
    if not address or proxy_bypass(host):
        return None
    return _parse(address if "://" in address else f"http://{address}", scheme)


def _parse(address: str, scheme: str) -> Proxy:
    refusal = Misconfigured(f"The proxy set for {scheme} ({scheme.upper()}_PROXY) must be an http:// address")
    try:
        parts = urlsplit(address)
        port = parts.port
    except ValueError:
        raise refusal from None
    if parts.scheme not in _PORTS or not parts.hostname:
        raise refusal
    login = None
    if parts.username:
        pair = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
        login = f"Basic {base64.b64encode(pair.encode()).decode()}"
    return Proxy(parts.scheme, parts.hostname, port or _PORTS[parts.scheme], login)

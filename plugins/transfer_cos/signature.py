"""COS's signature. Source: "Request signature" of COS's documentation, at cloud.tencent.com.

It covers the host, the key (of the bucket, only what the host says), and of parameters and headers those that it lists.
"""

from __future__ import annotations

import hmac
from collections.abc import Mapping, Sequence
from functools import lru_cache
from hashlib import sha1
from urllib.parse import quote

from transfer.restxml.signing import Target
from transfer.wire.sigv4 import Credentials

_OWN = ("x-cos-", "x-ci-")
_SIGNED = frozenset(
    {
        "cache-control",
        "content-disposition",
        "content-encoding",
        "content-length",
        "content-md5",
        "content-type",
        "expect",
        "expires",
        "host",
        "if-match",
        "if-modified-since",
        "if-none-match",
        "if-unmodified-since",
        "origin",
        "pic-operations",
        "range",
        "transfer-encoding",
    }
)
"""Headers that are signed beside COS's own."""


def authorization(
    target: Target, parameters: Mapping[str, str], headers: Mapping[str, str], times: str, credentials: Credentials
) -> dict[str, str]:
    """The fields of the signature in their order. ``times`` are the first and last second for which it is good.

    ``headers`` have the host among them. Names are in lower case; what of them is not to be signed is left out.
    """
    names = _covered(tuple(headers))
    asked = sorted({_name(name): quote(value, safe="") for name, value in parameters.items()}.items())
    lines = "&".join([f"{encoded}={quote(headers[name], safe='')}" for encoded, name in names])
    pairs = "&".join([f"{name}={value}" for name, value in asked])
    # A key's own leading slash is one more than the path's.
    request = f"{target.method.lower()}\n/{target.name or ''}\n{pairs}\n{lines}\n"
    text = f"sha1\n{times}\n{sha1(request.encode(), usedforsecurity=False).hexdigest()}\n"
    return {
        "q-sign-algorithm": "sha1",
        "q-ak": credentials.access_key_id,
        "q-sign-time": times,
        "q-key-time": times,
        "q-header-list": ";".join([encoded for encoded, _ in names]),
        "q-url-param-list": ";".join([name for name, _ in asked]),
        "q-signature": hmac.digest(_key(credentials.secret_access_key, times), text.encode(), "sha1").hex(),
    }


@lru_cache(maxsize=4)
def _key(secret: str, times: str) -> bytes:
    """Requests of one second share it."""
    return hmac.digest(secret.encode(), times.encode(), "sha1").hex().encode()


@lru_cache(maxsize=256)
def _covered(names: tuple[str, ...]) -> Sequence[tuple[str, str]]:
    """Those of them that are signed, as they are signed and as they are, sorted. Requests of one kind have the same."""
    return sorted((_name(name), name) for name in names if name in _SIGNED or name.startswith(_OWN))


def _name(name: str) -> str:
    return quote(name, safe="").lower()

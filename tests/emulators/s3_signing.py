"""AWS's Signature Version 4, from its specification. Neither botocore's code nor the plugin's is used."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterable, Mapping
from urllib.parse import quote

ALGORITHM = "AWS4-HMAC-SHA256"


def canonical(
    method: str,
    path: str,
    query: Iterable[tuple[str, str]],
    headers: Mapping[str, str],
    signed: Iterable[str],
    payload: str,
) -> str:
    """The canonical request; ``path`` and ``query`` are decoded, ``headers`` have lower-case names.

    Raises KeyError where a signed header is not there.
    """
    pairs = sorted((_encode(name), _encode(value)) for name, value in query if name != "X-Amz-Signature")
    names = sorted({name.lower() for name in signed})
    return "\n".join(
        (
            method,
            _encode(path, safe="/"),
            "&".join(f"{name}={value}" for name, value in pairs),
            "".join(f"{name}:{' '.join(headers[name].split())}\n" for name in names),
            ";".join(names),
            payload,
        )
    )


def string_to_sign(request: str, moment: str, scope: str) -> str:
    """What is signed."""
    return f"{ALGORITHM}\n{moment}\n{scope}\n{hashlib.sha256(_bytes(request)).hexdigest()}"


def sign(secret: str, string: str, scope: str) -> str:
    """The signature of it; ``scope`` is date, region, service and ``aws4_request``."""
    key = f"AWS4{secret}".encode()
    for part in scope.split("/"):
        key = hmac.digest(key, part.encode(), "sha256")
    return hmac.digest(key, _bytes(string), "sha256").hex()


def _encode(text: str, safe: str = "") -> str:
    return quote(_bytes(text), safe=safe + "-_.~")


def _bytes(text: str) -> bytes:
    return text.encode(errors="surrogateescape")

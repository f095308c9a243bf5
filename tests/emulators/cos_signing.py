"""COS's signature, from its specification. None of the vendor's code is used."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterable, Mapping
from urllib.parse import quote

ALGORITHM = "sha1"


def http_string(
    method: str,
    path: str,
    query: Mapping[str, str],
    headers: Mapping[str, str],
    parameter_list: Iterable[str],
    header_list: Iterable[str],
) -> str:
    """What is signed of a request: of parameters and headers those that the lists name, in their encoded form.

    Raises KeyError where one is not there.
    """
    parameters = _canonical(query, parameter_list)
    return f"{method.lower()}\n{path}\n{parameters}\n{_canonical(headers, header_list)}\n"


def _canonical(values: Mapping[str, str], names: Iterable[str]) -> str:
    encoded = {encode(name).lower(): encode(value) for name, value in values.items()}
    return "&".join(f"{name}={encoded[name]}" for name in names)


def sign(secret: str, key_time: str, sign_time: str, string: str) -> str:
    """The signature of it."""
    key = hmac.digest(secret.encode(), key_time.encode(), "sha1").hex()
    digest = hashlib.sha1(_bytes(string), usedforsecurity=False).hexdigest()
    return hmac.digest(key.encode(), f"{ALGORITHM}\n{sign_time}\n{digest}\n".encode(), "sha1").hex()


def encode(text: str) -> str:
    """As names and values are encoded in it."""
    return quote(_bytes(text), safe="-_.~")


def _bytes(text: str) -> bytes:
    return text.encode(errors="surrogateescape")

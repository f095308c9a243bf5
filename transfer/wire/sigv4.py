"""AWS Signature Version 4, in headers or in an address, computed directly.

Source of the format: "Create a signed AWS API request" in the AWS IAM user guide. Paths
and queries are signed exactly as they are sent, as S3 wants it: encoded once, nothing normalised.
"""

from __future__ import annotations

import hmac
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from hashlib import sha256

from transfer.wire.quoting import quote_query

UNSIGNED = "UNSIGNED-PAYLOAD"
"""Instead of a body's hash: the signature covers the headers, whose checksum covers the body."""
EMPTY = sha256(b"").hexdigest()

_ALGORITHM = "AWS4-HMAC-SHA256"
_KEYS_KEPT = 16
_BLOCK = 64
"""Bytes that SHA-256 takes at a time."""


@dataclass(frozen=True, slots=True)
class Credentials:
    """An access key. Only its id may be shown."""

    access_key_id: str
    secret_access_key: str = field(repr=False)
    session_token: str | None = field(default=None, repr=False)


class SigV4:
    """Signs for one service; keeps the signing keys, which last a day."""

    def __init__(self, service: str) -> None:
        self._service = service
        self._keys: dict[tuple[str, str, str], _Key] = {}

    def sign(
        self,
        method: str,
        host: str,
        path: str,
        query: str,
        headers: Mapping[str, str],
        payload: str,
        credentials: Credentials,
        region: str,
        now: float,
    ) -> dict[str, str]:
        """``headers`` with those of the signature added, all of them signed.

        Names are in lower case. ``path`` and ``query`` are encoded, ``payload`` is the body's
        SHA-256 in hex or :data:`UNSIGNED`, ``now`` is in seconds since the epoch.
        """
        moment = _spelled(int(now))
        signed = {**headers, "x-amz-date": moment, "x-amz-content-sha256": payload}
        if credentials.session_token:
            signed["x-amz-security-token"] = credentials.session_token
        names, lines = _canonical_headers(host, signed)
        request = f"{method}\n{path}\n{query}\n{lines}\n{names}\n{payload}"
        scope = self._scope(moment, region)
        signature = self._signature(request, moment, scope, credentials, region)
        signed["authorization"] = (
            f"{_ALGORITHM} Credential={credentials.access_key_id}/{scope}, SignedHeaders={names}, Signature={signature}"
        )
        return signed

    def presign(
        self,
        method: str,
        host: str,
        path: str,
        query: Mapping[str, str],
        seconds: int,
        credentials: Credentials,
        region: str,
        now: float,
    ) -> str:
        """The encoded query with which anybody can send the request for ``seconds``; its host is signed, no body."""
        moment = _spelled(int(now))
        scope = self._scope(moment, region)
        asked = {
            **query,
            "X-Amz-Algorithm": _ALGORITHM,
            "X-Amz-Credential": f"{credentials.access_key_id}/{scope}",
            "X-Amz-Date": moment,
            "X-Amz-Expires": str(seconds),
            "X-Amz-SignedHeaders": "host",
        }
        if credentials.session_token:
            asked["X-Amz-Security-Token"] = credentials.session_token
        encoded = quote_query(asked)
        request = f"{method}\n{path}\n{encoded}\nhost:{host}\n\nhost\n{UNSIGNED}"
        return f"{encoded}&X-Amz-Signature={self._signature(request, moment, scope, credentials, region)}"

    def _scope(self, moment: str, region: str) -> str:
        return f"{moment[:8]}/{region}/{self._service}/aws4_request"

    def _signature(self, request: str, moment: str, scope: str, credentials: Credentials, region: str) -> str:
        text = f"{_ALGORITHM}\n{moment}\n{scope}\n{sha256(request.encode()).hexdigest()}"
        return self._key(credentials, moment[:8], region).hmac(text.encode()).hex()

    def _key(self, credentials: Credentials, day: str, region: str) -> _Key:
        name = (credentials.secret_access_key, day, region)
        key = self._keys.get(name)
        if key is None:
            secret = f"AWS4{credentials.secret_access_key}".encode()
            for step in (day, region, self._service, "aws4_request"):
                secret = hmac.digest(secret, step.encode(), "sha256")
            if len(self._keys) >= _KEYS_KEPT:
                self._keys.clear()
            key = self._keys[name] = _Key(secret)
        return key


class _Key:
    """HMAC-SHA256 (RFC 2104) with a key of at most a block, for many texts: both of its hashes are begun once."""

    def __init__(self, key: bytes) -> None:
        block = key.ljust(_BLOCK, b"\0")
        self._inner = sha256(bytes(byte ^ 0x36 for byte in block))
        self._outer = sha256(bytes(byte ^ 0x5C for byte in block))

    def hmac(self, text: bytes) -> bytes:
        inner, outer = self._inner.copy(), self._outer.copy()
        inner.update(text)
        outer.update(inner.digest())
        return outer.digest()


@lru_cache(maxsize=4)
def _spelled(second: int) -> str:
    """A time since the epoch as signatures have it; many requests share one."""
    return time.strftime("%Y%m%dT%H%M%SZ", time.gmtime(second))


def _canonical_headers(host: str, headers: Mapping[str, str]) -> tuple[str, str]:
    """The names, joined by ``;``, and the lines of name and value, each with its newline."""
    values = {**headers, "host": host}
    ordered, joined = _in_order(tuple(values))
    lines = "".join([f"{name}:{values[name]}\n" for name in ordered])
    if " " in lines or "\t" in lines:  # Runs of white space count as one blank, and as none at either end.
        lines = "".join([f"{name}:{' '.join(values[name].split())}\n" for name in ordered])
    return joined, lines


@lru_cache(maxsize=256)
def _in_order(names: tuple[str, ...]) -> tuple[Sequence[str], str]:
    """Sorted, and joined by ``;``. Requests of one kind have the same names."""
    ordered = sorted(names)
    return ordered, ";".join(ordered)

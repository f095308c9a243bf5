"""What signatures of version 4 have in common, AWS's and those made after it: a scope, and keys that last a day."""

from __future__ import annotations

import hmac
import time
from functools import lru_cache
from hashlib import sha256

_KEYS_KEPT = 16
_BLOCK = 64
"""Bytes that SHA-256 takes at a time."""


class Version4:
    """Signs texts for one service of one provider; keeps the signing keys.

    ``start`` and ``end`` are the provider's words around what a key is derived from: the secret, then day, region
    and service.
    """

    def __init__(self, algorithm: str, start: str, service: str, end: str) -> None:
        self.algorithm = algorithm
        self._start = start
        self._service = service
        self._end = end
        self._keys: dict[tuple[str, str, str], _Key] = {}

    def scope(self, moment: str, region: str) -> str:
        """Of what the key is good for. ``moment`` is as :func:`spelled` has it."""
        return f"{moment[:8]}/{region}/{self._service}/{self._end}"

    def signature(self, request: str, moment: str, region: str, secret: str) -> str:
        """Of a request in its canonical form."""
        scope = self.scope(moment, region)
        text = f"{self.algorithm}\n{moment}\n{scope}\n{sha256(request.encode()).hexdigest()}"
        return self._key(secret, moment[:8], region).hmac(text.encode()).hex()

    def _key(self, secret: str, day: str, region: str) -> _Key:
        name = (secret, day, region)
        key = self._keys.get(name)
        if key is None:
            derived = f"{self._start}{secret}".encode()
            for step in (day, region, self._service, self._end):
                derived = hmac.digest(derived, step.encode(), "sha256")
            if len(self._keys) >= _KEYS_KEPT:
                self._keys.clear()
            key = self._keys[name] = _Key(derived)
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
def spelled(second: int) -> str:
    """A time since the epoch as these signatures have it; many requests share one."""
    return time.strftime("%Y%m%dT%H%M%SZ", time.gmtime(second))

"""OSS's signature of version 4, in headers or in an address.

Source: "Include V4 signatures in the Authorization header" and "Add signatures to URLs" at help.aliyun.com. It covers
neither the host nor the way the bucket is named in the address, but always bucket and key.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache

from transfer.restxml.signing import Target
from transfer.wire.quoting import quote_path, quote_query
from transfer.wire.sigv4 import UNSIGNED, Credentials
from transfer.wire.version4 import Version4, spelled

_ALGORITHM = "OSS4-HMAC-SHA256"
_ALWAYS_SIGNED = ("content-type", "content-md5")
"""Beside OSS's own headers."""


class V4:
    """Keeps the keys that last a day."""

    def __init__(self) -> None:
        self._version4 = Version4(_ALGORITHM, "aliyun_v4", "oss", "aliyun_v4_request")

    def sign(
        self, target: Target, headers: Mapping[str, str], credentials: Credentials, now: float
    ) -> Mapping[str, str]:
        """``headers`` with those of the signature added. OSS takes no body's hash."""
        moment = spelled(int(now))
        signed = {**headers, "x-oss-date": moment, "x-oss-content-sha256": UNSIGNED}
        if credentials.session_token:
            signed["x-oss-security-token"] = credentials.session_token
        lines = "".join([f"{name}:{signed[name]}\n" for name in _covered(tuple(signed))])
        signature = self._signature(target, target.query, lines, moment, credentials)
        scope = self._version4.scope(moment, target.region)
        credential = f"{credentials.access_key_id}/{scope}"
        signed["authorization"] = f"{_ALGORITHM} Credential={credential}, Signature={signature}"
        return signed

    def presign(self, target: Target, seconds: int, credentials: Credentials, now: float) -> str:
        """The encoded query, which is good for ``seconds``."""
        moment = spelled(int(now))
        asked = {
            **target.parameters,
            "x-oss-credential": f"{credentials.access_key_id}/{self._version4.scope(moment, target.region)}",
            "x-oss-date": moment,
            "x-oss-expires": str(seconds),
            "x-oss-signature-version": _ALGORITHM,
        }
        if credentials.session_token:
            asked["x-oss-security-token"] = credentials.session_token
        query = quote_query(asked)
        return f"{query}&x-oss-signature={self._signature(target, query, '', moment, credentials)}"

    def _signature(self, target: Target, query: str, lines: str, moment: str, credentials: Credentials) -> str:
        path = f"/{target.bucket}/{target.name or ''}" if target.bucket else "/"
        # Of names without a value the "=" is not signed.
        pairs = "&".join([pair.removesuffix("=") for pair in query.split("&")])
        request = f"{target.method}\n{quote_path(path)}\n{pairs}\n{lines}\n\n{UNSIGNED}"
        return self._version4.signature(request, moment, target.region, credentials.secret_access_key)


@lru_cache(maxsize=256)
def _covered(names: tuple[str, ...]) -> Sequence[str]:
    """Those of them that are signed, sorted. Requests of one kind have the same."""
    return sorted(name for name in names if name.startswith("x-oss-") or name in _ALWAYS_SIGNED)

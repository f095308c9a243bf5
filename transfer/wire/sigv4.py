"""AWS Signature Version 4, in headers or in an address, computed directly.

Source of the format: "Create a signed AWS API request" in the AWS IAM user guide. Paths
and queries are signed exactly as they are sent, as S3 wants it: encoded once, nothing normalised.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from hashlib import sha256

from transfer.wire.quoting import quote_query
from transfer.wire.version4 import Version4, spelled

UNSIGNED = "UNSIGNED-PAYLOAD"
"""Instead of a body's hash: the signature covers the headers, whose checksum covers the body."""
EMPTY = sha256(b"").hexdigest()

_ALGORITHM = "AWS4-HMAC-SHA256"


@dataclass(frozen=True, slots=True)
class Credentials:
    """An access key. Only its id may be shown."""

    access_key_id: str
    secret_access_key: str = field(repr=False)
    session_token: str | None = field(default=None, repr=False)


class SigV4:
    """Signs for one service."""

    def __init__(self, service: str) -> None:
        self._version4 = Version4(_ALGORITHM, "AWS4", service, "aws4_request")

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
        moment = spelled(int(now))
        signed = {**headers, "x-amz-date": moment, "x-amz-content-sha256": payload}
        if credentials.session_token:
            signed["x-amz-security-token"] = credentials.session_token
        names, lines = _canonical_headers(host, signed)
        request = f"{method}\n{path}\n{query}\n{lines}\n{names}\n{payload}"
        scope = self._version4.scope(moment, region)
        signature = self._version4.signature(request, moment, region, credentials.secret_access_key)
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
        moment = spelled(int(now))
        scope = self._version4.scope(moment, region)
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
        signature = self._version4.signature(request, moment, region, credentials.secret_access_key)
        return f"{encoded}&X-Amz-Signature={signature}"


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

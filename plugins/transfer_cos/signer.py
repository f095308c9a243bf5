"""Signatures, made by the vendor's SDK."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib import import_module
from typing import Any

from transfer.restxml.signing import Target
from transfer.wire.quoting import quote_query
from transfer.wire.sigv4 import Credentials

_SECONDS = 3600
"""For which a signature is good: long enough for a request, and for a clock that is a little wrong."""
_AUTHORIZATION = "Authorization"


@dataclass(frozen=True, slots=True)
class _Request:
    """What the SDK's signer looks at, and the headers that it adds to."""

    method: str
    url: str
    headers: dict[str, str]


class CosSigner:
    """Signs as COS wants it. Raises ImportError without the SDK."""

    def __init__(self) -> None:
        sdk = import_module("qcloud_cos")
        # It would print keys and signatures.
        logging.getLogger("qcloud_cos").disabled = True
        logging.getLogger("qcloud_cos.cos_auth").disabled = True
        self._sign = import_module("qcloud_cos.cos_auth").CosS3Auth

        @lru_cache(maxsize=4)
        def config_of(credentials: Credentials) -> Any:
            return sdk.CosConfig(
                Region="unused", SecretId=credentials.access_key_id, SecretKey=credentials.secret_access_key
            )

        self._config_of = config_of

    def sign(
        self, target: Target, headers: Mapping[str, str], payload: str, credentials: Credentials
    ) -> Mapping[str, str]:
        """The signature covers no body, whatever ``payload`` is."""
        signed = {**headers, "host": target.host}
        if credentials.session_token:
            signed["x-cos-security-token"] = credentials.session_token
        self._authorize(target, target.parameters, signed, _SECONDS, credentials)
        del signed["host"]  # of the request itself
        signed[_AUTHORIZATION.lower()] = signed.pop(_AUTHORIZATION)
        return signed

    def presign(self, target: Target, seconds: int, credentials: Credentials) -> str:
        """As the SDK does it: what would be the header are parameters."""
        asked = dict(target.parameters)
        if credentials.session_token:
            asked["x-cos-security-token"] = credentials.session_token
        headers = {"host": target.host}
        self._authorize(target, asked, headers, seconds, credentials)
        fields = dict(field.split("=", 1) for field in headers[_AUTHORIZATION].split("&"))
        return quote_query({**asked, **fields})

    def _authorize(
        self,
        target: Target,
        parameters: Mapping[str, str],
        headers: dict[str, str],
        seconds: int,
        credentials: Credentials,
    ) -> None:
        """Add the authorization to ``headers``."""
        request = _Request(target.method, "", headers)
        # A key's own leading slash is one more than the path's.
        path = f"/{target.name}" if target.name else ""
        self._sign(self._config_of(credentials), path, dict(parameters), seconds, True)(request)

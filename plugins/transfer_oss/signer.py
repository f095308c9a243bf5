"""Signatures, made by the vendor's SDK."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib import import_module
from typing import Any

from transfer.restxml.signing import Target
from transfer.wire.sigv4 import Credentials


@dataclass(frozen=True, slots=True)
class _Request:
    """What the SDK's signers look at, and the headers that they add to."""

    method: str
    params: Mapping[str, str]
    headers: dict[str, str]
    region: str
    url: str = ""
    product: str = "oss"
    cloudbox_id: None = None


class OssSigner:
    """Signs by version 4, or 1. Raises ImportError without the SDK."""

    def __init__(self, version: str) -> None:
        sdk = import_module("oss2")
        # It would print what it signs.
        logging.getLogger("oss2").disabled = True
        logging.getLogger("oss2.auth").disabled = True
        made = sdk.ProviderAuthV4 if version == "v4" else sdk.ProviderAuth
        keys = import_module("oss2.credentials").StaticCredentialsProvider

        @lru_cache(maxsize=4)
        def auth_of(credentials: Credentials) -> Any:
            return made(keys(credentials.access_key_id, credentials.secret_access_key, credentials.session_token or ""))

        self._auth_of = auth_of

    def sign(
        self, target: Target, headers: Mapping[str, str], payload: str, credentials: Credentials
    ) -> Mapping[str, str]:
        """The signature covers no body: ``payload`` is what the provider takes always, UNSIGNED-PAYLOAD."""
        request = _Request(target.method, target.parameters, dict(headers), target.region)
        self._auth_of(credentials)._sign_request(request, target.bucket, target.name or "")  # noqa: SLF001
        return request.headers

    def presign(self, target: Target, seconds: int, credentials: Credentials) -> str:
        """The SDK writes the parameters of the signature behind the request's own."""
        request = _Request(target.method, dict(target.parameters), {}, target.region)
        signed = self._auth_of(credentials)._sign_url(request, target.bucket, target.name or "", seconds)  # noqa: SLF001
        return str(signed).removeprefix("?")

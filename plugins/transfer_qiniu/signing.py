"""Kodo's three kinds of credentials, made by the vendor's own signer; and its S3 endpoint's, by ours."""

from __future__ import annotations

import hashlib
import re
import time
from collections.abc import Mapping
from importlib import import_module
from typing import Any
from urllib.parse import urlsplit

from transfer.wire.sigv4 import EMPTY, Credentials, SigV4

MASK = "***"
FORM = "application/x-www-form-urlencoded"
_QUERY = re.compile(r"(://[^\s?\"']*\?)[^\s\"']+")
"""Of an address from which Kodo was to fetch, which is signed by another provider's keys."""
_S3 = SigV4("s3")
_TOKEN_SECONDS = 3600
"""How long a token is good for. Each request has a new one."""


class Signer:
    """Signs with one pair of keys. Make it off the loop: it imports the SDK, and raises ImportError without it."""

    def __init__(self, access_key: str, secret_key: str) -> None:
        sdk: Any = import_module("qiniu.auth")
        self.access_key = access_key
        self.account = f"key-{hashlib.sha256(access_key.encode()).hexdigest()[:12]}"
        """Tells credentials apart without revealing them."""
        self._secret_key = secret_key
        self._for_s3 = Credentials(access_key, secret_key)
        self._token = re.compile(rf"{re.escape(access_key)}:[\w=-]+(:[\w=-]+)?", re.ASCII)
        self._auth = sdk.Auth(access_key, secret_key)
        self._mac = sdk.QiniuMacAuth(access_key, secret_key)

    def managing(self, method: str, url: str, body: bytes, kind: str = FORM) -> dict[str, str]:
        """The headers of a request to any service but that for uploads. ``kind`` is the body's type."""
        dated = {"X-Qiniu-Date": time.strftime("%Y%m%dT%H%M%SZ", time.gmtime())}
        token = self._mac.token_of_request(method, None, url, self._mac.qiniu_headers(dated), kind, body)
        return {"Content-Type": kind, **dated, "Authorization": f"Qiniu {token}"}

    def upload_token(self, bucket: str, name: str, policy: Mapping[str, object]) -> str:
        """The leave to write just this object, by the rules of ``policy``."""
        return str(self._auth.upload_token(bucket, name, _TOKEN_SECONDS, policy))

    def downloading(self, url: str, seconds: int = _TOKEN_SECONDS) -> str:
        """``url`` with the leave to read it, which public domains ignore."""
        return str(self._auth.private_download_url(url, seconds))

    def by_s3(self, method: str, url: str, headers: Mapping[str, str], region: str) -> Mapping[str, str]:
        """The headers of a request without a body to Kodo's S3 endpoint, with those given."""
        parts, lower = urlsplit(url), {name.lower(): value for name, value in headers.items()}
        moment = time.time()
        return _S3.sign(method, parts.netloc, parts.path, parts.query, lower, EMPTY, self._for_s3, region, moment)

    def s3_url(self, url: str, seconds: int, region: str) -> str:
        """``url`` at Kodo's S3 endpoint, with the leave to GET it."""
        parts = urlsplit(url)
        query = _S3.presign("GET", parts.netloc, parts.path, {}, seconds, self._for_s3, region, time.time())
        return f"{url}?{query}"

    def discreet(self, text: str) -> str:
        """``text``, which a server said about a request, without a secret or a token in it, be it ours or another's."""
        return _QUERY.sub(rf"\1{MASK}", self._token.sub(MASK, text.replace(self._secret_key, MASK)))

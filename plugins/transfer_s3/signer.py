"""S3's signature, as :mod:`transfer.wire.sigv4` makes it."""

from __future__ import annotations

import time
from collections.abc import Mapping

from transfer.restxml.signing import Target
from transfer.wire.sigv4 import Credentials, SigV4


class S3Signer:
    """Signs by version 4."""

    def __init__(self) -> None:
        self._sigv4 = SigV4("s3")

    def sign(
        self, target: Target, headers: Mapping[str, str], payload: str, credentials: Credentials
    ) -> Mapping[str, str]:
        return self._sigv4.sign(
            target.method,
            target.host,
            target.path,
            target.query,
            headers,
            payload,
            credentials,
            target.region,
            time.time(),
        )

    def presign(self, target: Target, seconds: int, credentials: Credentials) -> str:
        return self._sigv4.presign(
            target.method,
            target.host,
            target.path,
            target.parameters,
            seconds,
            credentials,
            target.region,
            time.time(),
        )

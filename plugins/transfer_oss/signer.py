"""Signs requests to OSS, by the version that the settings name."""

from __future__ import annotations

import time
from collections.abc import Mapping

from transfer.restxml.signing import Target
from transfer.wire.sigv4 import Credentials
from transfer_oss.v1 import V1
from transfer_oss.v4 import V4


class OssSigner:
    """Signs by version 4, or 1."""

    def __init__(self, version: str) -> None:
        self._version = V4() if version == "v4" else V1()

    def sign(
        self, target: Target, headers: Mapping[str, str], payload: str, credentials: Credentials
    ) -> Mapping[str, str]:
        """The signature covers no body, whatever ``payload`` is."""
        return self._version.sign(target, headers, credentials, time.time())

    def presign(self, target: Target, seconds: int, credentials: Credentials) -> str:
        return self._version.presign(target, seconds, credentials, time.time())

"""Signs requests to COS."""

from __future__ import annotations

import time
from collections.abc import Mapping

from transfer.restxml.signing import Target
from transfer.wire.quoting import quote_query
from transfer.wire.sigv4 import Credentials
from transfer_cos.signature import authorization

_SECONDS = 3600
"""For which a signature is good: long enough for a request, and for a clock that is a little wrong."""
_BEFORE = 60
"""Seconds for which it was good already, for a clock that is a little ahead."""


class CosSigner:
    def sign(
        self, target: Target, headers: Mapping[str, str], payload: str, credentials: Credentials
    ) -> Mapping[str, str]:
        """The signature covers no body, whatever ``payload`` is."""
        signed = dict(headers)
        if credentials.session_token:
            signed["x-cos-security-token"] = credentials.session_token
        covered = {**signed, "host": target.host}
        fields = authorization(target, target.parameters, covered, _times(_SECONDS), credentials)
        signed["authorization"] = "&".join([f"{name}={value}" for name, value in fields.items()])
        return signed

    def presign(self, target: Target, seconds: int, credentials: Credentials) -> str:
        """What would be the header are parameters."""
        asked = dict(target.parameters)
        if credentials.session_token:
            asked["x-cos-security-token"] = credentials.session_token
        fields = authorization(target, asked, {"host": target.host}, _times(seconds), credentials)
        return quote_query({**asked, **fields})


def _times(seconds: int) -> str:
    now = int(time.time())
    return f"{now - _BEFORE};{now + seconds}"

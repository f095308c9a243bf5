"""Where access keys come from: what a client asks before each request."""

from __future__ import annotations

import hashlib
from typing import Protocol

from transfer.wire.sigv4 import Credentials


class CredentialSource(Protocol):
    """Gives the credentials of the moment."""

    account: str
    """Tells credentials apart without revealing them."""

    async def get(self) -> Credentials | None:
        """The credentials of the moment; None to send unsigned. Raises Misconfigured."""

    async def renew(self, old: Credentials | None) -> bool:
        """``old`` was refused as expired: whether there are others now."""


class Fixed:
    """The same credentials always, or none."""

    def __init__(self, credentials: Credentials | None) -> None:
        self._credentials = credentials
        key = credentials.access_key_id if credentials else None
        self.account = f"key-{hashlib.sha256(key.encode()).hexdigest()[:12]}" if key else "anonymous"

    async def get(self) -> Credentials | None:
        return self._credentials

    async def renew(self, old: Credentials | None) -> bool:
        return False

"""Where access keys come from: what a client asks before each request."""

from __future__ import annotations

import asyncio
import hashlib
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Protocol

from transfer.wire.sigv4 import Credentials

_AHEAD = 300.0
"""Seconds before their end in which credentials are looked up again."""
_LOOK_EVERY = 5.0
"""Seconds between two looks, when all that is found is about to end."""


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
        self.account = account_of(credentials)

    async def get(self) -> Credentials | None:
        return self._credentials

    async def renew(self, old: Credentials | None) -> bool:
        return False


@dataclass(frozen=True, slots=True)
class Lease:
    """Credentials, and when they end (seconds since the epoch), where that is known."""

    credentials: Credentials
    ends_at: float | None = None


class Leased:
    """Credentials that end: looked up again ahead of it, and when the server says that they have."""

    def __init__(self, look: Callable[[], Awaitable[Lease]], account: str) -> None:
        self.account = account
        self._look = look
        self._lock = asyncio.Lock()
        self._lease: Lease | None = None
        self._next_look = 0.0

    async def get(self) -> Credentials | None:
        lease = self._lease
        if lease is None or self._is_due(lease):
            async with self._lock:
                if self._lease is None or self._is_due(self._lease):
                    await self._renew()
                lease = self._lease
        return lease.credentials if lease else None

    async def renew(self, old: Credentials | None) -> bool:
        async with self._lock:
            if self._lease is not None and self._lease.credentials is old:
                await self._renew()
        return self._lease is not None and self._lease.credentials != old

    def _is_due(self, lease: Lease) -> bool:
        return lease.ends_at is not None and time.time() > lease.ends_at - _AHEAD and time.monotonic() > self._next_look

    async def _renew(self) -> None:
        self._lease = await self._look()
        self._next_look = time.monotonic() + _LOOK_EVERY


def account_of(credentials: Credentials | None) -> str:
    """Tells an access key from others, and does not reveal it."""
    if credentials is None:
        return "anonymous"
    return told_apart("key", credentials.access_key_id)


def told_apart(kind: str, name: str) -> str:
    """A name for credentials of this ``kind`` that tells them from others, and does not reveal ``name``."""
    return f"{kind}-{hashlib.sha256(name.encode()).hexdigest()[:12]}"

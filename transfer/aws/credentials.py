"""AWS's credentials, and how they stay fresh during a long job."""

from __future__ import annotations

import asyncio

from transfer.aws import environment
from transfer.aws.chain import Chain
from transfer.errors import Misconfigured
from transfer.wire.sigv4 import Credentials

_LOOK_EVERY = 5.0
"""Seconds between two looks at whether the credentials are about to expire."""


class Searched:
    """What AWS's own chain finds: environment, profiles, SSO, web identity, container and instance roles."""

    def __init__(self, chain: Chain, profile: str | None, *, signed_only: bool) -> None:
        self._chain = chain
        self._profile = profile
        self._signed_only = signed_only
        self._lock = asyncio.Lock()
        self._found: Credentials | None = None
        self._look_at = 0.0
        self.account = f"profile-{profile or 'default'}"

    async def get(self) -> Credentials | None:
        now = asyncio.get_running_loop().time()
        if self._found is not None and now < self._look_at:
            return self._found
        async with self._lock:
            if self._found is None or self._chain.stale():
                self._found = await self._fetch()
            self._look_at = now + _LOOK_EVERY
        return self._found

    async def renew(self, old: Credentials | None) -> bool:
        async with self._lock:
            if self._found is old:
                self._chain.forget()
                self._found = await self._fetch()
        return self._found != old

    async def _fetch(self) -> Credentials:
        found = await asyncio.to_thread(self._chain.fetch)
        if found is None:
            raise Misconfigured(self._nothing())
        return found

    def _nothing(self) -> str:
        """Why there are no credentials, with the remedy: of half a key, that it is one."""
        if self._profile is None and environment.secret_alone():
            return "The credentials of AWS lack AWS_ACCESS_KEY_ID; set it beside AWS_SECRET_ACCESS_KEY"
        if self._chain.secret_alone:
            return f"The credentials of {self._chain.name} lack aws_access_key_id; set it beside aws_secret_access_key"
        remedy = "or name a profile" if self._signed_only else "name a profile, or set anonymous = true"
        return f"No AWS credentials were found: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, {remedy}"

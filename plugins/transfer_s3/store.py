"""A bucket of AWS, or of whoever imitates it: what the server does about checksums and order is found out."""

from __future__ import annotations

import asyncio

from transfer.errors import Transient
from transfer.restxml import probe
from transfer.restxml.bucket import FOLDING, Bucket
from transfer.restxml.store import RestXmlStore
from transfer.restxml.verifier import Verifier
from transfer_s3.config import Settings
from transfer_s3.remembered import recall, remember, state_dir

_AWS = "https://s3.amazonaws.com"


class S3Store(RestXmlStore):
    """Asks a server that is not AWS what it does about checksums. ``remedy`` is what to do where none answers."""

    def __init__(self, bucket: Bucket, settings: Settings, address: str | None, remedy: str) -> None:
        self._settings = settings
        self._remedy = remedy
        super().__init__(bucket, _home(bucket, address))

    async def check(self, *, write: bool) -> None:
        try:
            await super().check(write=write)
        except Transient as error:
            if error.code is None:  # no answer, and perhaps not the server that was meant
                raise Transient(f"{error.message}; {self._remedy}") from None
            raise

    async def _find_verifier(self, *, ask: bool) -> Verifier:
        """It is asked only if we may write and nobody remembers."""
        bucket, client = self._bucket, self._bucket.client
        if self._settings.verify or client.endpoint.genuine:
            return bucket.verifier
        folder, server = state_dir(self._settings.state_dir), client.server
        known = await asyncio.to_thread(recall, folder, self.origin.endpoint, server)
        if known is None and ask:
            known = await probe.find_verifier(bucket)
            await asyncio.to_thread(remember, folder, self.origin.endpoint, server, known)
        return known or bucket.verifier

    def _is_ordered(self) -> bool:
        if self._settings.ordered is not None:
            return self._settings.ordered
        return not self._bucket.client.server.startswith(FOLDING)

    def _class_names(self) -> tuple[str, ...]:
        """Those of AWS, and no others; whoever imitates it may have its own."""
        return super()._class_names() if self._bucket.client.endpoint.genuine else ()


def _home(bucket: Bucket, address: str | None) -> str:
    """AWS's partition, or the server's own address: what is behind one home may be copied there."""
    endpoint = bucket.client.endpoint
    if address and not endpoint.genuine:
        return address.rstrip("/")
    return _AWS + ".cn" * endpoint.host.endswith(".cn")

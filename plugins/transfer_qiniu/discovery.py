"""Asks Qiniu where buckets are, and from where their objects can be downloaded; remembers the answers."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from urllib.parse import quote

from transfer.errors import Corrupt, Misconfigured
from transfer_qiniu.config import Settings
from transfer_qiniu.hosts import NEEDED, Hosts, chosen, of_region, of_reply, uc_address
from transfer_qiniu.remembered import forget, recall, remember
from transfer_qiniu.transport import Transport
from transfer_qiniu.ways import Domain, S3Endpoint, Way

_TRIAL = ".clouddn.com"
"""Ends the names of domains that Qiniu lends for 30 days, without TLS."""
_PAUSE = 1.0
"""Seconds in which a bucket is not looked for twice: each copy to another region is refused by the same words."""


class Discovery:
    """One account's answers. The settings go before them."""

    def __init__(self, transport: Transport, settings: Settings) -> None:
        self._transport = transport
        self._settings = settings
        self._lock = asyncio.Lock()
        self._known: dict[str, tuple[Hosts, float]] = {}
        self._ways: dict[str, Way] = {}
        self._looked: dict[str, float] = {}

    @property
    def asked(self) -> str:
        """Where questions about buckets go."""
        return uc_address(self._settings)

    async def hosts(self, bucket: str) -> Hosts:
        """The servers of a bucket. Raises Misconfigured where there is no such bucket."""
        own = chosen(self._settings)
        if own.keys() >= NEEDED:
            return Hosts(self._settings.region or "", own)
        if self._settings.region is not None:
            found = of_region(self._settings.region, self._settings.scheme)
        else:
            found = await self._asked(bucket)
        return Hosts(found.region, {**found.addresses, **own}, found.sources, found.s3) if own else found

    async def way(self, bucket: str) -> Way:
        """From where a bucket's objects are downloaded. Raises Misconfigured where that is not known."""
        if self._settings.domain is not None:
            return self._at(self._settings.domain)
        async with self._lock:
            if bucket not in self._ways:
                self._ways[bucket] = await self._found(bucket)
        return self._ways[bucket]

    async def look_again(self, bucket: str) -> None:
        """Forget where a bucket is that servers say is not with them: it may have been made anew in another region."""
        now = asyncio.get_running_loop().time()
        async with self._lock:
            if now < self._looked.get(bucket, 0.0):
                return
            self._looked[bucket] = now + _PAUSE
            self._known.pop(bucket, None)
            self._ways.pop(bucket, None)
            await asyncio.to_thread(forget, self._question(bucket))

    async def _asked(self, bucket: str) -> Hosts:
        now = asyncio.get_running_loop().time()
        async with self._lock:
            hosts, until = self._known.get(bucket, (None, 0.0))
            if hosts is None or now >= until:
                hosts = await self._query(bucket)
                self._known[bucket] = hosts, now + hosts.seconds
        return hosts

    async def _query(self, bucket: str) -> Hosts:
        """What Qiniu says, or has said to another run. An answer that makes no sense is not kept, nor heeded."""
        url = self._question(bucket)
        known = await asyncio.to_thread(recall, url)
        if known is not None:
            with suppress(Corrupt):
                return of_reply({"hosts": [known]}, self._settings.scheme)
        told = await self._transport.ask(url, _subject(bucket))
        hosts = of_reply(told, self._settings.scheme)
        await asyncio.to_thread(remember, url, told["hosts"][0])  # type: ignore[index]
        return hosts

    def _question(self, bucket: str) -> str:
        query = f"ak={quote(self._transport.signer.access_key, safe='')}&bucket={quote(bucket, safe='')}"
        return f"{self.asked}/v4/query?{query}"

    async def _found(self, bucket: str) -> Way:
        """A domain of the bucket's own, before its source domain, before the S3 endpoint, which may be asked for.

        The source domain is what Qiniu's own clients take. It has no other name for the bucket, and no other ETags.
        """
        if self._settings.s3_bucket is None and (bound := await self._bound(bucket)) is not None:
            return bound
        hosts = await self._query(bucket)
        if self._settings.s3_bucket is None and hosts.sources:
            return self._at(f"{self._settings.scheme}://{hosts.sources[0]}")
        if hosts.s3 is None:
            raise Misconfigured(
                f"{_subject(bucket)} has no domain to download from: bind one to it, or name one by 'domain'"
            )
        return S3Endpoint(*hosts.s3, self._settings.s3_bucket or bucket, self._transport.signer)

    async def _bound(self, bucket: str) -> Way | None:
        """A domain of the bucket's own, one that is there to stay before one on trial."""
        url = f"{self.asked}/v2/domains?tbl={quote(bucket, safe='')}"
        told = await self._transport.manage("GET", url, _subject(bucket))
        if not isinstance(told, list | None):
            raise Corrupt(f"Qiniu told of the domains of {_subject(bucket)} in a form that is not known")
        domains = sorted(map(str, told or ()), key=lambda name: name.endswith(_TRIAL))
        if not domains:
            return None
        scheme = "http" if domains[0].endswith(_TRIAL) else self._settings.scheme
        return self._at(f"{scheme}://{domains[0]}")

    def _at(self, address: str) -> Way:
        return Domain(address, self._transport.signer, self._settings.private)


def _subject(bucket: str) -> str:
    return f"'kodo://{bucket}'"

"""Requests about one bucket. Everything else is built from these."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

from transfer.errors import Misconfigured, Unsupported
from transfer.plugin import Traffic
from transfer.wire.connection import Pace
from transfer.wire.http import Request
from transfer.wire.stream import Stream
from transfer_qiniu.discovery import Discovery
from transfer_qiniu.entries import Found, found_of
from transfer_qiniu.errors import clock_sentence, is_elsewhere
from transfer_qiniu.hosts import Service
from transfer_qiniu.place import Place
from transfer_qiniu.signing import FORM
from transfer_qiniu.transport import Transport
from transfer_qiniu.ways import Way

_NO_POLICY: Mapping[str, object] = {}


@dataclass(frozen=True, slots=True)
class Client:
    place: Place
    transport: Transport
    discovery: Discovery

    @property
    def traffic(self) -> Traffic:
        return self.transport.http.traffic

    async def manage(
        self,
        service: Service,
        path: str,
        *,
        key: str | None = None,
        method: str = "POST",
        body: bytes = b"",
        kind: str = FORM,
        patient: bool = False,
    ) -> object:
        """The document that a request about an object, or about the bucket, is answered with."""
        subject = self.place.subject(key)

        async def send(address: str) -> object:
            url = address + path
            return await self.transport.manage(method, url, subject, key=key, body=body, kind=kind, patient=patient)

        return await self._where_it_is(service, send)

    async def buckets(self) -> object:
        """What Qiniu tells of all buckets."""
        return await self.transport.manage("GET", f"{self.discovery.asked}/buckets", "The account's buckets")

    async def upload(
        self,
        method: str,
        path: str,
        key: str,
        headers: Mapping[str, str],
        body: bytes | bytearray | memoryview = b"",
        *,
        policy: Mapping[str, object] = _NO_POLICY,
        pace: Pace | None = None,
        patient: bool = False,
    ) -> object:
        """The document that a request to the upload service is answered with, which may concern just this object."""
        sent = {**headers, "Authorization": f"UpToken {self.token(key, policy)}"}

        async def send(address: str) -> object:
            request = Request(method, address + path, sent, body, patient=patient, pace=pace)
            return await self.transport.send(request, self.place.subject(key), key=key)

        return await self._where_it_is(Service.UP, send)

    async def post_form(self, key: str, kind: str, form: bytes, pace: Pace | None) -> object:
        """The document that a form is answered with, which has the leave to write the object among its fields."""

        async def send(address: str) -> object:
            request = Request("POST", f"{address}/", {"Content-Type": kind}, form, pace=pace)
            return await self.transport.send(request, self.place.subject(key), key=key)

        return await self._where_it_is(Service.UP, send)

    def token(self, key: str, policy: Mapping[str, object]) -> str:
        """The leave to write the object."""
        return self.transport.signer.upload_token(self.place.bucket, self.place.name(key), policy)

    async def download(self, key: str, headers: Mapping[str, str]) -> Stream:
        """The object's bytes, not yet read; to be closed."""
        way = await self._way()
        return await self.transport.open(way.get(self.place.name(key), headers), self.place.subject(key), key=key)

    async def greet(self) -> None:
        """See that downloads are answered. Raises Misconfigured, Transient."""
        way = await self._way()
        try:
            reply = await self.transport.http.call(way.greeting())
        except Misconfigured as error:
            message = f"'{self.place.url}' can't be read from its domain: {way.remedy}. {error.message}"
            raise Misconfigured(message) from None
        if reply.status in way.refusals and (skewed := clock_sentence(reply.headers)):
            raise Misconfigured(f"'{self.place.url}' {skewed}")
        if reply.status in way.refusals:
            message = f"'{self.place.url}' can't be read at Kodo's S3 endpoint (status {reply.status}): {way.remedy}"
            raise Misconfigured(message)

    async def signed_url(self, key: str, seconds: int) -> str:
        """An address from which anybody can GET the object for ``seconds``."""
        return (await self._way()).signed_url(self.place.name(key), seconds)

    async def _way(self) -> Way:
        return await self.discovery.way(self.place.bucket)

    async def look(self, key: str) -> Found:
        """The object as it is now. Raises NotFound."""
        return found_of(key, await self.manage(Service.RS, f"/stat/{self.place.entry(key)}", key=key))

    async def _where_it_is(self, service: Service, send: Callable[[str], Awaitable[object]]) -> object:
        """What the service answers, if need be where the bucket has moved: made anew, it may be in another region."""
        address = await self._at(service)
        try:
            return await send(address)
        except Misconfigured as error:
            if not is_elsewhere(error):
                raise
            await self.discovery.look_again(self.place.bucket)
            now = await self._at(service)
            if now == address:
                raise
        return await send(now)

    async def _at(self, service: Service) -> str:
        address = (await self.discovery.hosts(self.place.bucket)).addresses.get(service)
        if address is None:
            raise Unsupported(f"'{self.place.url}' has no service '{service}': name its address by '{service}'")
        return address

    async def aclose(self) -> None:
        await self.transport.http.aclose()

"""Signed requests to one bucket. Everything else is built from :meth:`Client.call` and :meth:`Client.open`."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import dataclass

from transfer.errors import Denied, TransferError, Transient, Unsupported
from transfer.plugin import Traffic
from transfer.restxml.credentials import CredentialSource
from transfer.restxml.dialect import Dialect
from transfer.restxml.discretion import discreet
from transfer.restxml.endpoint import Endpoint
from transfer.restxml.errors import Failure, WrongRegion, is_expired, translate, would_meet_all
from transfer.restxml.signing import Signer, Target
from transfer.wire.connection import Pace
from transfer.wire.errordoc import ErrorDocument, is_error, read_error
from transfer.wire.http import Http, Reply, Request
from transfer.wire.quoting import quote_query
from transfer.wire.sigv4 import EMPTY, UNSIGNED, Credentials
from transfer.wire.stream import Stream

_ERROR_LIMIT = 64 * 1024
_NOTHING: Mapping[str, str] = {}


@dataclass(frozen=True, slots=True)
class Place:
    """A bucket and the folder in it that keys are relative to (``prefix``: empty, or ending in ``/``).

    ``scheme`` is what people write before it: that of a remote is the remote's name.
    """

    dialect: Dialect
    bucket: str
    prefix: str
    scheme: str

    @property
    def url(self) -> str:
        return f"{self.scheme}://{self.bucket}/{self.prefix}"

    def name(self, key: str) -> str:
        """The object's full name. Raises Unsupported for a key that can't be one."""
        name, dialect = self.prefix + key, self.dialect
        if not key or len(name) > dialect.max_key or not name.isascii() or dialect.refuses(name):
            _check_name(key, name, dialect)
        return name


class Client:
    """Sends requests for objects (by key) or for the bucket itself, and raises what goes wrong.

    ``locator`` makes an address of a bucket and a region; ``pinned`` says that the region was
    asked for, so another one is an error instead of a discovery.

    The signature does not cover objects' bytes, neither over https nor over http: hashing them
    would cost more than all the rest, and the checksum among the signed headers covers them
    where the server verifies it. Documents (deletes, lists of parts) are signed as a whole.
    """

    def __init__(
        self,
        http: Http,
        place: Place,
        credentials: CredentialSource,
        locator: Callable[[str, str], Endpoint],
        signer: Signer,
        region: str,
        *,
        pinned: bool,
        request_payer: bool,
    ) -> None:
        self.place = place
        self.dialect = place.dialect
        self.server = ""
        """What the server calls itself."""
        self.listing_headers = self.dialect.listing_headers
        """Headers of each listing, as far as the server takes them."""
        self._http = http
        self._credentials = credentials
        self._locator = locator
        self._pinned = pinned
        self._request_payer = request_payer
        self._always = {self.dialect.names.request_payer: "requester"} if request_payer else {}
        self._signer = signer
        self._settle(region)
        self.lists_thaws = self.dialect.lists_thaws and self.endpoint.genuine
        """Whether listings tell of all objects that were asked for in cold storage."""

    async def call(
        self,
        method: str,
        key: str | None = None,
        query: Mapping[str, str] = _NOTHING,
        headers: Mapping[str, str] = _NOTHING,
        body: bytes | bytearray | memoryview = b"",
        *,
        sealed: bool = False,
        patient: bool = False,
        pace: Pace | None = None,
    ) -> Reply:
        """The reply, a success. ``sealed`` signs the body too: for documents, which no checksum covers."""
        try:
            return await self._call(method, key, query, headers, body, sealed=sealed, patient=patient, pace=pace)
        except WrongRegion as wrong:
            if self._pinned:
                raise
            self._settle(wrong.region)
            return await self._call(method, key, query, headers, body, sealed=sealed, patient=patient, pace=pace)

    async def _call(
        self,
        method: str,
        key: str | None,
        query: Mapping[str, str],
        headers: Mapping[str, str],
        body: bytes | bytearray | memoryview,
        *,
        sealed: bool,
        patient: bool,
        pace: Pace | None,
    ) -> Reply:
        credentials = await self._credentials.get()
        payload = EMPTY if not body else hashlib.sha256(body).hexdigest() if sealed else UNSIGNED
        request = self._request(method, key, query, headers, payload, credentials)
        request.body, request.patient, request.pace = body, patient, pace
        reply = await self._http.call(request)
        self.server = reply.headers.get("server", "")
        if reply.status >= 300:
            raise await self._failure(reply, request, key, credentials)
        # Long operations send their 200 early and may fail in the body.
        if patient and is_error(reply.body):
            raise await self._failure(Reply(500, reply.headers, reply.body), request, key, credentials)
        return reply

    async def open(self, key: str, query: Mapping[str, str], headers: Mapping[str, str]) -> Stream:
        """The reply to a GET, a success, its body not yet read; to be closed."""
        credentials = await self._credentials.get()
        request = self._request("GET", key, query, headers, EMPTY, credentials)
        stream = await self._http.open(request)
        if stream.status < 300:
            return stream
        with closing(stream):
            reply = Reply(stream.status, stream.headers, await stream.read_all(_ERROR_LIMIT))
        raise await self._failure(reply, request, key, credentials)

    async def signed_url(self, key: str, query: Mapping[str, str], seconds: int) -> str:
        """An address from which anybody can GET the object for ``seconds``."""
        asked = {**query, **self._always}
        target = self._target("GET", key, asked)
        credentials = await self._credentials.get()
        signed = target.query if credentials is None else self._signer.presign(target, seconds, credentials)
        return self.endpoint.url(target.path, signed)

    def sibling(self, place: Place) -> Client:
        """A client for another bucket of the same account, over the same connections."""
        return Client(
            self._http,
            place,
            self._credentials,
            self._locator,
            self._signer,
            self.region,
            pinned=False,
            request_payer=self._request_payer,
        )

    def address_of(self, bucket: str) -> Endpoint:
        """Where another bucket of the same account and region is."""
        return self._locator(bucket, self.region)

    def subject(self, key: str | None) -> str:
        """What a sentence is about: the object, or the bucket, in quotes."""
        return f"'{_printable(self.place.url + (key or ''))}'"

    def meaning(
        self, status: int, headers: Mapping[str, str], document: ErrorDocument, key: str | None
    ) -> TransferError:
        """What a failure that the server tells of means."""
        return translate(Failure(status, headers, document, self.subject(key), key, self.region, self.dialect))

    async def aclose(self) -> None:
        await self._http.aclose()

    @property
    def traffic(self) -> Traffic:
        return self._http.traffic

    @property
    def account(self) -> str:
        return self._credentials.account

    @property
    def anonymous(self) -> bool:
        return self.account == "anonymous"

    def _request(
        self,
        method: str,
        key: str | None,
        query: Mapping[str, str],
        headers: Mapping[str, str],
        payload: str,
        credentials: Credentials | None,
    ) -> Request:
        target = self._target(method, key, query)
        sent: Mapping[str, str] = {**headers, **self._always} if self._always else headers
        if credentials is not None:
            sent = self._signer.sign(target, sent, payload, credentials)
        return Request(method, self.endpoint.url(target.path, target.query), sent)

    def _target(self, method: str, key: str | None, query: Mapping[str, str]) -> Target:
        endpoint, place = self.endpoint, self.place
        name = None if key is None else place.name(key)
        path = endpoint.bucket_path if name is None else endpoint.object_path(name)
        return Target(method, endpoint.host, path, quote_query(query), query, place.bucket, name, self.region)

    async def _failure(
        self, reply: Reply, request: Request, key: str | None, credentials: Credentials | None
    ) -> TransferError:
        reply = await self._explained(reply, request, credentials)
        document = discreet(read_error(self._told(reply)), request.headers, credentials)
        error = self.meaning(reply.status, reply.headers, document, key)
        expired = isinstance(error, Denied) and is_expired(error.code, self.dialect)
        if expired and await self._credentials.renew(credentials):
            message = f"{self.subject(key)} must be asked for again, with renewed credentials"
            return Transient(message, key=key, code=error.code)
        return error

    def _told(self, reply: Reply) -> bytes:
        """The error document, which replies to HEAD may have in a header."""
        header = reply.headers.get(self.dialect.error_header)
        if reply.body or not header:
            return reply.body
        try:
            return base64.b64decode(header, validate=True)
        except ValueError:
            return b""

    async def _explained(self, reply: Reply, request: Request, credentials: Credentials | None) -> Reply:
        """``reply``; or, where it has no document, what a GET is told if the token has expired or the clock is wrong.

        AWS refuses a HEAD with an expired token by a mere 400.
        """
        if request.method != "HEAD" or credentials is None:
            return reply
        perhaps_expired = reply.status == 400 and credentials.session_token is not None
        if not perhaps_expired and not (reply.status == 403 and self.dialect.mute_heads):
            return reply
        query = {**self.dialect.listing, "max-keys": "1", "prefix": self.place.prefix}
        try:
            told = await self._http.call(self._request("GET", None, query, {}, EMPTY, credentials))
        except TransferError:
            return reply
        return told if told.status >= 400 and would_meet_all(read_error(told.body), self.dialect) else reply

    def _settle(self, region: str) -> None:
        self.region = region
        self.endpoint = self._locator(self.place.bucket, region)


def _printable(name: str) -> str:
    """``name`` with control characters spelled out: it must not play tricks on a terminal."""
    if name.isprintable():
        return name
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in name)


def _check_name(key: str, name: str, dialect: Dialect) -> None:
    try:
        size = len(name.encode())
    except UnicodeEncodeError:
        raise Unsupported(f"The key {key!a} is not valid Unicode", key=key) from None
    if not key or size > dialect.max_key:
        message = f"The key '{key}' has {size} bytes; {dialect.provider} takes 1 to {dialect.max_key}"
        raise Unsupported(message, key=key)
    if name[0] in dialect.limits.no_start:
        raise Unsupported(f"The key '{key}' starts with '{name[0]}', which {dialect.provider} does not take", key=key)
    if found := dialect.limits.refused.intersection(name):
        raise Unsupported(f"The key {key!a} has {min(found)!a} in it, which {dialect.provider} does not take", key=key)

"""Signed requests to Glacier. Everything else is built from :meth:`Client.call` and :meth:`Client.open`."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass, field

from transfer.errors import TransferError, Transient
from transfer.model import LongBody
from transfer.plugin import Traffic
from transfer.restxml.credentials import CredentialSource
from transfer.restxml.discretion import discreet
from transfer.restxml.endpoint import Endpoint
from transfer.wire.connection import Pace
from transfer.wire.http import Http, Reply, Request
from transfer.wire.quoting import quote_path, quote_query
from transfer.wire.sigv4 import EMPTY, Credentials, SigV4
from transfer.wire.stream import Stream
from transfer_glacier.errors import Failure, is_expired, read_error, translate
from transfer_glacier.place import Place

VERSION = "2012-06-01"
_ERROR_LIMIT = 64 * 1024
_NOTHING: Mapping[str, str] = {}


@dataclass(frozen=True, slots=True)
class Call:
    """One request. ``path`` is encoded; ``sha256`` is the body's in hex, computed where it is left out.

    ``key`` is the name of the archive that it is about; without one it is about the vault.
    """

    method: str
    path: str
    query: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes | bytearray | memoryview = field(default=b"", repr=False)
    sha256: str | None = None
    key: str | None = None
    patient: bool = False
    pace: Pace | None = field(default=None, repr=False)
    long: LongBody | None = field(default=None, repr=False)
    """In place of ``body``; its ``sha256`` must be there."""


class Client:
    """Sends requests, and raises what goes wrong. Bodies are signed with all else: Glacier takes them no other way."""

    def __init__(
        self, http: Http, place: Place, credentials: CredentialSource, endpoint: Endpoint, region: str
    ) -> None:
        self.place = place
        self.region = region
        self.endpoint = endpoint
        self._http = http
        self._credentials = credentials
        self._sigv4 = SigV4("glacier")

    async def call(self, call: Call) -> Reply:
        """The reply, a success."""
        credentials = await self._credentials.get()
        request = self._request(call, credentials)
        reply = await self._http.call(request)
        if reply.status >= 300:
            raise await self._failure(reply, request, call, credentials)
        return reply

    async def open(self, call: Call) -> Stream:
        """The reply, a success, its body not yet read; to be closed."""
        credentials = await self._credentials.get()
        request = self._request(call, credentials)
        stream = await self._http.open(request)
        if stream.status < 300:
            return stream
        with closing(stream):
            reply = Reply(stream.status, stream.headers, await stream.read_all(_ERROR_LIMIT))
        raise await self._failure(reply, request, call, credentials)

    async def aclose(self) -> None:
        await self._http.aclose()

    @property
    def traffic(self) -> Traffic:
        return self._http.traffic

    @property
    def account(self) -> str:
        """Tells credentials, and the account that they are used for, from others."""
        place = self.place
        return self._credentials.account + ("" if place.account == "-" else f"/{place.account}")

    def _request(self, call: Call, credentials: Credentials | None) -> Request:
        path, query = f"{self.endpoint.path}{call.path}", quote_query(call.query)
        sent: Mapping[str, str] = {**call.headers, "x-amz-glacier-version": VERSION}
        if credentials is not None:
            sent = self._sigv4.sign(
                call.method,
                self.endpoint.host,
                quote_path(path),  # signed as it is sent, but for S3 everybody encodes it once more
                query,
                sent,
                call.sha256 or _sha256(call.body),
                credentials,
                self.region,
                time.time(),
            )
        url = self.endpoint.url(path, query)
        return Request(call.method, url, sent, call.body, patient=call.patient, pace=call.pace, long=call.long)

    async def _failure(
        self, reply: Reply, request: Request, call: Call, credentials: Credentials | None
    ) -> TransferError:
        document = discreet(read_error(reply.body), request.headers, credentials)
        subject = self.place.subject(call.key)
        error = translate(Failure(reply.status, reply.headers, document, subject, call.key))
        if is_expired(error) and await self._credentials.renew(credentials):
            message = f"{subject} must be asked for again, with renewed credentials"
            return Transient(message, key=call.key, code=error.code)
        return error


def _sha256(body: bytes | bytearray | memoryview) -> str:
    return hashlib.sha256(body).hexdigest() if body else EMPTY

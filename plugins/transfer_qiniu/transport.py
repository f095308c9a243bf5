"""Requests out, documents in: every failure is translated here, and nothing secret is told with it."""

from __future__ import annotations

import json
from contextlib import closing

from transfer.errors import Corrupt, TransferError
from transfer.wire.errordoc import read_error
from transfer.wire.http import Http, Reply, Request
from transfer.wire.stream import Stream
from transfer_qiniu.errors import Failure, translate
from transfer_qiniu.signing import FORM, Signer

_ERROR_LIMIT = 64 * 1024


class Transport:
    """An HTTP client with one pair of keys. ``subject`` names what a request is about, in quotes."""

    def __init__(self, http: Http, signer: Signer) -> None:
        self.http = http
        self.signer = signer

    async def manage(
        self,
        method: str,
        url: str,
        subject: str,
        *,
        key: str | None = None,
        body: bytes = b"",
        kind: str = FORM,
        patient: bool = False,
    ) -> object:
        """The document that a signed request to a managing service is answered with."""
        headers = self.signer.managing(method, url, body, kind)
        return await self.send(Request(method, url, headers, body, patient=patient), subject, key=key)

    async def ask(self, url: str, subject: str) -> object:
        """The document at an address that everyone may read."""
        return await self.send(Request("GET", url, {}), subject)

    async def send(self, request: Request, subject: str, *, key: str | None = None) -> object:
        """The document that the request is answered with; None for an empty one."""
        reply = await self.http.call(request)
        if reply.status >= 300:
            raise self._failure(reply, subject, key)
        return read_document(reply.body, subject)

    async def open(self, request: Request, subject: str, *, key: str) -> Stream:
        """A success whose body is not yet read; to be closed."""
        stream = await self.http.open(request)
        if stream.status < 300:
            return stream
        with closing(stream):
            reply = Reply(stream.status, stream.headers, await stream.read_all(_ERROR_LIMIT))
        raise self._failure(reply, subject, key)

    def _failure(self, reply: Reply, subject: str, key: str | None) -> TransferError:
        said = read_error(reply.body)
        told = self.signer.discreet(said.message or _told(reply.body))
        return translate(Failure(reply.status, reply.headers, told, subject, key, said.code, said.request_id))


def read_document(body: bytes, subject: str) -> object:
    """What a reply says. Raises Corrupt where it is no JSON."""
    if not body:
        return None
    try:
        document: object = json.loads(body)
    except ValueError:
        raise Corrupt(f"A reply about {subject} is no JSON") from None
    return document


def _told(body: bytes) -> str:
    """The sentence in an error's body; empty where there is none."""
    try:
        document = json.loads(body)
    except ValueError:
        return ""
    return str(document.get("error", "")) if isinstance(document, dict) else ""

"""Signed requests to an SQS queue. Source: "Amazon SQS API Reference", with its AWS JSON protocol."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from transfer.errors import Transient
from transfer.restxml.credentials import CredentialSource
from transfer.restxml.discretion import discreet
from transfer.wire.http import Http, HttpOptions, Request
from transfer.wire.sigv4 import SigV4
from transfer_glacier.documents import Document, parse
from transfer_glacier.errors import read_error
from transfer_glacier.notices.address import Address
from transfer_glacier.notices.errors import is_expired, translate

MOST = 10
"""Messages that one request receives, or deletes."""
LONGEST = 20
"""Seconds for which a request may wait for a message."""
HIDDEN = 30
"""Seconds for which nobody else is given what was received, and after which it is there again unless it is deleted."""


@dataclass(frozen=True, slots=True)
class Message:
    """``handle`` is what it is deleted by."""

    body: str = field(repr=False)
    handle: str = field(repr=False)


def queue_options(options: HttpOptions) -> HttpOptions:
    """``options`` with the patience for a request that waits, however short that of other requests is."""
    silence, longest = max(options.idle_timeout, 2 * LONGEST), max(options.request_timeout, 3 * LONGEST)
    return replace(options, idle_timeout=silence, request_timeout=longest, connections=1)


class Queue:
    """One queue, at connections of its own. Raises only TransferError and its kinds."""

    def __init__(self, http: Http, address: Address, credentials: CredentialSource, region: str) -> None:
        self._http = http
        self._address = address
        self._credentials = credentials
        self._region = region
        self._sigv4 = SigV4("sqs")

    async def receive(self, seconds: int) -> Sequence[Message]:
        """Some messages, as soon as there are any; none where there were none for so long."""
        asked = {"MaxNumberOfMessages": MOST, "WaitTimeSeconds": seconds, "VisibilityTimeout": HIDDEN}
        told = await self._call("ReceiveMessage", asked)
        return [Message(each.text("Body"), each.text("ReceiptHandle")) for each in told.rows("Messages")]

    async def delete(self, messages: Sequence[Message]) -> None:
        """Delete up to :data:`MOST` messages; those that can't be are received again."""
        entries = [{"Id": str(number), "ReceiptHandle": each.handle} for number, each in enumerate(messages)]
        await self._call("DeleteMessageBatch", {"Entries": entries})

    async def aclose(self) -> None:
        await self._http.aclose()

    async def _call(self, action: str, fields: Mapping[str, object]) -> Document:
        credentials = await self._credentials.get()
        endpoint = self._address.endpoint
        body = json.dumps({"QueueUrl": self._address.url, **fields}).encode()
        sent = {"content-type": "application/x-amz-json-1.0", "x-amz-target": f"AmazonSQS.{action}"}
        if credentials is not None:
            payload, now = hashlib.sha256(body).hexdigest(), time.time()
            sent = self._sigv4.sign("POST", endpoint.host, "/", "", sent, payload, credentials, self._region, now)
        reply = await self._http.call(Request("POST", endpoint.url("/", ""), sent, body))
        if reply.status == 200:
            return parse(reply.body, f"{action} of the queue")
        error = translate(reply, discreet(read_error(reply.body), sent, credentials), self._subject)
        if is_expired(error) and await self._credentials.renew(credentials):
            raise Transient(f"{self._subject} must be asked again, with renewed credentials", code=error.code)
        raise error

    @property
    def _subject(self) -> str:
        return f"The queue '{self._address.url}'"

"""Deletes, many in one request where the server can."""

from __future__ import annotations

import asyncio
import base64
import hashlib
from collections.abc import Mapping, Sequence

from transfer.errors import NotFound, TransferError, Unsupported
from transfer.wire import xml
from transfer.wire.errordoc import error_of
from transfer_s3.bucket import Bucket
from transfer_s3.errors import Failure, translate

_AT_ONCE = 8


class Deleting:
    """Deletes of one bucket; remembers whether the server knows batches."""

    def __init__(self, bucket: Bucket) -> None:
        self._bucket = bucket
        self._batches = True

    async def delete(self, keys: Sequence[str]) -> Mapping[str, TransferError]:
        """Delete ``keys``; those that failed, and why. What is not there counts as deleted."""
        place = self._bucket.client.place
        # A document can't spell control characters, an address can.
        single = [key for key in keys if not xml.holds(key)] if self._batches else list(keys)
        batch = [key for key in keys if xml.holds(key)] if self._batches else []
        if len(batch) == 1:
            single, batch = [*single, *batch], []
        failed: dict[str, TransferError] = {}
        if batch:
            try:
                failed.update(await self._batch({place.name(key): key for key in batch}))
            except Unsupported:
                self._batches = False
                single.extend(batch)
        failed.update(await self._singly(single))
        return failed

    async def _batch(self, names: Mapping[str, str]) -> Mapping[str, TransferError]:
        """One request for all names. Raises Unsupported where the server has none such."""
        objects = "".join(f"<Object>{xml.element('Key', name)}</Object>" for name in names)
        document = f"<Delete><Quiet>true</Quiet>{objects}</Delete>".encode()
        digest = base64.b64encode(hashlib.md5(document, usedforsecurity=False).digest()).decode()
        headers = {"content-md5": digest, "content-type": "application/xml"}
        client = self._bucket.client
        reply = await client.call("POST", None, {"delete": ""}, headers, document, sealed=True, patient=True)
        failed = {}
        for node in xml.children(xml.parse(reply.body, "a delete of many"), "Error"):
            key = names.get(xml.text(node, "Key"))
            if key is not None and xml.text(node, "Code") != "NoSuchKey":
                subject = f"'{client.place.url}{key}'"
                status = 403 if xml.text(node, "Code") == "AccessDenied" else 500
                failed[key] = translate(Failure(status, reply.headers, error_of(node), subject, key, client.region))
        return failed

    async def _singly(self, keys: Sequence[str]) -> Mapping[str, TransferError]:
        failed: dict[str, TransferError] = {}
        waiting = iter(keys)

        async def work() -> None:
            for key in waiting:
                try:
                    await self._bucket.client.call("DELETE", key)
                except NotFound:
                    continue
                except TransferError as error:
                    failed[key] = error

        async with asyncio.TaskGroup() as group:
            for _ in range(min(_AT_ONCE, len(keys))):
                group.create_task(work())
        return failed

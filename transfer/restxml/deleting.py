"""Deletes, many in one request where the server can."""

from __future__ import annotations

import asyncio
import base64
import hashlib
from collections.abc import Mapping, Sequence

from transfer.errors import NotFound, TransferError, Unsupported
from transfer.restxml.bucket import Bucket
from transfer.wire import xml
from transfer.wire.errordoc import error_of

_AT_ONCE = 8


class Deleting:
    """Deletes of one bucket; remembers whether the server knows batches."""

    def __init__(self, bucket: Bucket) -> None:
        self._bucket = bucket
        self._batches = True

    async def delete(self, keys: Sequence[str]) -> Mapping[str, TransferError]:
        """Delete ``keys``; those that failed, and why. What is not there counts as deleted."""
        place = self._bucket.client.place
        batch = [key for key in keys if _is_spelled(key)] if self._batches else []
        single = [key for key in keys if not _is_spelled(key)] if self._batches else list(keys)
        if len(batch) == 1:
            single, batch = [*single, *batch], []
        failed: dict[str, TransferError] = {}
        if batch:
            try:
                failed, doubtful = await self._batch({place.name(key): key for key in batch})
                single.extend(doubtful)
            except Unsupported:
                self._batches = False
                single.extend(batch)
        failed.update(await self._singly(single))
        return failed

    async def _batch(self, names: Mapping[str, str]) -> tuple[dict[str, TransferError], Sequence[str]]:
        """One request for all names: the keys that failed, and those of which it can't be said.

        Raises Unsupported where the server has no such request.
        """
        objects = "".join(f"<Object>{xml.element('Key', name)}</Object>" for name in names)
        document = f"<Delete><Quiet>true</Quiet>{objects}</Delete>".encode()
        digest = base64.b64encode(hashlib.md5(document, usedforsecurity=False).digest()).decode()
        headers = {"content-md5": digest, "content-type": "application/xml"}
        client = self._bucket.client
        reply = await client.call("POST", None, {"delete": ""}, headers, document, sealed=True, patient=True)
        failed: dict[str, TransferError] = {}
        strange = False
        if not reply.body:
            return failed, []  # some say nothing at all when all went well
        for node in xml.children(xml.parse(reply.body, "a delete of many"), "Error"):
            key = names.get(xml.text(node, "Key"))
            if xml.text(node, "Code") == "NoSuchKey":
                continue
            if key is None:
                strange = True
                continue
            status = 403 if xml.text(node, "Code") == "AccessDenied" else 500
            failed[key] = client.meaning(status, reply.headers, error_of(node), key)
        # A failure under a name that was not asked for may be that of any key that nothing is told of.
        return failed, [key for key in names.values() if key not in failed] if strange else []

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


def _is_spelled(key: str) -> bool:
    """Whether documents, ours and the reply, can spell ``key``: no control characters, and readers may take CR for LF.

    An address can spell all.
    """
    return xml.holds(key) and "\r" not in key

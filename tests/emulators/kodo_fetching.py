"""Kodo's fetching of objects from elsewhere: a queue that really pulls over HTTP, and never says how that went.

https://developer.qiniu.com/kodo/4097/asynch-fetch
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import uuid
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import md5
from typing import Any
from urllib.parse import parse_qs

import aiohttp
from yarl import URL

from tests.emulators.kodo_auth import Asked, Refusal
from tests.emulators.kodo_bucket import Bucket, Rules, hash_of
from tests.emulators.kodo_services import Answer, bucket_of

_OVER = -1
_AGAIN = 0.4
"""Seconds after which what failed is tried once more, where a test says so."""
_TYPES = range(6)


@dataclass(frozen=True, slots=True)
class Task:
    """What is to be fetched. ``wanted`` is the request, by its document's names."""

    id: str
    bucket: Bucket
    key: str
    wanted: Mapping[str, Any]


class Fetching:
    """One queue. Use it in the loop of the server."""

    def __init__(self, buckets: Mapping[str, Bucket], rules: Rules) -> None:
        self._buckets = buckets
        self._rules = rules
        self._waiting: deque[Task] = deque()
        self._running: Task | None = None
        self._over: set[str] = set()
        self._worker: asyncio.Task[None] | None = None
        self.tasks: list[Task] = []
        """All that were asked for, in order."""

    def answer(self, asked: Asked) -> Answer:
        """Queue what is asked for, or tell of it."""
        if asked.method == "GET":
            identifier = parse_qs(asked.query).get("id", [""])[0]
            return Answer({"id": identifier, "wait": self._wait(identifier)})
        task = self._task(asked)
        same = next((each for each in self._waiting if (each.bucket, each.wanted) == (task.bucket, task.wanted)), None)
        if same is None:
            self._waiting.append(task)
            self.tasks.append(task)
        if self._worker is None or self._worker.done():
            self._worker = asyncio.get_running_loop().create_task(self._work())
        queued = same or task
        return Answer({"id": queued.id, "wait": self._wait(queued.id)})

    def _task(self, asked: Asked) -> Task:
        if asked.headers.get("content-type") != "application/json":
            raise Refusal(400, "invalid content type")
        try:
            wanted = json.loads(asked.body)
            urls, bucket, key = str(wanted["url"]), str(wanted["bucket"]), str(wanted["key"])
        except (ValueError, LookupError, TypeError):
            raise Refusal(400, "invalid arguments") from None
        if not urls.startswith(("http://", "https://")) or wanted.get("file_type", 0) not in _TYPES:
            raise Refusal(400, "invalid arguments")
        return Task(uuid.uuid4().hex, bucket_of(self._buckets, bucket), key, wanted)

    def _wait(self, identifier: str) -> int:
        """How many are ahead of it: 0 where it is being worked on, -1 once it was."""
        if identifier in self._over:
            return _OVER
        if self._running is not None and self._running.id == identifier:
            return 0
        for ahead, task in enumerate(self._waiting, 1):
            if task.id == identifier:
                return ahead
        raise Refusal(404, "no such task")

    async def _work(self) -> None:
        while self._waiting:
            while self._rules.fetches_held:
                await asyncio.sleep(0.02)
            task = self._running = self._waiting.popleft()
            fault = self._rules.fetch_faults.pop(0) if self._rules.fetch_faults else ""
            if fault not in ("fail", "late"):
                await self._try(task, fault)
            if fault == "lost":
                self._running = None
                continue
            self._over.add(task.id)
            self._running = None
            if fault == "late":
                await asyncio.sleep(_AGAIN)
                await self._try(task, "")

    async def _try(self, task: Task, fault: str) -> None:
        """Fetch it, if that can be done; nobody is told if not."""
        with contextlib.suppress(Refusal, aiohttp.ClientError, asyncio.TimeoutError, ValueError):
            await self._fetch(task, fault)

    async def _fetch(self, task: Task, fault: str) -> None:
        wanted = task.wanted
        if wanted.get("ignore_same_key") and task.key in task.bucket.objects:
            return
        data, mime = await self._pulled(wanted)
        if wanted.get("md5", "") not in ("", md5(data).hexdigest()):
            return
        if wanted.get("etag", "") not in ("", hash_of(data)):
            return
        if fault == "spoil":
            data = bytes(byte ^ 1 for byte in data)
        scope = {"scope": f"{task.bucket.name}:{task.key}", "fileType": wanted.get("file_type", 0)}
        task.bucket.write(task.key, task.bucket.make(data, hash_of(data), mime, {}, scope), scope)

    async def _pulled(self, wanted: Mapping[str, Any]) -> tuple[bytes, str]:
        """What the first of the addresses that answers gives."""
        headers = {"Host": wanted["host"]} if wanted.get("host") else {}
        async with aiohttp.ClientSession(auto_decompress=False, headers={"Accept-Encoding": "identity"}) as session:
            for url in str(wanted["url"]).split(";"):
                async with session.get(URL(url, encoded=True), headers=headers) as reply:
                    data = await reply.read()
                    if reply.status == 200 and data:
                        return data, reply.headers.get("Content-Type", "application/octet-stream")
        raise Refusal(404, "nothing to be had")

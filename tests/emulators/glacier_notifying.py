"""Tells topics of jobs that are done: at an SNS that somebody else runs."""

from __future__ import annotations

import asyncio
import contextlib
import json
from typing import TYPE_CHECKING
from urllib.error import URLError
from urllib.parse import urlencode
from urllib.request import Request, urlopen

from tests.emulators.glacier_jobs import job_document, status_of
from tests.emulators.glacier_state import Job

if TYPE_CHECKING:
    from tests.emulators.glacier import Glacier

_OFTEN = 0.05
_SECONDS = 5
_SIGNATURE = "AWS4-HMAC-SHA256 Credential=glacier/20120601/{region}/sns/aws4_request, SignedHeaders=host, Signature=0"
"""It tells moto which service and region is meant; nobody checks it."""


class Notifying:
    """Looks after the jobs of a server, from when the first request comes; in the loop of that server."""

    def __init__(self, service: Glacier) -> None:
        self._service = service
        self._due: list[tuple[str, str]] = []
        self._task: asyncio.Task[None] | None = None
        self.endpoint = ""
        """Of the SNS; without one nobody is told."""

    def collect(self) -> None:
        """Note what is to be told of jobs that are done by now. To be called before they are forgotten."""
        account = self._service.account
        for job in [each for each in account.jobs.values() if not each.told]:
            if status_of(self._service, job) == "InProgress":
                continue
            message = json.dumps(job_document(self._service, job))
            self._due += [(topic, message) for topic in self._topics(job)]
            job.told = True
            account.save(job)

    def _topics(self, job: Job) -> list[str]:
        vault = self._service.account.vaults[job.vault]
        topics = [job.topic] if job.topic else []
        return [*topics, vault.topic] if f"{job.action}Completed" in vault.events else topics

    def watch(self) -> None:
        """Be at it, if anybody is to be told."""
        if self.endpoint and (self._task is None or self._task.done()):
            self._task = asyncio.get_running_loop().create_task(self._watch())

    async def _watch(self) -> None:
        while self._due or any(not job.told for job in self._service.account.jobs.values()):
            self.collect()
            due, self._due = self._due, []
            for topic, message in due:
                with contextlib.suppress(URLError, TimeoutError):
                    await asyncio.to_thread(_publish, self.endpoint, topic, message)
            await asyncio.sleep(_OFTEN)


def _publish(endpoint: str, topic: str, message: str) -> None:
    region = topic.split(":")[3]
    body = urlencode({"Action": "Publish", "Version": "2010-03-31", "TopicArn": topic, "Message": message})
    headers = {"Authorization": _SIGNATURE.format(region=region), "Content-Type": "application/x-www-form-urlencoded"}
    with urlopen(Request(endpoint, body.encode(), headers), timeout=_SECONDS) as answer:
        answer.read()

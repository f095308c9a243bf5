"""The vault's list of jobs, which whoever wants to know of retrievals shares for some seconds."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Mapping, Sequence

from transfer_glacier import calls
from transfer_glacier.client import Client
from transfer_glacier.job import Action, Job

_KEPT = 30.0
"""Seconds for which the list is believed."""
LATEST = 900
"""Seconds after which a job that was started is in the list, if it is at all."""


class Retrievals:
    """Jobs that retrieve archives, by archive. One request, or one for each page, tells of all of them."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._lock = asyncio.Lock()
        self._jobs: dict[str, list[Job]] | None = None
        self._look_at = 0.0
        self._started: dict[str, tuple[Job, float]] = {}
        self._gone: set[str] = set()

    async def all(self, *, fresh: bool = False) -> Mapping[str, Sequence[Job]]:
        """By archive id; ``fresh``: as the vault tells now."""
        if fresh:
            self.doubt()
        async with self._lock:
            now = asyncio.get_running_loop().time()
            if self._jobs is None or now >= self._look_at:
                self._jobs = await self._listed(now)
                self._look_at = now + _KEPT
            return self._jobs

    async def of(self, archive_id: str) -> Sequence[Job]:
        """Those of one archive."""
        return (await self.all()).get(archive_id, ())

    async def knows(self, archive_id: str, job_id: str) -> bool:
        """Whether this job is one of them, or is of no use any more."""
        return job_id in self._gone or any(job.id == job_id for job in await self.of(archive_id))

    def doubt(self) -> None:
        """What is known may be wrong: look again."""
        self._jobs = None

    def gone(self, job: Job) -> None:
        """Its output is not there any more, whatever the list says."""
        self._gone.add(job.id)
        self.doubt()

    def started(self, job: Job) -> None:
        """We have started it; the list may tell so a little later."""
        self._started[job.id] = job, asyncio.get_running_loop().time() + LATEST
        if self._jobs is not None:
            self._jobs.setdefault(job.archive_id, []).append(job)

    async def _listed(self, now: float) -> dict[str, list[Job]]:
        found: defaultdict[str, list[Job]] = defaultdict(list)
        async for job in calls.jobs(self._client):
            self._started.pop(job.id, None)
            if job.action == Action.ARCHIVE and job.id not in self._gone:
                found[job.archive_id].append(job)
        self._started = {job_id: each for job_id, each in self._started.items() if now < each[1]}
        for job, _ in self._started.values():
            found[job.archive_id].append(job)
        return dict(found)

"""A vault's inventory: one that is there, or else asked for; and its bytes."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, Iterable
from contextlib import aclosing, closing
from dataclasses import dataclass

from transfer.errors import Awaited, NotFound, TransferError, Transient
from transfer.model import Span
from transfer.thaw.polls import next_poll
from transfer_glacier import calls
from transfer_glacier.cover import is_readable, is_under_way, ready_ns
from transfer_glacier.founding import DESCRIPTION
from transfer_glacier.job import Action, Job, inventory_retrieval
from transfer_glacier_cli.reach import Reached
from transfer_glacier_cli.words import moment

_CHUNK = 256 * 1024
_SECOND_NS = 1_000_000_000
JSON = "JSON"
_sleep = asyncio.sleep


@dataclass(frozen=True, slots=True)
class Standing:
    """Of the jobs for whole inventories in one form: the newest that can be read, and one that is under way."""

    ready: Job | None
    pending: Job | None


def standing(jobs: Iterable[Job], form: str, now_ns: int) -> Standing:
    """Pure."""
    fit = [
        job
        for job in jobs
        if job.action == Action.INVENTORY and not job.partial and (job.inventory_format or JSON).upper() == form
    ]
    ready = [job for job in fit if is_readable(job, now_ns)]
    pending = [job for job in fit if is_under_way(job)]
    return Standing(max(ready, key=_asked, default=None), min(pending, key=_asked, default=None))


async def obtain(vault: Reached, form: str, *, wait: bool) -> Job:
    """The job that retrieved the newest inventory that can be read now; where there is none, one is asked for, once.

    Raises Awaited, unless it is to ``wait``.
    """
    while True:
        found = await _look(vault, form)
        if found.ready is not None:
            return found.ready
        pending = found.pending or await _ask(vault, form)
        if not wait:
            raise Awaited(
                f"The inventory of {vault.subject} was asked for at {moment(pending.created_ns)} and should be ready "
                f"by {moment(ready_ns(pending))}; run this again then, or give --wait"
            )
        await _sleep(_pause(pending))


async def pieces(vault: Reached, job: Job) -> AsyncGenerator[bytes, None]:
    """The inventory's bytes. Where the reply breaks, the rest is asked for. Raises TransferError."""
    offset = attempt = 0
    while True:
        try:
            async with aclosing(_pieces(vault, job, offset)) as parts:
                async for piece in parts:
                    offset, attempt = offset + len(piece), 0
                    yield piece
        except TransferError as error:
            attempt += 1
            if not error.retryable or attempt > vault.backoff.retries:
                raise
            failure = error
        else:
            return
        await vault.backoff.wait("read an inventory", attempt, failure)


async def _pieces(vault: Reached, job: Job, offset: int) -> AsyncGenerator[bytes, None]:
    span = None
    if offset and job.inventory_size is not None:
        if offset == job.inventory_size:
            return
        span = Span(offset, job.inventory_size - offset)
    elif offset:
        raise TransferError(f"The inventory of {vault.subject} broke off; fetch it again")
    buffer = memoryview(bytearray(_CHUNK))
    with closing(await calls.output(vault.client, job.id, span)) as stream:
        size, length = 0, stream.headers.get("content-length")
        while got := await stream.readinto(buffer):
            size += got
            yield bytes(buffer[:got])
        if length is not None and size != int(length):
            raise Transient(f"The inventory of {vault.subject} broke off after {offset + size:,} bytes")


async def _look(vault: Reached, form: str) -> Standing:
    jobs = await vault.all("list jobs", lambda: calls.jobs(vault.client))
    return standing(jobs, form, time.time_ns())


async def _ask(vault: Reached, form: str) -> Job:
    """Start a job. Where the reply is lost there may be one all the same, which is looked for first."""

    async def ask() -> Job:
        found = (await _look(vault, form)).pending
        if found is None:
            await _initiate(vault, form)
            found = (await _look(vault, form)).pending
        return found or Job("", Action.INVENTORY, "", created_ns=time.time_ns())

    return await vault.call("ask for an inventory", ask)


async def _initiate(vault: Reached, form: str) -> None:
    """Raises Awaited where there has not been an inventory yet, which Glacier tells as if the vault were not there."""
    try:
        await calls.initiate(vault.client, inventory_retrieval(description=DESCRIPTION, form=form))
    except NotFound:
        await calls.describe(vault.client)
        raise Awaited(
            f"{vault.subject} has had no inventory yet: Glacier makes the first one within about a day of the first "
            "archive; run this again then"
        ) from None


def _pause(pending: Job) -> float:
    """Seconds until the next look."""
    now = time.time_ns()
    asked = _asked(pending) or now
    return max(0.0, (next_poll(now, asked, ready_ns(pending)) - now) / _SECOND_NS)


def _asked(job: Job) -> int:
    return job.created_ns or 0

"""Having archives retrieved, and knowing what was."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import suppress

from transfer import killpoint
from transfer.errors import Denied, NotFound, Transient, Unsupported
from transfer.model import Cold, Entry, Span, Thaw
from transfer_glacier import calls
from transfer_glacier.archive import Archive
from transfer_glacier.config import CAPABILITIES, MIB
from transfer_glacier.cover import covers, is_readable, is_under_way, ready_ns, until_ns
from transfer_glacier.job import Action, Job, Status, archive_retrieval
from transfer_glacier.retrievals import LATEST
from transfer_glacier.vault import Vault

_SECOND_NS = 1_000_000_000
DESCRIPTION = "transfer"
"""The mark of our jobs."""


async def thaw(vault: Vault, entry: Entry, tier: str, span: Span | None) -> Thaw:
    """Have it retrieved, unless a job of anybody's does that or has done it.

    A request whose reply is lost may have been heard: then the vault's own list is looked at anew.
    """
    archive = await vault.names.find(entry)
    if tier and tier not in CAPABILITIES.thaw_tiers:
        known = ", ".join(CAPABILITIES.thaw_tiers)
        raise Unsupported(f"'{entry.key}' can't be retrieved by tier '{tier}': it is one of {known}", key=entry.key)
    wanted = _aligned(entry.key, archive, span)
    thaw = await _found(vault, entry.key, archive, wanted)
    if thaw is not None:
        return thaw
    async with vault.turns.taken():
        await _hear_of_others(vault, archive)
        thaw = await _found(vault, entry.key, archive, wanted)
        return thaw or await _asked(vault, entry.key, archive, tier, None if wanted.size == archive.size else wanted)


async def thaws(vault: Vault) -> Sequence[Thaw]:
    """All jobs that retrieve archives, those that nobody knows a name of under their archive's id."""
    by_archive = dict(await vault.retrievals.all(fresh=True))  # others may start jobs meanwhile
    keys = await vault.names.keys_of(by_archive)
    found: list[Thaw] = []
    for archive_id, jobs in by_archive.items():
        key = keys.get(archive_id, archive_id)
        found += [thaw_of(job, key, job.archive_size, vault.now_ns()) for job in jobs]
    return found


async def _found(vault: Vault, key: str, archive: Archive, wanted: Span) -> Thaw | None:
    """The job that makes it readable, or will."""
    jobs = await vault.retrievals.of(archive.id)
    found = [job for job in jobs if covers(job, wanted, archive.size)]
    usable = [job for job in found if is_readable(job, vault.now_ns())] or [job for job in found if is_under_way(job)]
    if not usable:
        return None
    longest = max(usable, key=lambda job: until_ns(job) or 0)
    return thaw_of(longest, key, archive.size, vault.now_ns())


async def _hear_of_others(vault: Vault, archive: Archive) -> None:
    """Other pairs that share the journal may have asked since we looked at the vault's list."""
    since = vault.now_ns() // _SECOND_NS - LATEST
    for job_id in await vault.names.requests(archive, since):
        if not await vault.retrievals.knows(archive.id, job_id):
            with suppress(NotFound):
                vault.retrievals.started(await calls.job(vault.client, job_id))


async def _asked(vault: Vault, key: str, archive: Archive, tier: str, span: Span | None) -> Thaw:
    asked = archive_retrieval(archive.id, description=DESCRIPTION, tier=tier, span=span)
    try:
        job_id = await calls.initiate(vault.client, asked, key=key)
    except (Transient, asyncio.CancelledError):
        vault.retrievals.doubt()
        raise
    except NotFound as error:
        subject = vault.place.subject(key)
        message = (
            f"{subject} is in the journal and not in the vault; 'transfer glacier journal --check' tells what differs"
        )
        raise NotFound(message, key=key, code=error.code, request_id=error.request_id) from None
    now = vault.now_ns()
    job = Job(job_id, Action.ARCHIVE, Status.IN_PROGRESS, archive_id=archive.id, span=span, tier=tier, created_ns=now)
    vault.retrievals.started(job)
    (await vault.billing.spent()).retrieve(tier, archive.size if span is None else span.size)
    killpoint.reach("initiated")
    with suppress(Denied):  # who may only read the journal may read the vault: the list of jobs tells as much
        await vault.names.requested(archive, job_id, now // _SECOND_NS)
    return thaw_of(job, key, archive.size, now)


def thaw_of(job: Job, key: str, size: int | None, now_ns: int) -> Thaw:
    """A job as the engine knows it. One that failed, or whose output is gone, makes nothing readable."""
    span = job.span if size is None or job.span != Span(0, size) else None
    cold = Cold.THAWED if is_readable(job, now_ns) else Cold.THAWING if is_under_way(job) else Cold.FROZEN
    asked = size if span is None else span.size
    return Thaw(key, cold, asked, job.created_ns, ready_ns(job), until_ns(job), job.tier, span)


def _aligned(key: str, archive: Archive, span: Span | None) -> Span:
    """The span to ask for. Raises Unsupported for one that no job can have."""
    if span is None:
        return Span(0, archive.size)
    end = span.offset + span.size
    if span.size < 1 or span.offset % MIB or (end % MIB and end != archive.size) or end > archive.size:
        message = f"Of '{key}' can't be retrieved what begins or ends within a MiB ({span.offset:,} to {end:,})"
        raise Unsupported(message, key=key)
    return span

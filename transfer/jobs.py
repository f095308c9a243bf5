"""The jobs on this machine: their checkpoints, words to those that run, an end for those that nobody will finish.

Cleaning aborts the multipart uploads that a checkpoint recorded as open, and only those:
providers charge for parts that wait. What a job has finished is not touched.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from transfer.checkpoint import (
    Checkpoint,
    Holder,
    JobSummary,
    Pair,
    folder_of,
    last_sign,
    mailbox,
    set_aside,
    summaries,
    summary_of,
)
from transfer.controls import parse_changes
from transfer.errors import Misconfigured, NotFound, TransferError
from transfer.event import ignore
from transfer.job.sides import load, opened
from transfer.job.target import recall
from transfer.location import place
from transfer.options import Options
from transfer.pipeline.abandon import abandon
from transfer.plugin import Store

__all__ = ["AGE", "Cleaned", "JobSummary", "Told", "clean_jobs", "job_id", "set_job", "summaries", "summary_of"]

AGE = 7 * 24 * 60 * 60.0
"""Seconds without a sign of life, after which nobody is expected to go on with a job."""
_PATIENCE = 5.0
"""Seconds; a running job looks every second."""
_LOOK = 0.1
"""Seconds between our own looks."""


@dataclass(frozen=True, slots=True)
class Cleaned:
    """What became of one job. ``aborted`` are the keys of uploads that are not open any more, ``fetches`` those of
    objects that the target was to get by itself: nobody can stop it, and nobody waits for them any more.

    ``left`` are keys of those that could not be aborted, with what was said. ``problem`` is a sentence where the
    job could not be cleaned, or not wholly. ``kept_as`` is where a damaged checkpoint is now, that was forgotten.
    """

    id: str
    path: Path
    pair: Pair
    aborted: tuple[str, ...] = ()
    left: Mapping[str, str] = field(default_factory=dict)
    forgotten: bool = False
    kept_as: Path | None = None
    fetches: tuple[str, ...] = ()
    problem: str | None = None


@dataclass(frozen=True, slots=True)
class Told:
    """A running job that was told to change its limits; ``taken``: it has done so."""

    pair: Pair
    process: Holder
    taken: bool


def job_id(job: JobSummary) -> str:
    """The name under which ``clean_jobs`` and ``set_job`` know a job."""
    return job.path.stem


async def set_job(
    name: str, words: Mapping[str, str], *, patience: float = _PATIENCE, state_dir: Path | None = None
) -> Told:
    """Change limits of a running job, for example ``{"bwlimit": "10M", "tps": "off"}``, until it ends.

    ``name`` is an id, the beginning of one, or the path of a checkpoint. Waits ``patience``
    seconds, at most, for the job to take the change up. Raises Misconfigured for what can't be changed
    or read, and where no process works on the job.
    """
    parse_changes(words)
    job = await _named(name, state_dir)
    if job.running_by is None:
        raise Misconfigured(f"No process works on '{name}', and limits are those of a run; give them with the next.")
    try:
        await asyncio.to_thread(mailbox.leave, job.path, job.running_by, words)
    except OSError as error:
        raise Misconfigured(f"The job can't be told, in {job.path.parent}: {error.strerror}.") from error
    return Told(job.pair, job.running_by, await _taken(job.path, patience))


async def _taken(path: Path, patience: float) -> bool:
    for _ in range(round(patience / _LOOK)):
        if await asyncio.to_thread(mailbox.taken, path):
            return True
        await asyncio.sleep(_LOOK)
    return False


async def clean_jobs(
    names: Sequence[str] = (),
    *,
    older_than: float = AGE,
    everything: bool = False,
    forget: bool = False,
    options: Options = Options(),
    state_dir: Path | None = None,
) -> list[Cleaned]:
    """Abort the open uploads of jobs that no process works on; one result for each job that was meant.

    ``names`` are ids, beginnings of ids, or paths of checkpoints. Without any, the jobs are meant that
    showed no sign of life for ``older_than`` seconds, or with ``everything`` all. ``forget`` removes
    their checkpoints too, and sets damaged ones aside. A configuration file and target settings in
    ``options`` go before those that the jobs used. Raises Misconfigured for a name that means no job, or several.
    """
    if names:
        jobs = [await _named(name, state_dir) for name in names]
    else:
        found = await summaries(state_dir)
        idle = found if everything else await asyncio.to_thread(_idle, found, older_than)
        jobs = [job for job in idle if job.running_by is None and (forget or _is_open(job) or job.problem)]
    return [await _clean(job, options, forget=forget) for job in jobs]


async def _named(name: str, state_dir: Path | None) -> JobSummary:
    path = Path(name)
    if (path.suffix == ".sqlite" or len(path.parts) > 1) and await asyncio.to_thread(path.is_file):
        return await summary_of(path)
    found = [job for job in await summaries(state_dir) if job_id(job).startswith(name)]
    if len(found) == 1 and name:
        return found[0]
    what = f"'{name}' means {len(found)} jobs; write more of its id" if found else f"There is no job '{name}'"
    raise Misconfigured(f"{what}; 'transfer jobs' lists them (in {folder_of(state_dir)}).")


def _is_open(job: JobSummary) -> bool:
    """Whether there is something at the target that the job began and did not see the end of."""
    return bool(job.open_uploads or job.fetches)


def _idle(jobs: Sequence[JobSummary], seconds: float) -> list[JobSummary]:
    now = time.time()
    return [job for job in jobs if now - last_sign(job.path) >= seconds]


async def _clean(job: JobSummary, options: Options, *, forget: bool) -> Cleaned:
    result = Cleaned(job_id(job), job.path, job.pair)
    problem = job.problem
    if job.running_by is not None:
        problem = f"It is being worked on by {job.running_by}."
    elif problem and forget:
        return await _set_aside(result, problem)
    if problem or not (_is_open(job) or forget):
        return replace(result, problem=problem)
    aborted: list[str] = []
    fetches: list[str] = []
    left: dict[str, str] = {}
    try:
        async with _checkpoint(job) as checkpoint:
            await _abort_all(checkpoint, job, options, aborted, fetches, left)
            if forget and not left:
                await asyncio.shield(checkpoint.discard())
    except TransferError as error:
        return replace(result, aborted=tuple(aborted), fetches=tuple(fetches), left=left, problem=str(error))
    if left:
        problem = "Not all of its uploads could be aborted."
    ended = replace(result, aborted=tuple(aborted), fetches=tuple(fetches), left=left)
    return replace(ended, forgotten=forget and not left, problem=problem)


async def _set_aside(result: Cleaned, problem: str) -> Cleaned:
    """Forget a checkpoint that can't be read, if it is damaged. What it held may be of use to somebody, so it stays."""
    try:
        kept_as = await set_aside(result.path)
    except TransferError as error:
        return replace(result, problem=str(error))
    return replace(result, problem=problem) if kept_as is None else replace(result, forgotten=True, kept_as=kept_as)


async def _abort_all(
    checkpoint: Checkpoint,
    job: JobSummary,
    options: Options,
    aborted: list[str],
    fetches: list[str],
    left: dict[str, str],
) -> None:
    """Adds the keys to ``aborted`` or ``fetches`` one by one; to ``left``, with the error, where one can't be."""
    if not _is_open(job):
        return
    async with _target(checkpoint, job, options) as target:
        async for upload in checkpoint.open_uploads():
            try:
                if target is not None:
                    await abandon(target, upload)
            except TransferError as error:
                left[upload.to] = str(error)
                continue
            checkpoint.dropped(upload.key)
            (fetches if upload.is_fetch else aborted).append(upload.to)
    await checkpoint.flush()


@asynccontextmanager
async def _checkpoint(job: JobSummary) -> AsyncIterator[Checkpoint]:
    checkpoint = await Checkpoint.open(job.path, job.pair)
    try:
        yield checkpoint
    finally:
        await asyncio.shield(checkpoint.close())


@asynccontextmanager
async def _target(checkpoint: Checkpoint, job: JobSummary, options: Options) -> AsyncIterator[Store | None]:
    """The job's target, opened as the job did; None where bucket or folder are gone, and all uploads with them."""
    known = await recall(checkpoint)
    if known is None:
        raise Misconfigured(
            f"{job.pair.target} was opened by a program of yours; abort its uploads there, "
            "or let the program finish the job."
        )
    if options.config is None and known.config is not None:
        options = replace(options, config=Path(known.config))
    config = await load(options)
    settings = {**known.settings, **options.target_settings}
    async with opened(known.url, options, ignore, config, settings) as store:
        gone = await _gone(store)
        if place(store.origin) != job.pair.target:
            raise Misconfigured(
                f"{known.url} is {place(store.origin)} now, but the job went to {job.pair.target}; "
                "set its endpoint as it was then."
            )
        yield None if gone else store


async def _gone(store: Store) -> bool:
    try:
        await store.check(write=False)
    except NotFound:
        return True
    return False

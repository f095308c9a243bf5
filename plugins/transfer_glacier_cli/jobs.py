"""``transfer glacier jobs`` and ``uploads``."""

from __future__ import annotations

import time
from typing import Any

import click

from transfer.cli import choices as choose
from transfer.cli.command import Command, together
from transfer.cli.running import run
from transfer.cli.stdio import show, write_stdout
from transfer.cli.words import count
from transfer.errors import Misconfigured, NotFound
from transfer.units import format_size
from transfer_glacier import calls
from transfer_glacier.calls import OpenUpload
from transfer_glacier.cover import is_readable, ready_ns, until_ns
from transfer_glacier.descriptions import read
from transfer_glacier.job import Action, Job, Status
from transfer_glacier_cli.choices import JOURNAL, PLACES, RETRIES
from transfer_glacier_cli.reach import Asked, Reached, asked, reached
from transfer_glacier_cli.resting import named_by_id
from transfer_glacier_cli.words import columns, json_lines, moment

_effect = choose.Section("What is done")


@click.command("jobs", cls=Command, no_args_is_help=True, example="transfer glacier jobs backup://photos")
@click.argument("url")
@together(RETRIES, PLACES, JOURNAL, choose.JSON, choose.LOGGING)
@click.pass_context
def jobs(context: click.Context, /, url: str, json: bool, **_: Any) -> int:
    """List the jobs of a vault, whoever has asked for them: those under way, and those that ended within a day."""
    wanted = asked(context, url)
    return run(lambda stop: _jobs(wanted, json))


@click.command(
    "uploads",
    cls=Command,
    no_args_is_help=True,
    example="""
    transfer glacier uploads backup://photos
    transfer glacier uploads backup://photos --abort-all
    """,
)
@click.argument("url")
@together(
    _effect.many("--abort", metavar="ID", help="End this upload; its parts are lost."),
    _effect.flag("--abort-all", help="End all of them."),
    RETRIES,
    PLACES,
    choose.JSON,
    choose.LOGGING,
)
@click.pass_context
def uploads(context: click.Context, /, url: str, abort: tuple[str, ...], abort_all: bool, json: bool, **_: Any) -> int:
    """List the uploads to a vault that are not finished, and abort those that nobody will finish."""
    if abort and abort_all:
        raise click.UsageError("--abort and --abort-all exclude each other; leave one out.", context)
    wanted = asked(context, url)
    if abort or abort_all:
        return run(lambda stop: _abort(wanted, abort))
    return run(lambda stop: _uploads(wanted, json))


async def _jobs(wanted: Asked, json: bool) -> int:
    async with reached(wanted) as vault:
        found = await vault.all("list jobs", lambda: calls.jobs(vault.client))
        names = await named_by_id(vault, {job.archive_id for job in found if job.archive_id})
    if json:
        await write_stdout(json_lines(_job_body(job, names.get(job.archive_id)) for job in found))
        return 0
    rows = [_job_row(job, names.get(job.archive_id)) for job in found]
    show(columns(("state", "tier", "asked for", "ready", "readable until", "what"), rows) if rows else "No jobs.")
    return 0


def _job_row(job: Job, name: str | None) -> tuple[str, ...]:
    until = until_ns(job) if job.status == Status.SUCCEEDED else None
    return (
        _state(job),
        job.tier or "-",
        moment(job.created_ns),
        moment(ready_ns(job)),
        moment(until),
        "the inventory" if job.action == Action.INVENTORY else name or job.archive_id,
    )


def _state(job: Job) -> str:
    if job.status == Status.SUCCEEDED:
        return "ready" if is_readable(job, time.time_ns()) else "over"
    return "under way" if job.status == Status.IN_PROGRESS else "failed"


def _job_body(job: Job, name: str | None) -> dict[str, object]:
    return {
        "id": job.id,
        "action": job.action,
        "status": job.status,
        "message": job.message,
        "description": job.description,
        "tier": job.tier,
        "archive_id": job.archive_id or None,
        "name": name,
        "size": job.archive_size,
        "span": None if job.span is None else [job.span.offset, job.span.size],
        "created_ns": job.created_ns,
        "completed_ns": job.completed_ns,
    }


async def _uploads(wanted: Asked, json: bool) -> int:
    async with reached(wanted) as vault:
        found = await _open(vault)
    if json:
        await write_stdout(json_lines(_upload_body(upload) for upload in found))
        return 0
    head = ("begun", "parts of", "name", "id")
    rows = [(moment(up.created_ns), format_size(up.part_size), _name(up), up.id) for up in found]
    show(columns(head, rows) if rows else "No unfinished uploads.")
    return 0


async def _abort(wanted: Asked, ids: tuple[str, ...]) -> int:
    """Those of ``ids``, or all. That one is gone meanwhile is as good, unless it never was there."""
    async with reached(wanted) as vault:
        found = {upload.id for upload in await _open(vault)}
        unknown = [each for each in ids if each not in found]
        if unknown:
            raise Misconfigured(f"{vault.subject} has no unfinished upload {unknown[0]}; list them without --abort.")
        for each in ids or sorted(found):
            await _abort_one(vault, each)
    show(f"{count(len(ids or found), 'upload')} aborted.")
    return 0


async def _abort_one(vault: Reached, upload_id: str) -> None:
    try:
        await vault.call("abort an upload", lambda: calls.abort(vault.client, upload_id))
    except NotFound:
        return


async def _open(vault: Reached) -> list[OpenUpload]:
    return await vault.all("list uploads", lambda: calls.uploads(vault.client))


def _name(upload: OpenUpload) -> str:
    described = read(upload.description)
    return upload.description if described is None else described.name


def _upload_body(upload: OpenUpload) -> dict[str, object]:
    return {
        "id": upload.id,
        "name": _name(upload),
        "description": upload.description,
        "part_size": upload.part_size,
        "created_ns": upload.created_ns,
    }

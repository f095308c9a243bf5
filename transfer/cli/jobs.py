"""``transfer jobs``."""

from __future__ import annotations

import json as codec
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from functools import partial
from typing import Any

import click

from transfer.checkpoint import Pair
from transfer.cli import choices as choose
from transfer.cli import thawing
from transfer.cli.command import Command, Exampled, together
from transfer.cli.problems import say
from transfer.cli.running import run
from transfer.cli.settings import make_options
from transfer.cli.stdio import show, write_stdout
from transfer.cli.values import reading
from transfer.cli.words import count, printable
from transfer.errors import Misconfigured
from transfer.jobs import Cleaned, JobSummary, clean_jobs, job_id, set_job, summaries
from transfer.secrets import Redactor
from transfer.units import format_size, parse_duration

_which = choose.Section("Which jobs")
_effect = choose.Section("What is done")
_SECOND_NS = 1_000_000_000
_COLORS = {
    "complete": "green",
    "running": "cyan",
    "waiting": "yellow",
    "interrupted": "yellow",
    "failed": "red",
    "unreadable": "red",
}


class _Jobs(Exampled, click.Group):
    """A group that lists where nothing else is asked for."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        if not args or (args[0].startswith("-") and args[0] not in ctx.help_option_names):
            args.insert(0, "list")
        return super().parse_args(ctx, args)


def _parse_word(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals:
        raise Misconfigured(f"'{text}' is not NAME=VALUE; write for example bwlimit=10M.")
    return name.strip(), value


@click.group(
    "jobs",
    cls=_Jobs,
    example="""
    transfer jobs
    transfer jobs set 3f2a bwlimit=10M tps=50
    transfer jobs clean --older-than 30d
    """,
)
def jobs() -> None:
    """Show the checkpoints on this machine, change what runs, and end jobs that nobody will finish."""


@jobs.command("list", cls=Command, example="transfer jobs list --json", short_help="Show all checkpoints.")
@choose.JSON
@choose.LOGGING
def list_(json: bool, **_: Any) -> int:
    """Show the checkpoints on this machine: between which places, how far, and what failed."""
    return run(lambda stop: _show(json))


@jobs.command(
    "set",
    short_help="Change the limits of a running job.",
    cls=Command,
    example="""
    transfer jobs set 3f2a bwlimit=10M:1M tps=50
    transfer jobs set 3f2a bwlimit=off
    """,
)
@click.argument("name", metavar="ID")
@click.argument("words", nargs=-1, required=True, metavar="NAME=VALUE...", callback=reading(_parse_word))
@choose.LOGGING
def set_(name: str, words: tuple[tuple[str, str], ...], **_: Any) -> int:
    """Change limits of a running job until it ends: bwlimit, tps and transfers, written as in its options, or off."""
    return run(lambda stop: _set(name, dict(words)))


@jobs.command(
    "clean",
    short_help="Abort the uploads that nobody will finish.",
    cls=Command,
    example="""
    transfer jobs clean
    transfer jobs clean 3f2a --forget
    """,
)
@click.argument("names", nargs=-1, metavar="[ID]...")
@together(
    _which.value("--older-than", read=parse_duration, default="7d", metavar="AGE", help="Idle for so long (7d)."),
    _which.flag("--all", "everything", help="All jobs that no process works on."),
    _effect.flag("--forget", help="Remove the checkpoints too; nothing can be resumed then."),
    choose.TARGET,
    choose.CONFIG,
    choose.LOGGING,
)
@click.pass_context
def clean(
    context: click.Context, /, names: tuple[str, ...], older_than: float, everything: bool, forget: bool, **_: Any
) -> int:
    """Abort the open uploads of jobs that nobody will finish, given by ID or by age.

    Only uploads are touched that a job of this machine has begun.
    """
    options = make_options(context)
    work = partial(clean_jobs, names, older_than=older_than, everything=everything, forget=forget, options=options)
    return run(lambda stop: _clean(work, context.obj))


async def _set(name: str, words: Mapping[str, str]) -> int:
    told = await set_job(name, words)
    asked = printable(" ".join(f"{word}={value}" for word, value in words.items()))
    if told.taken:
        show(f"{_sides(told.pair)}  {asked}")
        return 0
    click.echo(f"transfer: {told.process} has not looked yet; it will change to {asked} when it does.", err=True)
    return 1


async def _clean(work: Callable[[], Awaitable[Sequence[Cleaned]]], redactor: Redactor) -> int:
    cleaned = await work()
    for job in cleaned:
        name = _sides(job.pair) if job.pair.source else printable(str(job.path))
        if job.aborted or job.problem is None:
            show(f"{name}  {_done(job)}")
        for key, error in job.left.items():
            say(f"'{key}' is left open: {error}", redactor)
        if job.problem is not None:
            say(f"{name}: {job.problem}", redactor)
    if not cleaned:
        click.echo("Nothing to clean.", err=True)
    return 1 if any(job.problem for job in cleaned) else 0


def _done(job: Cleaned) -> str:
    if job.kept_as is not None:
        return f"damaged, kept as {job.kept_as.name}"
    done = [f"{count(len(job.aborted), 'upload')} aborted"] if job.aborted or not job.fetches else []
    if job.fetches:
        done.append(f"{count(len(job.fetches), 'object')} left for the target to fetch")
    return ", ".join([*done, *(["forgotten"] if job.forgotten else [])])


async def _show(json: bool) -> int:
    found = await summaries()
    if json:
        await write_stdout("".join(_json_line(job) + "\n" for job in found))
    elif not found:
        click.echo("No checkpoints on this machine.", err=True)
    else:
        show("\n\n".join("\n".join(_lines(job)) for job in found))
    return 0


def _lines(job: JobSummary) -> list[str]:
    state = click.style(f"{job.state:<12}", fg=_COLORS.get(job.state), bold=True)
    if job.problem is not None:
        return [f"{state}{job.path}", f"  {printable(job.problem)}"]
    parts = [
        f"{count(job.objects, 'object')} done",
        format_size(job.bytes),
        f"{job.failures:,} failed" if job.failures else "",
        thawing.waiting(job.waiting.objects, job.waiting.bytes, job.waiting.ready_ns) if job.waiting.objects else "",
        f"{count(job.open_uploads, 'open upload')} with {count(job.open_parts, 'part')}" if job.open_uploads else "",
        f"{count(job.fetches, 'object')} being fetched by the target" if job.fetches else "",
        _when(job),
    ]
    return [
        f"{state}{_sides(job.pair)}",
        f"  {', '.join(part for part in parts if part)}",
        f"  {job_id(job)}",
    ]


def _sides(pair: Pair) -> str:
    return printable(f"{pair.source} → {pair.target}")


def _when(job: JobSummary) -> str:
    if job.running_by is not None:
        return f"worked on by {job.running_by}"
    time_ns = job.started_ns if job.ended_ns is None else job.ended_ns
    if time_ns is None:
        return ""
    moment = datetime.fromtimestamp(time_ns / _SECOND_NS).astimezone()
    return f"{'begun' if job.ended_ns is None else 'ended'} {moment:%Y-%m-%d %H:%M}"


def _json_line(job: JobSummary) -> str:
    totals = codec.loads(job.totals) if job.totals else None
    return codec.dumps({"id": job_id(job), **asdict(job), "path": str(job.path), "totals": totals}, ensure_ascii=False)

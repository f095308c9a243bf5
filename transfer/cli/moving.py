"""``transfer sync``, ``copy`` and ``verify``."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any

import click

import transfer
from transfer.cli import choices as choose
from transfer.cli.command import Command, Decorator, together
from transfer.cli.job import AGAIN, Job, Rows
from transfer.cli.objects import write_object
from transfer.cli.performing import perform, rows_of
from transfer.cli.running import run
from transfer.cli.settings import make_options
from transfer.cli.stdio import stdin_chunks
from transfer.controls import Controls
from transfer.event import Result
from transfer.job.streaming import READING, refuse_idle
from transfer.objects import plan_cat

STREAM = "-"
_LOST = "interrupted; nothing was written, and a stream can't be taken up again: run it from the start."

_BOTH_SIDES = together(
    click.argument("source"),
    click.argument("target"),
)
_PLACES = together(choose.SOURCE, choose.TARGET, choose.CONFIG)
_OUTPUT = together(
    choose.REPORT, choose.PROFILE, choose.JSON, choose.PROGRESS, choose.QUIET, choose.VERBOSE, choose.LOGGING
)
_SENDING = together(choose.PROVING, choose.DESCRIBING, choose.ON_DISK, choose.MOVING, choose.CUTTING)


def _command(name: str, example: str, options: Decorator) -> Decorator:
    return together(
        click.command(name, cls=Command, example=example, no_args_is_help=True),
        _BOTH_SIDES,
        options,
        click.pass_context,
    )


@_command(
    "sync",
    """
    transfer sync ./photos s3://bucket/photos --exclude '*.tmp'
    transfer sync s3://a/x hk://b/x --delete --max-delete 100 --report moved.csv
    """,
    together(
        choose.DRY_RUN,
        choose.SYNCING,
        choose.COMPARING,
        choose.WRITING,
        choose.FILTERING,
        choose.LISTED_IN_FILE,
        choose.THAWING,
        _SENDING,
        choose.CALLING,
        _PLACES,
        choose.CHECKPOINT,
        _OUTPUT,
    ),
)
def sync(context: click.Context, /, source: str, target: str, **_: Any) -> int:
    """Send from SOURCE to TARGET what is new or changed there.

    Running the same command again goes on where an earlier run ended. Nothing is
    deleted without --delete.
    """
    return _perform(context, "sync", partial(transfer.sync, source, target))


@_command(
    "copy",
    """
    transfer copy s3://bucket/a/big.bin ./big.bin
    tar c . | transfer copy - s3://bucket/backup.tar --max-size 100GiB
    """,
    together(
        choose.DRY_RUN,
        choose.WRITING,
        choose.FILTERING,
        choose.LISTED_IN_FILE,
        choose.THAWING,
        _SENDING,
        choose.STREAMING,
        choose.CALLING,
        _PLACES,
        choose.CHECKPOINT,
        _OUTPUT,
    ),
)
def copy(context: click.Context, /, source: str, target: str, **_: Any) -> int:
    """Send one object or a whole tree from SOURCE to TARGET, without comparing.

    SOURCE - is stdin, TARGET - is stdout.
    """
    if source == target == STREAM:
        raise click.UsageError("Only one side can be '-'.", context)
    if target == STREAM:
        return _to_stdout(context, source)
    if source == STREAM:
        return _perform(context, "copy", partial(transfer.copy_stream, stdin_chunks(), target))
    return _perform(context, "copy", partial(transfer.copy, source, target))


def _to_stdout(context: click.Context, source: str) -> int:
    options = make_options(context)
    refuse_idle(options, READING | {"report"} if options.dry_run else READING)
    if options.dry_run:
        return _perform(context, "copy", lambda options, controls, **more: plan_cat(source, options, **more))
    for name in ("json", "progress"):
        if context.params[name]:
            raise click.UsageError(f"--{name} has no effect where stdout gets the object; leave it out.", context)
    return run(lambda stop: write_object(source, options, None))


@_command(
    "verify",
    """
    transfer verify ./photos s3://bucket/photos
    transfer verify s3://a/x s3://b/y --compare checksum --json
    """,
    together(
        choose.COMPARING,
        choose.FILTERING,
        choose.LISTED_IN_FILE,
        choose.ON_DISK,
        choose.MOVING,
        choose.CALLING,
        _PLACES,
        _OUTPUT,
    ),
)
def verify(context: click.Context, /, source: str, target: str, **_: Any) -> int:
    """Compare SOURCE with TARGET and move nothing; the exit status is 1 when they differ."""
    return _perform(context, "verify", partial(transfer.verify, source, target), otherwise=Rows.DIFFERENCES)


def _perform(
    context: click.Context,
    verb: str,
    start: Callable[..., Awaitable[Result]],
    otherwise: Rows = Rows.NONE,
) -> int:
    """``start`` is given the options, and what a run is told of and told by."""
    options, controls = make_options(context), Controls()
    source, target = context.params["source"], context.params["target"]
    job = Job(
        verb,
        f"{source} → {target}",
        options,
        lambda listener: start(options, listener=listener, controls=controls),
        rows=rows_of(context, otherwise),
        progress=context.params["progress"],
        quiet=context.params["quiet"],
        last_words=_LOST if source == STREAM else AGAIN,
        resumable=source != STREAM,
        controls=controls,
    )
    return perform(job, context.obj)

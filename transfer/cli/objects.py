"""``transfer ls``, ``cat`` and ``rm``."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from contextlib import aclosing
from dataclasses import replace
from datetime import datetime
from typing import Any

import click

import transfer
from transfer.cli import choices as choose
from transfer.cli.command import Command, together
from transfer.cli.job import Job
from transfer.cli.listing import Listing
from transfer.cli.performing import perform, rows_of
from transfer.cli.running import run
from transfer.cli.settings import make_options
from transfer.cli.stdio import write_stdout
from transfer.cli.values import parse_span
from transfer.cli.words import printable
from transfer.location import names_all
from transfer.model import Entry, Span
from transfer.options import Options
from transfer.plain import plain_checksums

_encode = json.JSONEncoder(ensure_ascii=False).encode
_SECOND_NS = 1_000_000_000
_listing = choose.Section("What is shown")
_deleting = choose.Section("What is done")


@click.command(
    "ls",
    cls=Command,
    no_args_is_help=True,
    example="""
    transfer ls -l s3://bucket/photos
    transfer ls -0 s3://bucket | transfer copy s3://bucket ./out --files-from - -0
    """,
)
@click.argument("url")
@together(
    _listing.flag("-l", "--long", help="Size, time of last change and storage class too."),
    _listing.flag("-0", "nul", help="End keys in NUL, for names that hold newlines."),
    _listing.flag("--json", help="Everything known, an object a line."),
    choose.FILTERING,
    choose.READING,
)
@click.pass_context
def ls(context: click.Context, /, url: str, long: bool, nul: bool, json: bool, **_: Any) -> int:
    """List all objects below URL, by their keys relative to it. A scheme or remote alone (s3://) lists its buckets."""
    if names_all(url):
        options, end = make_options(context), "\0" if nul else "\n"
        return run(lambda stop: _list_buckets(url, options, json, end))
    listing = Listing(url, make_options(context), context.obj)
    line = _json_line if json else _line(long)
    return run(lambda stop: _list(listing, line, "\0" if nul else "\n"))


@click.command(
    "cat",
    cls=Command,
    no_args_is_help=True,
    example="""
    transfer cat s3://bucket/backup.tar | tar t
    transfer cat s3://bucket/big.bin --range 0-1023
    """,
)
@click.argument("url")
@together(
    _listing.value(
        "--range",
        "span",
        read=parse_span,
        metavar="FIRST-LAST",
        help="Only these bytes, counted from 0; 100- to the end.",
    ),
    choose.READING_COLD,
    choose.READING,
)
@click.pass_context
def cat(context: click.Context, /, url: str, span: Span | None, **_: Any) -> int:
    """Write the object at URL to stdout, or what it points to where it is a symlink on disk."""
    options = make_options(context)
    options = replace(options, stores=replace(options.stores, links="follow"))
    return run(lambda stop: write_object(url, options, span))


@click.command(
    "rm",
    cls=Command,
    no_args_is_help=True,
    example="""
    transfer rm s3://bucket/old.tar
    transfer rm s3://bucket/scratch --recursive --dry-run
    """,
)
@click.argument("url")
@together(
    choose.DRY_RUN,
    _deleting.flag("-r", "--recursive", help="Delete everything below URL."),
    choose.FILTERING,
    choose.TARGET,
    choose.CONFIG,
    choose.CALLING,
    choose.REPORT,
    choose.JSON,
    choose.PROGRESS,
    choose.QUIET,
    choose.VERBOSE,
    choose.LOGGING,
)
@click.pass_context
def rm(context: click.Context, /, url: str, recursive: bool, **_: Any) -> int:
    """Delete the object at URL, or with --recursive all that is below it and that the filters let through."""
    options = make_options(context)
    job = Job(
        "rm",
        url,
        options,
        lambda listener: transfer.remove(url, options, recursive=recursive, listener=listener),
        rows=rows_of(context),
        progress=context.params["progress"],
        quiet=context.params["quiet"],
    )
    return perform(job, context.obj)


async def write_object(url: str, options: Options, span: Span | None) -> int:
    """Write an object, or a span of it, to stdout."""
    async for chunk in transfer.cat(url, options, span=span):
        await write_stdout(chunk)
    return 0


async def _list_buckets(url: str, options: Options, json: bool, end: str) -> int:
    """Write a line for each bucket."""
    names = await transfer.list_containers(url, options)
    await write_stdout("".join((_encode({"bucket": name}) if json else name) + end for name in names))
    return 0


async def _list(listing: Listing, line: Callable[[Entry], str], end: str) -> int:
    """Write a line for each entry."""
    async with aclosing(listing.pages()) as pages:
        async for entries in pages:
            await write_stdout("".join(line(entry) + end for entry in entries))
    return listing.status


def _line(long: bool) -> Callable[[Entry], str]:
    """How an entry is shown: keys as they are for other programs, harmless ones for a terminal."""
    terminal = sys.stdout.isatty()

    def line(entry: Entry) -> str:
        key = printable(entry.key) if terminal else entry.key
        return f"{_facts(entry)}  {key}" if long else key

    return line


def _facts(entry: Entry) -> str:
    size = "-" if entry.size is None else str(entry.size)
    return f"{size:>14}  {_when(entry) or '-':<19}  {entry.storage_class or '-':<12}"


def _when(entry: Entry) -> str | None:
    time_ns = entry.modified_ns if entry.mtime_ns is None else entry.mtime_ns
    if time_ns is None:
        return None
    return datetime.fromtimestamp(time_ns / _SECOND_NS).astimezone().strftime("%Y-%m-%d %H:%M:%S")


def _json_line(entry: Entry) -> str:
    return _encode(
        {
            "key": entry.key,
            "size": entry.size,
            "mtime_ns": entry.mtime_ns,
            "modified_ns": entry.modified_ns,
            "etag": entry.etag,
            "version": entry.version,
            "checksums": plain_checksums(entry.checksums),
            "storage_class": entry.storage_class,
            "kind": entry.kind.value,
        }
    )

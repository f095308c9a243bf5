"""The options of the commands, section by section. Names and defaults are those of the Python API."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import click

from transfer.cli.command import Decorator, Option, together
from transfer.cli.logs import LEVELS
from transfer.cli.values import (
    parse_classes,
    parse_cost,
    parse_count,
    parse_daily,
    parse_file,
    parse_hourly,
    parse_moment,
    parse_positive,
    parse_setting,
    reading,
)
from transfer.mtfilter import parse_filter
from transfer.options import Compare, Options, Verify, Via
from transfer.plugin import LINKS
from transfer.rates import parse_calls, parse_limit
from transfer.units import format_duration, format_size, parse_duration, parse_size

_DEFAULTS = Options()
_STORES = _DEFAULTS.stores


class Section:
    """Declares options that stand under one heading."""

    def __init__(self, heading: str) -> None:
        self._heading = heading

    def flag(self, *names: str, help: str) -> Decorator:
        return self._option(*names, is_flag=True, default=False, help=help)

    def off(self, name: str, field: str, *, help: str) -> Decorator:
        """A flag that switches off what is on by default."""
        return self._option(name, field, is_flag=True, flag_value=False, default=True, help=help)

    def value(self, *names: str, help: str, read: Callable[[str], Any] | None = None, **more: Any) -> Decorator:
        """An option with a value, which ``read`` turns into what the API takes."""
        if read is not None:
            more |= {"type": str, "callback": reading(read)}
        return self._option(*names, help=help, **more)

    def file(self, name: str, *, help: str) -> Decorator:
        """The path of a file, given once: the last of two would have the first one forgotten."""
        return self.value(name, read=parse_file, metavar="FILE", help=help, once=True)

    def many(self, *names: str, metavar: str, help: str, read: Callable[[str], Any] | None = None) -> Decorator:
        """An option that may be given again and again."""
        return self.value(*names, metavar=metavar, help=help, read=read, multiple=True)

    def either(self, names: str, *, help: str) -> Decorator:
        """A flag with its opposite; None where neither is given."""
        return self._option(names, default=None, help=help)

    def _option(self, *names: str, **attributes: Any) -> Decorator:
        return click.option(*names, cls=Option, section=self._heading, **attributes)


_what = Section("What is done")
DRY_RUN = _what.flag("-n", "--dry-run", help="Print what would be done, and why; change nothing.")
COMPARING = together(
    _what.value(
        "--compare",
        type=click.Choice([str(way) for way in Compare]),
        default=str(_DEFAULTS.compare),
        metavar="HOW",
        help="Equal is: default, size, mtime, checksum, mtime-and-checksum, mtime-or-checksum; or always send.",
    ),
    _what.flag("--update", help="Leave alone what is newer at the target."),
)
SYNCING = together(
    _what.flag("--delete", help="Delete what the source lacks, once all went well."),
    _what.value("--max-delete", read=parse_count, metavar="N", help="Refuse to delete more than N objects."),
    _what.flag("--allow-empty-source", help="Delete even if the source lists no object that passes the filters."),
)
WRITING = together(
    _what.flag("--existing", help="Only objects that the target has already."),
    _what.flag("--ignore-existing", help="Only objects that the target does not have."),
    _what.flag("--immutable", help="Never overwrite; what differs is a failure."),
    _what.value("--backup-dir", metavar="URL", once=True, help="Keep there what is overwritten or deleted."),
)

_cold = Section("Cold storage")
READING_COLD = together(
    _cold.flag("--wait", help="Stay until what is in cold storage is readable and copied."),
    _cold.value("--tier", metavar="NAME", help="How fast to thaw, e.g. bulk; the provider's own choice by default."),
)
THAWING = together(
    READING_COLD,
    _cold.value("--thaw-days", read=parse_positive, metavar="N", help="For how long thawed copies stay readable (7)."),
    _cold.value(
        "--retrieval-rate", read=parse_hourly, metavar="SIZE/h", help="Never ask for more in an hour, e.g. 10GiB/h."
    ),
    _cold.value(
        "--retrieval-quota", read=parse_daily, metavar="SIZE/day", help="Never ask for more in a day, e.g. 500GiB/day."
    ),
    _cold.value("--max-cost", read=parse_cost, metavar="AMOUNT", help="Refuse what is estimated to cost more."),
    _cold.off("--no-thaw", "thaw", help="Ask for nothing: what is in cold storage is a failure."),
)

_which = Section("Which objects")
FILTERING = together(
    _which.many("--include", metavar="GLOB", help="Take these. The first rule that fits decides; ** spans folders."),
    _which.many("--exclude", metavar="GLOB", help="Leave these out; a trailing / skips a whole folder."),
    _which.many("--filter-from", metavar="FILE", help="Rules from a file, '+ GLOB' or '- GLOB' a line."),
    _which.many(
        "--mt-filter", "mt_rules", metavar="RULES", read=parse_filter, help="mtglacier's rules: '+PATTERN -PATTERN'."
    ),
    _which.value("--min-size", read=parse_size, metavar="SIZE", help="Only objects of at least this size, e.g. 64KiB."),
    _which.value("--max-size", read=parse_size, metavar="SIZE", help="Only objects of at most this size."),
    _which.value("--newer", "newer_ns", read=parse_moment, metavar="TIME", help="Only changed since, e.g. 7d."),
    _which.value("--older", "older_ns", read=parse_moment, metavar="TIME", help="Only changed before."),
)
LISTED_IN_FILE = together(
    _which.file("--files-from", help="Only the keys in FILE; - is stdin."),
    _which.flag("-0", "files_from_nul", help="Keys in FILE end in NUL instead of a newline."),
)

_proof = Section("Proof")
PROVING = together(
    _proof.value(
        "--verify",
        type=click.Choice([str(way) for way in Verify]),
        default=str(_DEFAULTS.verify),
        metavar="HOW",
        help="auto, or readback: read every object again.",
    ),
    _proof.flag("--allow-unproven", help="Unproven objects are no failures."),
    _proof.flag("--strict-metadata", help="Fail objects whose metadata the target can't hold."),
)

_metadata = Section("Metadata")
DESCRIBING = together(
    _metadata.off("--no-metadata", "metadata", help="Carry the bytes alone."),
    _metadata.flag("--tags", help="Carry tags too; costs a request an object."),
    _metadata.value("--acl", metavar="NAME", help="Canned ACL for what is written, e.g. private."),
    _metadata.value("--storage-class", metavar="CLASS", help="Storage class for what is written."),
    _metadata.many(
        "--map-class",
        read=parse_classes,
        metavar="A=B",
        help="Storage class B for what is of class A at the source.",
    ),
    _metadata.value("--sse", metavar="KIND", help="Encryption at the target: AES256 or aws:kms."),
    _metadata.value("--sse-kms-key-id", metavar="ID", help="The KMS key for it."),
    _metadata.value("--sse-c-key-file", metavar="FILE", help="A file with a key of your own (SSE-C)."),
)
ON_DISK = together(
    _metadata.value(
        "--links",
        type=click.Choice(LINKS),
        default=_STORES.links,
        metavar="HOW",
        help="Symlinks on disk: skip (default), follow, keep.",
    ),
    _metadata.flag("--owner", help="Restore owner and group of files too."),
    _metadata.flag("--empty-dirs", help="Carry empty folders."),
)

_effort = Section("Effort")
MOVING = together(
    _effort.value(
        "--memory",
        read=parse_size,
        default=_DEFAULTS.memory,
        metavar="SIZE",
        help=f"All buffers together ({format_size(_DEFAULTS.memory)}).",
    ),
    _effort.value(
        "--transfers",
        read=parse_positive,
        metavar="N",
        help="Objects and parts in flight at once (as many as fill the path).",
    ),
    _effort.value(
        "--processes",
        read=parse_positive,
        default=_DEFAULTS.processes,
        metavar="N",
        help=f"Processes that move the bytes ({_DEFAULTS.processes}).",
    ),
    _effort.value("--bwlimit", read=parse_limit, metavar="LIMIT", help="Bytes a second: 10M, UP:DOWN, or a timetable."),
    _effort.value("--max-errors", read=parse_count, metavar="N", help="Give up after more than N failed objects."),
)
CUTTING = together(
    _effort.value("--part-size", read=parse_size, metavar="SIZE", help="Smallest part of a large object."),
    _effort.value(
        "--multipart-threshold",
        read=parse_size,
        default=_DEFAULTS.multipart_threshold,
        metavar="SIZE",
        help=f"Objects from this size go in parts ({format_size(_DEFAULTS.multipart_threshold)}).",
    ),
    _effort.value(
        "--via",
        type=click.Choice([str(way) for way in Via]),
        default=str(_DEFAULTS.via),
        metavar="WAY",
        help="auto, or fetch: the target fetches from the source.",
    ),
    _effort.off("--no-server-copy", "server_copy", help="Stream even where the provider could copy."),
)
STREAMING = together(
    _effort.value("--size-hint", read=parse_size, metavar="SIZE", help="About how large a stream from stdin will be."),
    _effort.value("--spool", metavar="DIR", once=True, help="Keep a stream from stdin in DIR until its size is known."),
)
CALLING = together(
    _effort.value("--tps", read=parse_calls, metavar="N", help="Requests a second to each endpoint, at most."),
    _effort.value(
        "--retries",
        read=parse_count,
        default=_DEFAULTS.retries,
        metavar="N",
        help=f"Tries again for each call ({_DEFAULTS.retries}).",
    ),
    *[
        _effort.value(
            f"--{name}-timeout",
            read=parse_duration,
            default=seconds,
            metavar="TIME",
            help=f"{what} ({format_duration(seconds)}).",
        )
        for name, seconds, what in (
            ("connect", _STORES.connect_timeout, "For a connection to be made"),
            ("idle", _STORES.idle_timeout, "For a connection on which nothing moves"),
            ("request", _STORES.request_timeout, "For a whole request"),
        )
    ],
    _effort.value(
        "--connections",
        read=parse_positive,
        default=_STORES.connections,
        metavar="N",
        help=f"Most connections to a store ({_STORES.connections}).",
    ),
    _effort.flag("--request-payer", help="Pay for requests to a bucket of somebody else."),
)

_places = Section("Places")
CONFIG = _places.file("--config", help="Instead of ./transfer.toml or the user's own.")
SOURCE = _places.many(
    "--source-option",
    "source_settings",
    read=parse_setting,
    metavar="NAME=VALUE",
    help="A setting of the source, e.g. profile=old.",
)
TARGET = _places.many(
    "--target-option",
    "target_settings",
    read=parse_setting,
    metavar="NAME=VALUE",
    help="A setting of the target, e.g. region=eu-west-1.",
)
CHECKPOINT = _places.file("--checkpoint", help="Where the run's memory is kept.")

_output = Section("Output")
JSON = _output.flag("--json", help="JSON lines on stdout.")
PROFILE = _output.file("--profile", help="Where the run's time went, as JSON.")
REPORT = _output.file("--report", help="A row for each object, in a .csv or .jsonl file.")
PROGRESS = _output.either(
    "--progress/--no-progress",
    help="Progress on stderr: live, or a line every 10 s.",
)
QUIET = _output.flag("-q", "--quiet", help="Errors alone: no summary, notes or progress.")
VERBOSE = _output.flag("-v", "--verbose", help="Name each object that is done; --log-level info.")
LOGGING = together(
    _output.value(
        "--log-level", type=click.Choice(LEVELS), metavar="LEVEL", help="debug, info, warning (default), error."
    ),
    _output.file("--log-file", help="Log there instead of to stderr."),
)
READING = together(SOURCE, CONFIG, CALLING, LOGGING)
"""For commands that look at one place."""

"""Which options a stream heeds. The rest would be given in vain, and is refused by name. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from collections.abc import Set as AbstractSet
from dataclasses import fields

from transfer.errors import Misconfigured
from transfer.fields import flag
from transfer.filters import Filter
from transfer.options import Options
from transfer.plugin import StoreOptions

_CALLING = {
    *("memory", "bwlimit", "tps", "retries", "config", "log_file", "links", "sse_c_key_file", "request_payer"),
    *("connect_timeout", "idle_timeout", "request_timeout", "connections"),
}
WRITING: AbstractSet[str] = _CALLING | {
    *("size_hint", "max_size", "spool", "part_size", "transfers", "immutable", "verify", "allow_unproven", "report"),
    *("target_settings", "storage_class", "acl", "sse", "sse_kms_key_id"),
}
"""Fields that count where the source is a stream."""
READING: AbstractSet[str] = _CALLING | {"dry_run", "source_settings", "wait", "tier"}
"""Fields that count where an object becomes a stream. Only a dry run has anything to report."""
_PARTS = {"filter", "stores"}
_FLAGS = {
    "metadata": "--no-metadata",
    "server_copy": "--no-server-copy",
    "thaw": "--no-thaw",
    "files_from_nul": "-0",
    "rules": "--include/--exclude/--filter-from",
    "mt_rules": "--mt-filter",
    "newer_ns": "--newer",
    "older_ns": "--older",
    "source_settings": "--source-option",
    "target_settings": "--target-option",
}
"""What the command line calls fields that have another name there."""


def refuse_idle(options: Options, heeded: AbstractSet[str]) -> None:
    """Raise Misconfigured for options that differ from their defaults and that nobody heeds."""
    idle = [_FLAGS.get(name, flag(name)) for name in _given(options) if name not in heeded | _PARTS]
    if idle:
        have, them = ("has", "it") if len(idle) == 1 else ("have", "them")
        raise Misconfigured(f"{', '.join(idle)} {have} no effect on a stream; leave {them} out.")


def _given(options: Options) -> Iterator[str]:
    for given, default in (
        (options, Options()),
        (options.filter, Filter()),
        (options.stores, StoreOptions()),
    ):
        for field in fields(given):
            if getattr(given, field.name) != getattr(default, field.name):
                yield field.name

"""The options of a run. Names and meanings are the command line's (``--max-delete`` is ``max_delete``)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from pathlib import Path
from typing import Any

from transfer import fields
from transfer.errors import Misconfigured
from transfer.filters import Filter
from transfer.plugin import StoreOptions
from transfer.rates import Timetable, timetable_of

MIB = 1024 * 1024


class Compare(StrEnum):
    """How an object that exists on both sides is judged to be the same."""

    DEFAULT = "default"
    SIZE = "size"
    MTIME = "mtime"
    CHECKSUM = "checksum"
    MTIME_AND_CHECKSUM = "mtime-and-checksum"
    """Equal times are enough; where they differ, checksums decide."""
    MTIME_OR_CHECKSUM = "mtime-or-checksum"
    """Other times are enough to send it again; where they are equal, checksums decide."""
    ALWAYS = "always"


class Verify(StrEnum):
    """How an object that was written is proven."""

    AUTO = "auto"
    READBACK = "readback"


class Via(StrEnum):
    """Which way the bytes go."""

    AUTO = "auto"
    """Through this machine, unless one provider has both sides and copies."""
    FETCH = "fetch"
    """From the source to the target, which fetches them by itself."""


@dataclass(frozen=True, slots=True)
class Options:
    """What a caller may choose. Sizes are in bytes, times in seconds.

    Words stand for members of :class:`Compare`, :class:`Verify` and :class:`Via`, and texts for paths. Raises
    Misconfigured for what can't be, and for what would have no effect beside the rest.
    """

    # What is to be done
    compare: Compare = Compare.DEFAULT
    existing: bool = False
    """Only objects that the target has already."""
    ignore_existing: bool = False
    """Only objects that the target does not have."""
    update: bool = False
    """Leave objects alone that are newer at the target."""
    immutable: bool = False
    """Never overwrite: an object that differs is a failure."""
    filter: Filter = Filter()
    files_from: tuple[str, ...] | Path | None = None
    """Keys, or a file that names them one a line; then nothing is listed."""
    files_from_nul: bool = False
    delete: bool = False
    allow_empty_source: bool = False
    max_delete: int | None = None
    backup_dir: str | None = None
    """URL of a store that gets what would be overwritten or deleted."""
    dry_run: bool = False

    # What becomes of objects in cold storage
    thaw: bool = True
    """Ask for them; else they are failures."""
    wait: bool = False
    """Stay until they are readable and copied."""
    tier: str | None = None
    """How fast, in the provider's words; None is its own choice."""
    thaw_days: int | None = None
    """How long they are to be readable; None is 7, or as long as the provider says."""
    retrieval_rate: int | None = None
    """Most bytes to ask for in an hour."""
    retrieval_quota: int | None = None
    """Most bytes to ask for in 24 hours."""

    max_cost: Decimal | None = None
    """Refuse what would cost more, in the currency of the tables of prices."""

    # How it is proven
    verify: Verify = Verify.AUTO
    allow_unproven: bool = False
    strict_metadata: bool = False

    # What the target objects are to be like
    storage_class: str | None = None
    map_class: Mapping[str, str] = field(default_factory=dict)
    """The target's storage class for each of the source's; others become the like of them, where the target has one."""
    stores: StoreOptions = StoreOptions()
    metadata: bool = True
    """Carry headers and user metadata over."""

    # How hard
    memory: int = 256 * MIB
    transfers: int | None = None
    """Objects and parts of objects in flight at once; None lets the engine find out how many fill the path."""
    processes: int = 1
    """Processes that move the bytes. Memory and transfers are divided among them; limits on rates are shared."""
    part_size: int | None = None
    """Smallest part; None lets the engine choose."""
    multipart_threshold: int = 16 * MIB
    via: Via = Via.AUTO
    server_copy: bool = True
    bwlimit: int | str | Timetable | None = None
    """Bytes a second, up and down each; or as on the command line: ``"10M:1M"``, ``"08:00,512k 23:00,off"``."""
    tps: float | None = None
    """Requests a second to each endpoint."""
    retries: int = 12
    max_errors: int | None = None
    size_hint: int | None = None
    """Expected size of a stream of unknown length. (How large it may become at most is ``filter.max_size``.)"""
    spool: Path | None = None
    """Folder in which such a stream is kept until all of it is there, and its size known."""

    # Where things are
    checkpoint: Path | None = None
    config: Path | None = None
    report: Path | None = None
    profile: Path | None = None
    """File for where the run's time went, as JSON."""
    log_file: Path | None = None
    """File that the caller logs to, which is not to be among what is moved."""
    source_settings: Mapping[str, str] = field(default_factory=dict, repr=False)
    """Settings of the source's remote, as in ``transfer.toml`` (``endpoint``, ``profile``, …): perhaps secrets."""
    target_settings: Mapping[str, str] = field(default_factory=dict, repr=False)

    def __post_init__(self) -> None:
        fields.settle(self, _CHECKS)
        _refuse_contradictions(self)


def _files_from(name: str, value: Any) -> tuple[str, ...] | Path:
    if not isinstance(value, list | tuple):
        return fields.path(name, value)
    return tuple(fields.text(name, key) for key in value)


def _limit(name: str, value: Any) -> int | str | Timetable:
    if isinstance(value, bool) or not isinstance(value, int | str | Timetable):
        raise Misconfigured(f"{name} must be a number, a text or a timetable, not {value!r}.")
    timetable_of(value)
    return value


COLD_STORAGE = ("wait", "tier", "thaw_days", "retrieval_rate", "retrieval_quota")
"""Options that count only where something is thawed."""
_FLAGS = (
    *("existing", "ignore_existing", "update", "immutable", "files_from_nul", "delete", "allow_empty_source"),
    *("dry_run", "allow_unproven", "strict_metadata", "metadata", "server_copy", "thaw", "wait"),
)
_CHECKS: Mapping[str, fields.Check] = {
    "compare": fields.member(Compare),
    "verify": fields.member(Verify),
    "via": fields.member(Via),
    "filter": fields.instance(Filter, "a Filter"),
    "stores": fields.instance(StoreOptions, "StoreOptions"),
    "files_from": fields.optional(_files_from),
    "backup_dir": fields.optional(fields.path_text),
    **dict.fromkeys(("storage_class", "tier"), fields.optional(fields.text)),
    "memory": fields.whole(MIB, "1MiB"),
    "bwlimit": fields.optional(_limit),
    "tps": fields.optional(fields.positive),
    **dict.fromkeys(_FLAGS, fields.switch),
    **dict.fromkeys(("processes", "multipart_threshold"), fields.whole(1)),
    **dict.fromkeys(("transfers", "part_size", "thaw_days"), fields.optional(fields.whole(1))),
    **dict.fromkeys(("retrieval_rate", "retrieval_quota"), fields.optional(fields.whole(MIB, "1MiB"))),
    "max_cost": fields.optional(fields.amount),
    "retries": fields.whole(),
    **dict.fromkeys(("max_delete", "max_errors", "size_hint"), fields.optional(fields.whole())),
    **dict.fromkeys(("checkpoint", "config", "report", "profile", "log_file"), fields.optional(fields.path)),
    "spool": fields.optional(fields.folder),
    **dict.fromkeys(("source_settings", "target_settings"), fields.texts),
    "map_class": fields.names,
}


def _refuse_contradictions(options: Options) -> None:
    for sentence in (*_about_objects(options), *_about_cold_storage(options), *_about_metadata(options)):
        raise Misconfigured(sentence)


def _about_objects(options: Options) -> Iterator[str]:
    if options.files_from is not None and options.delete:
        yield "--files-from lists nothing, so --delete can't know what is gone; leave one of them out."
    if options.files_from_nul and not isinstance(options.files_from, Path):
        yield "-0 (files_from_nul) tells how keys end in the file of --files-from, and there is none; leave it out."
    if options.max_delete is not None and not options.delete:
        yield "--max-delete is a bound for --delete, without which nothing is deleted; give both, or neither."
    if options.allow_empty_source and not options.delete:
        yield "--allow-empty-source is for --delete, without which nothing is deleted; give both, or neither."
    if options.existing and options.ignore_existing:
        yield "--existing and --ignore-existing together leave nothing to do; leave one of them out."
    for name in ("immutable", "ignore_existing"):
        if getattr(options, name) and options.backup_dir is not None and not options.delete:
            yield f"{fields.flag(name)} replaces nothing, so --backup-dir has nothing to keep; leave one of them out."
    if options.part_size is not None and options.part_size >= options.memory:
        yield "--part-size does not fit into --memory; make it smaller, or give more memory."
    if options.size_hint is not None and options.spool is not None:
        yield "--spool finds out how large a stream is, so --size-hint has no effect; leave one of them out."
    if options.size_hint is not None and options.filter.max_size is not None:
        yield "--max-size says how large a stream may become, so --size-hint has no effect; leave one of them out."


def _about_cold_storage(options: Options) -> Iterator[str]:
    if options.thaw:
        return
    for name in COLD_STORAGE:
        if getattr(options, name) not in (None, False):
            yield f"--no-thaw asks for nothing, so {fields.flag(name)} has no effect; leave one of them out."


def _about_metadata(options: Options) -> Iterator[str]:
    if options.storage_class is not None and options.map_class:
        yield "--storage-class is one class for all objects, so --map-class has no effect; leave one of them out."
    if options.metadata:
        return
    if options.map_class:
        yield "--no-metadata leaves behind the storage classes that --map-class is about; leave one of them out."
    if options.stores.tags:
        yield "--no-metadata leaves behind what --tags would carry; leave one of them out."
    if options.stores.owner:
        yield "--no-metadata leaves behind what --owner would restore; leave one of them out."
    if options.strict_metadata:
        yield "--no-metadata leaves behind what --strict-metadata insists on; leave one of them out."

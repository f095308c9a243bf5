"""The options of a run. Names and meanings are the command line's (``--max-delete`` is ``max_delete``)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from transfer.filters import Filter
from transfer.plugin import StoreOptions
from transfer.rates import Timetable

MIB = 1024 * 1024


class Compare(StrEnum):
    """How an object that exists on both sides is judged to be the same."""

    DEFAULT = "default"
    SIZE = "size"
    MTIME = "mtime"
    CHECKSUM = "checksum"
    ALWAYS = "always"


class Verify(StrEnum):
    """How an object that was written is proven."""

    AUTO = "auto"
    READBACK = "readback"


@dataclass(frozen=True, slots=True)
class Options:
    """What a caller may choose. Sizes are in bytes, times in seconds."""

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

    # How it is proven
    verify: Verify = Verify.AUTO
    allow_unproven: bool = False
    strict_metadata: bool = False

    # What the target objects are to be like
    storage_class: str | None = None
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
    server_copy: bool = True
    bwlimit: int | str | Timetable | None = None
    """Bytes a second, up and down each; or as on the command line: ``"10M:1M"``, ``"08:00,512k 23:00,off"``."""
    tps: float | None = None
    """Requests a second to each endpoint."""
    retries: int = 12
    max_errors: int | None = None
    size_hint: int | None = None
    """Expected size of a stream of unknown length."""

    # Where things are
    checkpoint: Path | None = None
    config: Path | None = None
    report: Path | None = None
    profile: Path | None = None
    """File for where the run's time went, as JSON."""
    source_settings: Mapping[str, str] = field(default_factory=dict, repr=False)
    """Settings of the source's remote, as in ``transfer.toml`` (``endpoint``, ``profile``, …): perhaps secrets."""
    target_settings: Mapping[str, str] = field(default_factory=dict, repr=False)

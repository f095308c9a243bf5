"""What the file system tells of a file, in the words of the model. Pure."""

from __future__ import annotations

import mimetypes
import os
import stat
from collections.abc import Mapping
from functools import cache, lru_cache

from transfer.model import Entry, Kind, Metadata, Posix

_COMPRESSED: Mapping[str, str] = {
    "gzip": "application/gzip",
    "bzip2": "application/x-bzip2",
    "xz": "application/x-xz",
    "compress": "application/x-compress",
    "br": "application/x-brotli",
}


def identity(status: os.stat_result) -> str:
    """Changes whenever the file's bytes, metadata or place on disk do."""
    return f"{status.st_ino:x}-{status.st_ctime_ns:x}"


def entry_of(key: str, status: os.stat_result, metadata: Metadata | None = None) -> Entry:
    """The entry of a file, a symlink (kept as such) or a folder."""
    kind = _kind(status.st_mode)
    return Entry(
        key,
        0 if kind is Kind.FOLDER else status.st_size,
        status.st_mtime_ns,
        status.st_ctime_ns,
        identity=identity(status),
        metadata=metadata,
        kind=kind,
    )


def _kind(mode: int) -> Kind:
    if stat.S_ISREG(mode):
        return Kind.OBJECT
    return Kind.FOLDER if stat.S_ISDIR(mode) else Kind.SYMLINK


def metadata_of(key: str, status: os.stat_result, link_target: str | None = None) -> Metadata:
    """Everything that travels with the file's bytes."""
    posix = Posix(status.st_mtime_ns, status.st_mode, status.st_uid, status.st_gid, link_target)
    return Metadata(content_type=content_type(key) if stat.S_ISREG(status.st_mode) else None, posix=posix)


def content_type(key: str) -> str | None:
    """Guessed from the name's last two suffixes. A compressed file is just that: whoever
    receives ``x.tar.gz`` wants the gzip file and not what is in it."""
    _, *suffixes = key.rpartition("/")[2].lstrip(".").rsplit(".", 2)
    return _guess(".".join(suffixes)) if suffixes else None


@lru_cache(maxsize=4096)
def _guess(suffixes: str) -> str | None:
    kind, compression = _types().guess_type(f"x.{suffixes}")
    return _COMPRESSED.get(compression) if compression else kind


@cache
def _types() -> mimetypes.MimeTypes:
    """Python's own table; the machine's would make a difference between machines."""
    return mimetypes.MimeTypes()


def same_state(one: os.stat_result, other: os.stat_result) -> bool:
    """Whether a file's bytes can't have changed between two looks at it."""
    return (one.st_size, one.st_mtime_ns, one.st_ctime_ns, one.st_ino, one.st_dev) == (
        other.st_size,
        other.st_mtime_ns,
        other.st_ctime_ns,
        other.st_ino,
        other.st_dev,
    )


def as_known(entry: Entry, status: os.stat_result) -> bool:
    """Whether the file still is what ``entry`` says, as far as it says anything."""
    size = 0 if stat.S_ISDIR(status.st_mode) else status.st_size
    return (
        entry.size in (None, size)
        and entry.mtime_ns in (None, status.st_mtime_ns)
        and entry.identity in (None, identity(status))
    )

"""What of an object's metadata a file can hold, and what it can't."""

from __future__ import annotations

import os
import stat
import time
from collections.abc import Callable

from transfer.model import Metadata, Posix, Proof, Stored
from transfer_local.entries import content_type, entry_of, metadata_of

_SAYS_NOTHING = (None, "", "application/octet-stream", "binary/octet-stream")
_PERMISSIONS = 0o777


def apply(fd: int, posix: Posix, *, owner: bool) -> tuple[str, ...]:
    """Give an open file or folder its owner (where ``owner`` says so), permissions and mtime.

    Returns the names of the fields that the file system refused.
    """
    # In this order: a new owner clears the set-user-id bit.
    lost = _owner(posix, lambda uid, gid: os.fchown(fd, uid, gid)) if owner else ()
    if posix.mode is not None:
        mode = posix.mode & (_PERMISSIONS | (_special(posix) if owner and not lost else 0))
        lost += _try("mode", lambda: os.fchmod(fd, mode))
    if posix.mtime_ns is not None:
        times = (time.time_ns(), posix.mtime_ns)
        lost += _try("mtime", lambda: os.utime(fd, ns=times))
    return lost


def apply_to_link(folder: int, name: bytes, posix: Posix, *, owner: bool) -> tuple[str, ...]:
    """The same for a symlink, which is not followed and has no permissions of its own."""

    def chown(uid: int, gid: int) -> None:
        os.chown(name, uid, gid, dir_fd=folder, follow_symlinks=False)

    lost = _owner(posix, chown) if owner else ()
    if posix.mtime_ns is not None:
        times = (time.time_ns(), posix.mtime_ns)
        lost += _try("mtime", lambda: os.utime(name, ns=times, dir_fd=folder, follow_symlinks=False))
    return lost


def _special(posix: Posix) -> int:
    """The bits beyond permissions that may be given: set-user-id and its like only with the owner that they mean."""
    user = 0 if posix.uid is None else stat.S_ISUID
    group = 0 if posix.gid is None else stat.S_ISGID
    return stat.S_ISVTX | user | group


def _owner(posix: Posix, chown: Callable[[int, int], None]) -> tuple[str, ...]:
    if posix.uid is None and posix.gid is None:
        return ()
    uid = -1 if posix.uid is None else posix.uid
    gid = -1 if posix.gid is None else posix.gid
    return _try("owner", lambda: chown(uid, gid))


def _try(name: str, action: Callable[[], None]) -> tuple[str, ...]:
    try:
        action()
    except (OSError, OverflowError):
        return (name,)
    return ()


def _lost_headers(key: str, metadata: Metadata) -> tuple[str, ...]:
    """The names of what a file can't hold. A content type that its name tells anyway is not lost."""
    kind = metadata.content_type
    fields = {
        "content-type": kind not in _SAYS_NOTHING and kind != content_type(key),
        "content-encoding": metadata.content_encoding,
        "content-language": metadata.content_language,
        "content-disposition": metadata.content_disposition,
        "cache-control": metadata.cache_control,
        "expires": metadata.expires,
        "website-redirect": metadata.website_redirect,
        "user": metadata.user,
        "tags": metadata.tags,
    }
    return tuple(name for name, value in fields.items() if value)


def stored(
    key: str,
    metadata: Metadata,
    status: os.stat_result,
    proof: Proof,
    lost: tuple[str, ...],
    link_target: str | None = None,
) -> Stored:
    """What was written, as it looks now. ``lost`` is what the file system refused."""
    if metadata.posix.link_target is not None and not stat.S_ISLNK(status.st_mode):
        lost += ("link-target",)
    entry = entry_of(key, status, metadata_of(key, status, link_target))
    return Stored(entry, proof, lost + _lost_headers(key, metadata))

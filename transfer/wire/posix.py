"""What a disk keeps beside the bytes, as user metadata. The names and forms are rclone's.

``mtime`` is seconds with nine decimals, ``mode`` octal with the file type bits, ``uid`` and
``gid`` are decimal. ``symlink-target`` is ours: the target's bytes, percent-encoded.

s3fs writes ``mode`` in decimal. That is understood, too, and stays in the user metadata, so
that at another bucket it is again what s3fs reads.
"""

from __future__ import annotations

import re
import stat
from collections.abc import Mapping
from functools import lru_cache
from urllib.parse import quote, unquote_to_bytes

from transfer.model import Posix

_SECOND = 1_000_000_000
_MTIME = re.compile(r"(-?)(\d{1,12})(?:\.(\d{1,9})\d*)?", re.ASCII)
_OCTAL = re.compile(r"[0-7]{1,7}", re.ASCII)
_DECIMAL = re.compile(r"\d{1,10}", re.ASCII)
_TYPES = frozenset({stat.S_IFREG, stat.S_IFLNK, stat.S_IFDIR})
_NAMES = frozenset({"mtime", "mode", "uid", "gid", "symlink-target"})


def to_user(posix: Posix) -> dict[str, str]:
    """The user metadata that holds what is known of ``posix``."""
    user: dict[str, str] = {}
    if posix.mtime_ns is not None:
        sign, (seconds, rest) = "-" * (posix.mtime_ns < 0), divmod(abs(posix.mtime_ns), _SECOND)
        user["mtime"] = f"{sign}{seconds}.{rest:09d}"
    if posix.mode is not None:
        user["mode"] = f"{posix.mode:o}"
    if posix.uid is not None:
        user["uid"] = str(posix.uid)
    if posix.gid is not None:
        user["gid"] = str(posix.gid)
    if posix.link_target is not None:
        user["symlink-target"] = quote(posix.link_target.encode("utf-8", "surrogateescape"), safe="/")
    return user


def from_user(user: Mapping[str, str]) -> tuple[Posix, dict[str, str]]:
    """What ``user`` says of a file, and the user metadata that is left.

    A value that is not of the form above is somebody else's, and stays where it is; of those only
    a ``mode`` in decimal is understood.
    """
    if _NAMES.isdisjoint(user):
        return Posix(), dict(user)
    rest = dict(user)
    foreign = _decimal_mode(user.get("mode", ""))
    posix = Posix(
        mtime_ns=_taken(rest, "mtime", _mtime(user.get("mtime", ""))),
        mode=_taken(rest, "mode", _mode(user.get("mode", ""))) if foreign is None else foreign,
        uid=_taken(rest, "uid", _number(user.get("uid", ""), _DECIMAL, 10)),
        gid=_taken(rest, "gid", _number(user.get("gid", ""), _DECIMAL, 10)),
        link_target=_link(rest.pop("symlink-target", None)),
    )
    return posix, rest


def _taken(rest: dict[str, str], name: str, value: int | None) -> int | None:
    if value is not None:
        del rest[name]
    return value


def _mtime(text: str) -> int | None:
    found = _MTIME.fullmatch(text)
    if found is None:
        return None
    sign, seconds, decimals = found.groups()
    value = int(seconds) * _SECOND + int((decimals or "").ljust(9, "0"))
    return -value if sign else value


@lru_cache(maxsize=1024)
def _number(text: str, form: re.Pattern[str], base: int) -> int | None:
    return int(text, base) if form.fullmatch(text) else None


@lru_cache(maxsize=1024)
def _mode(text: str) -> int | None:
    """A mode in octal, with the type of something that can be an object, or without a type."""
    value = _number(text, _OCTAL, 8)
    return None if value is None or _type(value) not in (0, *_TYPES) else value


@lru_cache(maxsize=1024)
def _decimal_mode(text: str) -> int | None:
    """A mode in decimal, with a type of which no octal one can be in these digits.

    Those of files (32768 to 36863) and folders (16384 to 20479) would be in octal of no type, a FIFO's
    or a device's. A symlink's would be a folder's, so only what all symlinks have is taken for one.
    """
    value = _number(text, _DECIMAL, 10)
    known = value is not None and (_type(value) in (stat.S_IFREG, stat.S_IFDIR) or value == stat.S_IFLNK | 0o777)
    return value if known and not text.startswith("0") else None


def _type(mode: int) -> int:
    """All above the permissions, not only where a type may be: a number that is no mode has no known one."""
    return mode - stat.S_IMODE(mode)


def _link(text: str | None) -> str | None:
    return None if text is None else unquote_to_bytes(text).decode("utf-8", "surrogateescape")

"""What a disk keeps beside the bytes, as user metadata. The names and forms are rclone's.

``mtime`` is seconds with nine decimals, ``mode`` octal with the file type bits, ``uid`` and
``gid`` are decimal. ``symlink-target`` is ours: the target's bytes, percent-encoded.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from urllib.parse import quote, unquote_to_bytes

from transfer.model import Posix

_SECOND = 1_000_000_000
_MTIME = re.compile(r"(-?)(\d{1,12})(?:\.(\d{1,9})\d*)?", re.ASCII)
_OCTAL = re.compile(r"[0-7]{1,7}", re.ASCII)
_DECIMAL = re.compile(r"\d{1,10}", re.ASCII)
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

    A value that is not of the form above is somebody else's, and stays where it is.
    """
    if _NAMES.isdisjoint(user):
        return Posix(), dict(user)
    rest = dict(user)
    posix = Posix(
        mtime_ns=_taken(rest, "mtime", _mtime(user.get("mtime", ""))),
        mode=_taken(rest, "mode", _number(user.get("mode", ""), _OCTAL, 8)),
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


def _link(text: str | None) -> str | None:
    return None if text is None else unquote_to_bytes(text).decode("utf-8", "surrogateescape")

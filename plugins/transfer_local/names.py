"""Keys as paths, and the names that are ours alone. Pure."""

from __future__ import annotations

import os
import random
import re
import time
from hashlib import blake2b

from transfer.errors import Unsupported

MAX_NAME = 255
"""Bytes of one segment, on nearly every file system."""
MAX_PATH = 4095
"""Bytes of a whole key: one less than Linux's PATH_MAX."""

_TEMPORARY = (".transfer-", ".tmp")
_RESERVED = _TEMPORARY[0].encode()
_PARTS = ".parts.tmp"
_UPLOAD = re.compile(r"([0-9a-f]{16})-([0-9a-f]+)-[0-9a-f]{8}")
_OURS = re.compile(rf"\.transfer-((\u00e9|e\u0301)?[0-9a-f]{{8}}|{_UPLOAD.pattern}\.parts)\.tmp")
"""What is written in one go, the probe of a file system (some spell its letter in two), what gathers parts."""

Segments = tuple[bytes, ...]


def segments(key: str) -> Segments:
    """The names of the folders and at last the file, or folder, that ``key`` is a path of.

    One slash at the end is dropped. Raises Unsupported for what can't be a path below a folder.
    """
    try:
        path = key.encode()
    except UnicodeEncodeError:
        raise unusable(key, "it is not valid Unicode") from None
    names = tuple(path.removesuffix(b"/").split(b"/"))
    fault = _fault(path, names)
    if fault:
        raise unusable(key, fault)
    return names


def _fault(path: bytes, names: Segments) -> str | None:
    if path in (b"", b"/") or path.startswith(b"/"):
        return "it is empty or starts with '/'"
    if b"\0" in path:
        return "it holds a NUL character"
    if len(path) > MAX_PATH:
        return f"it is longer than {MAX_PATH} bytes"
    if b"" in names:
        return "it holds '//'"
    if b"." in names or b".." in names:
        return "'.' and '..' are not names of files"
    if len(path) > MAX_NAME and max(map(len, names)) > MAX_NAME:
        return f"a name in it is longer than {MAX_NAME} bytes"
    if names[-1].startswith(_RESERVED) and not path.endswith(b"/") and is_temporary(names[-1].decode()):
        return "names of just this form are kept for temporary files"
    return None


def unusable(key: str, fault: str) -> Unsupported:
    """The error for a key that can't be a path here."""
    shown = ascii(key)[1:-1] if not key.isprintable() else key
    return Unsupported(f"'{shown}' can't be a path on disk: {fault}", key=key)


def is_temporary(name: str) -> bool:
    """Whether a file of this name is one of ours, half-written. What only looks like it is somebody's."""
    return name.startswith(_TEMPORARY[0]) and _OURS.fullmatch(name) is not None


def is_parts(name: str) -> bool:
    """Whether a temporary file belongs to a multipart upload, which another run may go on with."""
    return name.endswith(_PARTS)


def temporary() -> bytes:
    """A name for a file that is written in one go."""
    return (_TEMPORARY[0] + _random() + _TEMPORARY[1]).encode()


def new_upload(key: str) -> str:
    """An upload's id. It tells which key it is for and when it was begun."""
    return f"{_mark(key)}-{time.time_ns():x}-{_random()}"


def is_upload(identifier: str) -> bool:
    """Whether it has the form of :func:`new_upload`; anything else might name another file."""
    return _UPLOAD.fullmatch(identifier) is not None


def of_upload(identifier: str) -> bytes:
    """The name of the file that gathers an upload's parts."""
    return f"{_TEMPORARY[0]}{identifier}{_PARTS}".encode()


def upload_in(name: str, key: str) -> tuple[str, int] | None:
    """The id and the beginning (ns) of the upload that the file ``name`` gathers, if it is for ``key``."""
    if not is_temporary(name) or not is_parts(name):
        return None
    identifier = name[len(_TEMPORARY[0]) : -len(_PARTS)]
    match = _UPLOAD.fullmatch(identifier)
    return (identifier, int(match[2], 16)) if match and match[1] == _mark(key) else None


def printable(name: str) -> str:
    """A name with undecodable bytes (as surrogates), these shown as ``\\xNN``."""
    return os.fsencode(name).decode("utf-8", "backslashreplace")


def _random() -> str:
    # No secret: O_EXCL sees to it that the name is new. And no system call, as real randomness is.
    return f"{random.getrandbits(32):08x}"


def _mark(key: str) -> str:
    return blake2b(key.encode(), digest_size=8).hexdigest()

"""Kodo's hash of an object: the SHA-1 of up to 4 MiB, or that of its blocks' SHA-1s, behind a byte that says which."""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Sequence
from hashlib import sha1

_WHOLE, _BLOCKS = b"\x16", b"\x96"
_WIDTH = 21


def sha1_of(text: str | None) -> bytes | None:
    """The SHA-1 of all bytes, where the hash is just that; None for hashes of blocks or of parts."""
    try:
        raw = urlsafe_b64decode(text or "")
    except ValueError:
        return None
    return raw[1:] if len(raw) == _WIDTH and raw[:1] == _WHOLE else None


def hash_of(blocks: Sequence[bytes]) -> str:
    """The hash of an object, from the SHA-1s of its blocks of 4 MiB, of which there is at least one."""
    whole = len(blocks) == 1
    raw = _WHOLE + blocks[0] if whole else _BLOCKS + sha1(b"".join(blocks), usedforsecurity=False).digest()
    return urlsafe_b64encode(raw).decode()

"""The encodings that a journal may have."""

from __future__ import annotations

import codecs

from transfer.errors import Misconfigured

_ASCII = bytes(range(128))


def checked(encoding: str) -> str:
    """The encoding's name. Raises Misconfigured unless lines and fields can be told apart by their bytes."""
    try:
        name = codecs.lookup(encoding).name
        plain = _ASCII.decode(name) == _ASCII.decode("ascii") and _ASCII.decode("ascii").encode(name) == _ASCII
    except (LookupError, UnicodeError):
        plain = False
    if not plain:
        raise Misconfigured(
            f"'{encoding}' is no encoding of a journal; give one in which ASCII stays as it is, like utf-8 or koi8-r"
        )
    return name

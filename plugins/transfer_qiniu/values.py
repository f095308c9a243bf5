"""Texts as values of user metadata, of which Kodo takes few characters and up to 200 bytes."""

from __future__ import annotations

import re
from base64 import urlsafe_b64decode, urlsafe_b64encode

LONGEST = 200
_PLAIN = re.compile(r"[A-Za-z0-9.+/;=,_-]([A-Za-z0-9.+/;=,_ -]*[A-Za-z0-9.+/;=,_-])?", re.ASCII)
_MARK = "b64="
"""Ahead of what is the UTF-8 of another text in URL-safe base64."""


def is_plain(text: str) -> bool:
    """Whether Kodo holds ``text`` as it is, by its documents."""
    return _PLAIN.fullmatch(text) is not None and len(text) <= LONGEST


def encode(text: str) -> str:
    """``text`` in characters that Kodo takes; it may be too long all the same."""
    if _PLAIN.fullmatch(text) and not text.startswith(_MARK):
        return text
    return _MARK + urlsafe_b64encode(text.encode()).decode().rstrip("=")


def decode(value: str) -> str:
    """The text of a value. What is not of our making stays as it is."""
    if not value.startswith(_MARK):
        return value
    packed = value.removeprefix(_MARK)
    try:
        text = urlsafe_b64decode(packed + "=" * (-len(packed) % 4)).decode()
    except ValueError:
        return value
    return text if encode(text) == value else value

"""Text in headers: S3 wants ASCII, and takes and gives everything else as encoded words (RFC 2047)."""

from __future__ import annotations

import base64
import binascii
import quopri
import re
from functools import lru_cache

_PLAIN = re.compile(r"[!-~]([ -~]*[!-~])?", re.ASCII)
_WORD = re.compile(r"=\?([A-Za-z0-9_-]+)(?:\*[A-Za-z0-9-]+)?\?([bBqQ])\?([!->@-~]*)\?=", re.ASCII)
_BETWEEN = re.compile(r"(?<=\?=)[ \t]+(?==\?)")
_WORD_BYTES = 45
"""Bytes in one word: 60 characters of base64 and 12 around them stay below RFC 2047's 75."""


@lru_cache(maxsize=1024)
def is_plain(text: str) -> bool:
    """Whether a header holds ``text`` as it is: printable ASCII, no white space at its ends."""
    return not text or _PLAIN.fullmatch(text) is not None


@lru_cache(maxsize=1024)
def encode_words(text: str) -> str:
    """``text`` as a header value; what is not plain, or looks encoded already, as encoded words."""
    if is_plain(text) and "=?" not in text:
        return text
    return " ".join(f"=?UTF-8?B?{base64.b64encode(piece).decode()}?=" for piece in _pieces(text))


def decode_words(value: str) -> str:
    """The text of a header value. What is no valid encoded word stays as it is."""
    if "=?" not in value:
        return value
    return _WORD.sub(_decoded, _BETWEEN.sub("", value))


def received(value: str) -> str:
    """A header's value as :mod:`transfer.wire` gives it, with bytes that are not UTF-8 read as Latin-1."""
    if value.isascii():
        return value
    try:
        value.encode()
    except UnicodeEncodeError:
        return value.encode("utf-8", "surrogateescape").decode("latin-1")
    return value


def _pieces(text: str) -> list[bytes]:
    """The UTF-8 bytes, cut between characters."""
    pieces = [b""]
    for character in text:
        encoded = character.encode()
        if len(pieces[-1]) + len(encoded) > _WORD_BYTES:
            pieces.append(b"")
        pieces[-1] += encoded
    return pieces


def _decoded(word: re.Match[str]) -> str:
    charset, encoding, content = word.groups()
    try:
        if encoding in "bB":
            data = base64.b64decode(content + "=" * (-len(content) % 4), validate=True)
        else:
            data = quopri.decodestring(content.encode(), header=True)
        text = data.decode(charset)
        text.encode()  # some charsets can spell half a surrogate pair, which nothing else can hold
    except (binascii.Error, LookupError, ValueError):
        return word[0]
    return text

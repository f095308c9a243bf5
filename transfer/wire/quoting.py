"""How names become parts of an address, and texts parts of a document. The same strings are signed and sent."""

from __future__ import annotations

import re
from collections.abc import Mapping
from urllib.parse import quote, unquote_to_bytes

_UNRESERVED = re.compile(r"[A-Za-z0-9_.~/-]*", re.ASCII)
_IN_XML = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;"})


def quote_path(name: str) -> str:
    """``name`` with all but unreserved characters and ``/`` percent-encoded, and nothing normalised."""
    return name if _UNRESERVED.fullmatch(name) else quote(name, safe="/")


def quote_query(parameters: Mapping[str, str]) -> str:
    """A query string in canonical form: sorted by encoded name, every name with its ``=``."""
    if not parameters:
        return ""
    pairs = sorted((quote(name, safe=""), quote(value, safe="")) for name, value in parameters.items())
    return "&".join(f"{name}={value}" for name, value in pairs)


def unquote_listed(text: str) -> str:
    """A name from a listing with ``encoding-type=url``, where ``+`` is a space.

    Raises UnicodeDecodeError when the bytes are not UTF-8.
    """
    spaced = text.replace("+", " ")
    return unquote_to_bytes(spaced).decode() if "%" in spaced else spaced


def quote_xml(text: str) -> str:
    """``text`` as it stands between the tags of a document."""
    # xml.sax.saxutils has the same, and imports an HTTP client along with it.
    return text.translate(_IN_XML)

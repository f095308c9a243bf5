"""Descriptions of other tools: FastGlacier's XML, and JSON like CloudBerry's. Pure."""

from __future__ import annotations

import base64
import html
import json
import re

from transfer_glacier.descriptions.dates import seconds_of
from transfer_glacier.descriptions.described import Described

_FAST = re.compile(r"<m>.*?<p>([^<]*)</p>(?:.*?<lm>([^<]*)</lm>)?.*", re.DOTALL)
_FAST_FIRST = re.compile(
    r"<ArchiveMetadata>.*?<Path>([^<]*)</Path>(?:.*?<LastModified>([^<]*)</LastModified>)?.*", re.DOTALL
)


def from_xml(description: str) -> Described:
    """FastGlacier's: from version 2 on the name is in base64. Raises ValueError."""
    text = description.strip()
    if found := _FAST.match(text):
        return Described(base64.b64decode(found[1].strip(), validate=True).decode(), _time(found[2]))
    if found := _FAST_FIRST.match(text):
        return Described(html.unescape(found[1]), _time(found[2]))
    raise ValueError("other elements")


def from_json(description: str) -> Described:
    """CloudBerry's, and those of its kind. Raises ValueError."""
    match json.loads(description):
        case {"Path": str(name), **rest} | {"path": str(name), **rest}:
            time = rest.get("UTCDateModified")
            return Described(name, _time(time if isinstance(time, str) else None))
    raise ValueError("other keys")


def _time(text: str | None) -> int | None:
    """None too where it makes no sense: the name is what counts."""
    try:
        return None if text is None else seconds_of(text.strip())
    except ValueError:
        return None

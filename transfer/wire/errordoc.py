"""The ``<Error>`` document that object stores answer with, also inside a 200."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from xml.etree.ElementTree import Element

from transfer.errors import Corrupt
from transfer.wire import xml

_START = re.compile(rb"(?:\xef\xbb\xbf)?\s*(?:<\?xml[^>]*\?>)?\s*<Error[\s>/]")


@dataclass(frozen=True, slots=True)
class ErrorDocument:
    """What a provider says went wrong. All is empty where it says nothing."""

    code: str = ""
    message: str = ""
    request_id: str = ""
    host_id: str = ""
    details: Mapping[str, str] | None = None
    """The document's other elements, by name: ``Region``, ``Endpoint``, ``ServerTime``, …"""

    def detail(self, name: str) -> str:
        return (self.details or {}).get(name, "")


def read_error(body: bytes) -> ErrorDocument:
    """The error in a reply's body; an empty one where the body holds none."""
    if not is_error(body):
        return ErrorDocument()
    try:
        return error_of(xml.parse(body, "a failed request"))
    except Corrupt:
        return ErrorDocument()


def is_error(body: bytes) -> bool:
    """Whether the document itself is an error, not one that tells of errors among other things."""
    return _START.match(body) is not None


def error_of(node: Element) -> ErrorDocument:
    """What an ``<Error>`` element says."""
    fields = {xml.local(child): child.text or "" for child in node}
    return ErrorDocument(
        code=fields.pop("Code", ""),
        message=fields.pop("Message", ""),
        request_id=fields.pop("RequestId", ""),
        host_id=fields.pop("HostId", ""),
        details=fields,
    )

"""XML as it is sent and read: plain elements, no attributes, no namespaces."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from urllib.parse import quote
from xml.etree import ElementTree as ET
from xml.sax.saxutils import escape

from tests.emulators.messages import Refused

Content = str | int | bool | Sequence["Element"]
Element = tuple[str, Content]
"""A tag, and either its text or the elements in it."""


def document(root: str, content: Content) -> bytes:
    """The whole document."""
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{_element(root, content)}'.encode()


def _element(tag: str, content: Content) -> str:
    if isinstance(content, bool):
        text = "true" if content else "false"
    elif isinstance(content, str | int):
        text = escape(str(content))
    else:
        text = "".join(_element(*child) for child in content)
    return f"<{tag}>{text}</{tag.partition(' ')[0]}>"


def optional(tag: str, text: str) -> list[Element]:
    """The element, if there is something to say."""
    return [(tag, text)] if text else []


def encoder(encoding_type: str) -> Callable[[str], str]:
    """How keys are written in a reply to a request with this ``encoding-type``."""
    return (lambda key: quote(key, safe="")) if encoding_type == "url" else (lambda key: key)


def parse(body: bytes, root: str) -> ET.Element:
    """The root element. Raises Refused."""
    try:
        found = ET.fromstring(body)
    except ET.ParseError:
        found = None
    if found is None or found.tag != root:
        raise Refused(400, "MalformedXML", "The XML you provided was not well-formed or did not validate.")
    return found


def text(element: ET.Element, path: str) -> str:
    """What is in that child, or nothing."""
    return element.findtext(path) or ""

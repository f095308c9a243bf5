"""Small XML replies, read without regard to their namespaces."""

from __future__ import annotations

from collections.abc import Iterator
from xml.etree.ElementTree import Element, ParseError, fromstring

from transfer.errors import Corrupt

_IN_TEXT = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;", "\r": "&#13;", "\n": "&#10;", "\t": "&#9;"})


def parse(data: bytes, what: str) -> Element:
    """The root of a document. Raises Corrupt, naming ``what`` was asked for.

    White space ahead of it, with which a server keeps a connection alive, is no part of it.
    """
    try:
        # Expat expands no external entities, and bounds the amplification by internal ones.
        return fromstring(data.lstrip())  # noqa: S314
    except (ParseError, LookupError, ValueError) as error:  # the latter two for an encoding it does not know
        raise Corrupt(f"The reply to {what} is not valid XML: {error}") from None


def local(node: Element) -> str:
    """The element's name without its namespace."""
    return node.tag.rpartition("}")[2]


def children(node: Element, name: str) -> Iterator[Element]:
    """The children called ``name``, in whatever namespace."""
    return (child for child in node if local(child) == name)


def text(node: Element, name: str) -> str:
    """The text of the first child called ``name``; empty where there is none."""
    return next((child.text or "" for child in children(node, name)), "")


def element(name: str, content: str) -> str:
    """``<name>content</name>`` with the content escaped so that it survives any parser."""
    return f"<{name}>{content.translate(_IN_TEXT)}</{name}>"


def holds(content: str) -> bool:
    """Whether XML 1.0 can hold ``content``: control characters have no spelling in it."""
    return all(
        character in "\t\n\r"
        or " " <= character <= "\ud7ff"
        or "\ue000" <= character <= "\ufffd"
        or character > "\uffff"
        for character in content
    )

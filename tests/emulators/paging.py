"""Parameters of listings, and their tokens."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from typing import TypeVar

from tests.emulators.messages import Refused
from tests.emulators.service import Service

_T = TypeVar("_T")


def limit_of(service: Service, query: Mapping[str, str], name: str, default: int = 0) -> int:
    """How many are asked for. Raises Refused."""
    value = query.get(name) or str(default or service.limits.page_default)
    if not value.isdigit() or not 1 <= int(value) <= service.limits.page:
        message = f"Argument {name} must be an integer between 1 and {service.limits.page}."
        raise Refused(400, "InvalidArgument", message, fields={"ArgumentName": name, "ArgumentValue": value})
    if query.get("encoding-type", "") not in ("", "url"):
        raise Refused(400, "InvalidArgument", "Invalid Encoding Method specified in Request.")
    return int(value)


def token(last: str) -> str:
    """An opaque name for where a page ended: with characters that must be encoded."""
    return base64.b64encode(b"\xfb\xff" + last.encode()).decode()


def untoken(text: str) -> str:
    """Where that page ended. Raises Refused."""
    try:
        raw = base64.b64decode(text, validate=True)
    except binascii.Error:
        raw = b""
    if not raw.startswith(b"\xfb\xff"):
        raise Refused(400, "InvalidArgument", "The continuation token provided is incorrect.")
    return raw[2:].decode()


def disordered(service: Service, found: list[_T]) -> list[_T]:
    """The same, or out of order where a test wants that."""
    return found[::-1] if service.controls.switches.disordered else found

"""Parameters of Glacier's calls, its errors and its pages."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from tests.emulators.messages import Call, Held, Refused, Reply
from tests.emulators.paging import token, untoken

_T = TypeVar("_T")
_DESCRIPTION = re.compile(r"[\x20-\x7e]{0,1024}")


def document(found: object, status: int = 200) -> Reply:
    """A reply in JSON."""
    return Reply(status, {"Content-Type": "application/json"}, json.dumps(found).encode())


def invalid(message: str) -> Refused:
    """A parameter is wrong."""
    return Refused(400, "InvalidParameterValueException", message)


def missing(what: str) -> Refused:
    """A parameter is not there."""
    return Refused(400, "MissingParameterValueException", f"Required parameter missing: {what}")


def not_found(message: str) -> Refused:
    """What is spoken of is not there."""
    return Refused(404, "ResourceNotFoundException", message)


def required(call: Call, header: str) -> str:
    """A header that must be there. Raises Refused."""
    value = call.headers.get(header, "")
    if not value:
        raise missing(header)
    return value


def described(text: str) -> str:
    """A description, as it is kept. Raises Refused."""
    kept = text.lstrip()
    if not _DESCRIPTION.fullmatch(kept):
        raise invalid(f"Invalid description: {text}")
    return kept


def parsed(call: Call) -> dict[str, Any]:
    """The document that came with it. Raises Refused."""
    assert isinstance(call.body, Held)
    try:
        found = json.loads(call.body.data or b"{}")
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise Refused(400, "SerializationException", "The body of the request is not valid JSON.")
    return found


def limit_of(call: Call, most: int) -> int:
    """How many a page may hold. Raises Refused."""
    value = call.query.get("limit") or str(most)
    if not value.isdigit() or not 1 <= int(value) <= most:
        raise invalid(f"Invalid limit: {value}")
    return int(value)


def page(call: Call, items: Sequence[_T], key: Callable[[_T], str], most: int) -> tuple[Sequence[_T], str | None]:
    """What of ``items``, which are in the order of their keys, is asked for; and the marker of the next ones."""
    limit, marker = limit_of(call, most), call.query.get("marker", "")
    if marker:
        start = _begin(marker)
        items = [item for item in items if key(item) >= start]
    rest = items[limit:]
    return items[:limit], token(key(rest[0])) if rest else None


def _begin(marker: str) -> str:
    try:
        return untoken(marker)
    except Refused:
        raise invalid(f"Invalid marker: {marker}") from None

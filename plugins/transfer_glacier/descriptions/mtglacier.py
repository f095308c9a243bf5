"""mtglacier's descriptions: ``mt2`` and base64 of a JSON object with a name and a time. Pure.

For a month there was ``mt1``, which encoded the JSON's UTF-8 as UTF-8 once more.
"""

from __future__ import annotations

import base64
import json
import re

from transfer.errors import Unsupported
from transfer_glacier.descriptions.dates import seconds_of, written
from transfer_glacier.descriptions.described import Described

_LONGEST = 1024
_MARK = "mt2 "
_FORM = re.compile(r"[ \t]*mt([12])[ \t]+([A-Za-z0-9_-]{1,1024})={0,2}[ \t]*")


def describe(name: str, mtime: int) -> str:
    """The description of an archive. Raises Unsupported for a name that leaves no :func:`room`."""
    if room(name) < 0:
        raise Unsupported(
            f"The name '{name}' takes {NAME_BYTES - room(name):,} bytes; "
            f"a vault has {NAME_BYTES} for it in an archive's description"
        )
    return _MARK + base64.urlsafe_b64encode(_payload(name, mtime)).decode().rstrip("=")


def room(name: str) -> int:
    """How many bytes the name may be longer; below zero where it is too long. Quotes and such take two or more."""
    return NAME_BYTES - (len(_payload(name, 0)) - len(_payload("", 0)))


def undo(description: str) -> Described | None:
    """What mtglacier wrote, None where it did not. Raises ValueError where it seems so, but makes no sense."""
    found = _FORM.fullmatch(description)
    if found is None:
        return None
    version, text = found.groups()
    payload = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)).decode()
    if version == "1":
        payload = payload.encode("latin-1").decode()
    match json.loads(payload):
        case {"filename": str(name), "mtime": str(mtime)}:
            return Described(name, seconds_of(mtime))
    raise ValueError("other keys")


def _payload(name: str, mtime: int) -> bytes:
    told = {"filename": name, "mtime": written(mtime)}
    try:
        return json.dumps(told, ensure_ascii=False, separators=(",", ":")).encode()
    except UnicodeEncodeError:
        raise Unsupported(f"The name {name!a} is not valid Unicode") from None


NAME_BYTES = (_LONGEST - len(_MARK)) * 3 // 4 - len(_payload("", 0))
"""The bytes that a name may have in UTF-8, where none of them must be escaped: 723."""

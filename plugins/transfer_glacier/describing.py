"""Descriptions of our own archives: ``mt2``, in the form of mt-aws-glacier, with a name and a time of last change."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime

from transfer.errors import Unsupported
from transfer.values import dataclass

_MARK = "mt2 "
_LONGEST = 1024
_MOMENT = "%Y%m%dT%H%M%SZ"


@dataclass(frozen=True, slots=True)
class Described:
    """What a description tells; ``mtime`` is in seconds since 1970."""

    name: str
    mtime: int | None


def describe(name: str, mtime: int) -> str:
    """The description of an archive. Raises Unsupported for what finds no room in one."""
    try:
        moment = datetime.fromtimestamp(mtime, UTC)
    except (ValueError, OverflowError, OSError):
        raise Unsupported(f"'{name}' was last changed at a time that no description can tell ({mtime} s)") from None
    written = f"{moment.year:04d}{moment:%m%dT%H%M%SZ}"
    text = json.dumps({"filename": name, "mtime": written}, ensure_ascii=False, separators=(",", ":"))
    described = _MARK + base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")
    if len(described) > _LONGEST:
        raise Unsupported(f"The name '{name}' is too long for an archive's description")
    return described


def read(description: str) -> Described | None:
    """What it tells; None for what is none of ours."""
    if not description.startswith(_MARK):
        return None
    encoded = description[len(_MARK) :]
    try:
        fields = json.loads(base64.urlsafe_b64decode(encoded + "=" * (-len(encoded) % 4)))
        moment = datetime.strptime(fields["mtime"], _MOMENT).replace(tzinfo=UTC)
        return Described(str(fields["filename"]), int(moment.timestamp()))
    except (ValueError, KeyError, TypeError):
        return None

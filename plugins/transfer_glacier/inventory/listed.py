"""The values that an inventory is made of, and how they are checked: the same in both of its forms."""

from __future__ import annotations

import re
from datetime import date
from functools import lru_cache

from transfer.errors import Corrupt
from transfer.values import dataclass

_MOMENT = re.compile(r"(\d{4}-?\d\d-?\d\d)T([01]\d|2[0-3]):?([0-5]\d):?([0-5]\d)(?:\.\d+)?Z", re.ASCII)
_ID = re.compile(r"[!-~]+")
_EPOCH = date(1970, 1, 1)
_DAY = 86_400
_DIGITS = 64


@dataclass(frozen=True, slots=True)
class Listed:
    """One archive as an inventory tells of it.

    ``description`` is what whoever made the archive wrote, undecoded; ``created`` is in whole seconds since 1970 (UTC),
    ``size`` in bytes; ``tree_hash`` has 32 bytes.
    """

    archive_id: str
    description: str
    created: int
    size: int
    tree_hash: bytes


@dataclass(frozen=True, slots=True)
class Head:
    """What an inventory says of itself, as far as it was read: CSV says nothing.

    ``taken`` is when it was made, in seconds since 1970 (UTC): archives made or deleted later are not in it, or still.
    """

    vault_arn: str | None = None
    taken: int | None = None


def listed(
    number: int, archive_id: object, description: object, created: object, size: object, tree_hash: object
) -> Listed:
    """The ``number``-th archive, of fields as they were found. Raises Corrupt if one is not what it has to be."""
    if not (isinstance(archive_id, str) and _ID.fullmatch(archive_id)):
        raise _wrong(number, "ArchiveId", archive_id)
    if description is None:
        description = ""
    if not isinstance(description, str):
        raise _wrong(number, "ArchiveDescription", description)
    if not isinstance(size, int) or size < 0 or isinstance(size, bool):
        raise _wrong(number, "Size", size)
    digest = _digest(tree_hash)
    if digest is None:
        raise _wrong(number, "SHA256TreeHash", tree_hash)
    seconds = moment(created)
    if seconds is None:
        raise _wrong(number, "CreationDate", created)
    return Listed(archive_id, _sound(description), seconds, size, digest)


def moment(written: object) -> int | None:
    """Whole seconds since 1970 of a time as Glacier writes it (``2012-05-15T17:03:10.123Z``); None if it is none."""
    match = _MOMENT.fullmatch(written) if isinstance(written, str) else None
    if match is None:
        return None
    day, hours, minutes, seconds = match.groups()
    midnight = _midnight(day)
    return None if midnight is None else midnight + int(hours) * 3600 + int(minutes) * 60 + int(seconds)


@lru_cache(maxsize=1024)
def _midnight(day: str) -> int | None:
    try:
        return (date.fromisoformat(day) - _EPOCH).days * _DAY
    except ValueError:
        return None


def _digest(written: object) -> bytes | None:
    if not (isinstance(written, str) and len(written) == _DIGITS):
        return None
    try:
        digest = bytes.fromhex(written)
    except ValueError:
        return None
    # Blanks between digits would have been skipped.
    return digest if len(digest) * 2 == _DIGITS else None


def _sound(text: str) -> str:
    """Without halves of surrogate pairs, which JSON can spell and no file can hold."""
    return text if text.isascii() else text.encode("utf-8", "surrogatepass").decode("utf-8", "replace")


def _wrong(number: int, field: str, found: object) -> Corrupt:
    shown = "missing" if found is None else f"{str(found)[:40]!r}"
    return Corrupt(f"Archive {number:,} of the inventory has a wrong {field} ({shown}); fetch the inventory again.")

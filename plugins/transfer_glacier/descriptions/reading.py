"""What the description of any archive tells, whoever wrote it. Pure."""

from __future__ import annotations

import re

from transfer_glacier.descriptions.described import Described
from transfer_glacier.descriptions.foreign import from_json, from_xml
from transfer_glacier.descriptions.mtglacier import undo
from transfer_glacier.journal.names import fault_of

_MARKED = re.compile(r"[ \t]*mt[a-z]*[0-9]+[ \t]")
"""mtglacier's, of whatever version; it has other words for jobs."""


def read(description: str) -> Described | None:
    """The name and the time, as they stand there: the name need not be safe. None for what can't be understood."""
    try:
        return _read(description)
    except (ValueError, RecursionError):
        return None


def named(description: str, archive_id: str) -> Described:
    """The name under which an archive is kept, which is safe: a journal can hold it, and it leads out of no folder.

    Slashes at its start are dropped. An archive whose name is unsafe otherwise (``..``, a line break), or can't be
    understood, has its id for a name, without a time; so two archives never get one name by being made safe.
    """
    told = read(description)
    name = "" if told is None else told.name.lstrip("/")
    if told is None or not _is_safe(name):
        return Described(archive_id)
    return Described(name, told.mtime)


def _read(description: str) -> Described | None:
    if _MARKED.match(description):
        return undo(description)
    match description.strip()[:1]:
        case "":
            return None
        case "<":
            return from_xml(description)
        case "{":
            return from_json(description)
    return Described(description)


def _is_safe(name: str) -> bool:
    if "\0" in name or fault_of(name) is not None:
        return False
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return True

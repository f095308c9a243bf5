"""What an inventory's job gives: which archives, and how they are written."""

from __future__ import annotations

import datetime as dt
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from tests.emulators.glacier_account import told
from tests.emulators.glacier_checks import invalid
from tests.emulators.glacier_state import Archive
from tests.emulators.messages import Refused
from tests.emulators.paging import token, untoken

FORMATS = ("JSON", "CSV")
_COLUMNS = ("ArchiveId", "ArchiveDescription", "CreationDate", "Size", "SHA256TreeHash")
_DATE = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:?\d\d)")


def checked(wanted: Mapping[str, Any]) -> dict[str, str | None]:
    """The parameters, if they are right. Raises Refused."""
    format_ = wanted.get("Format") or "JSON"
    if format_ not in FORMATS:
        raise invalid(f"Invalid inventory format: {format_}")
    given = wanted.get("InventoryRetrievalParameters") or {}
    limit, marker = given.get("Limit"), given.get("Marker")
    if limit is not None and (not str(limit).isdigit() or int(limit) < 1):
        raise invalid(f"Invalid limit: {limit}")
    if marker is not None:
        _after(marker)
    for name in ("StartDate", "EndDate"):
        _moment(given.get(name))
    return {
        "Format": format_,
        "StartDate": given.get("StartDate"),
        "EndDate": given.get("EndDate"),
        "Limit": None if limit is None else str(limit),
        "Marker": marker,
    }


def chosen(archives: Iterable[Archive], parameters: Mapping[str, str | None]) -> tuple[list[Archive], str | None]:
    """Those that are asked for, which are in the order of their ids; and the marker of the next ones."""
    start, end = _moment(parameters["StartDate"]), _moment(parameters["EndDate"])
    after, limit = _after(parameters["Marker"]), parameters["Limit"]
    found = [
        each
        for each in archives
        if each.id > after and (start is None or each.created >= start) and (end is None or each.created < end)
    ]
    if limit is None or len(found) <= int(limit):
        return found, None
    return found[: int(limit)], token(found[int(limit) - 1].id)


def written(arn: str, date: float | None, archives: list[Archive], format_: str | None) -> Iterator[str]:
    """The document, in pieces."""
    if format_ == "CSV":
        yield ",".join(_COLUMNS) + "\r\n"
        for archive in archives:
            yield ",".join(_field(str(value)) for value in _told(archive).values()) + "\r\n"
        return
    head = json.dumps({"VaultARN": arn, "InventoryDate": told(date)})
    yield head[:-1] + ', "ArchiveList": ['
    for position, archive in enumerate(archives):
        yield ("," if position else "") + json.dumps(_told(archive))
    yield "]}"


def _told(archive: Archive) -> dict[str, Any]:
    values = (archive.id, archive.description, told(archive.created), archive.size, archive.tree_hash)
    return dict(zip(_COLUMNS, values, strict=True))


def _field(text: str) -> str:
    # A backslash is not escaped, as it is not by Glacier.
    return '"' + text.replace('"', '\\"') + '"' if "," in text or '"' in text else text


def _moment(text: str | None) -> float | None:
    if text is None:
        return None
    if not _DATE.fullmatch(text):
        raise invalid(f"Invalid date: {text}")
    try:
        return dt.datetime.fromisoformat(text).timestamp()
    except ValueError:
        raise invalid(f"Invalid date: {text}") from None


def _after(marker: str | None) -> str:
    try:
        return untoken(marker) if marker is not None else ""
    except Refused:
        raise invalid(f"Invalid marker: {marker}") from None

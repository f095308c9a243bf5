"""Conditions and ranges of requests. Decisions only."""

from __future__ import annotations

import re
from collections.abc import Mapping

from tests.emulators.clock import parse_http_date
from tests.emulators.messages import Refused
from tests.emulators.state import Version


def check_conditions(headers: Mapping[str, str], version: Version, prefix: str = "", *, reading: bool = True) -> None:
    """Raises Refused: 412, or 304 for a read that would tell nothing new."""
    unmet = Refused(412, "PreconditionFailed", "At least one of the pre-conditions you specified did not hold.")
    unchanged = Refused(304, "NotModified", "Not modified.", headers=_validators(version)) if reading else unmet
    match = headers.get(prefix + "if-match")
    if match is not None and not _matches(match, version.etag):
        raise unmet
    none_match = headers.get(prefix + "if-none-match")
    if none_match is not None and _matches(none_match, version.etag):
        raise unchanged
    modified = version.modified.replace(microsecond=0)
    since = parse_http_date(headers.get(prefix + "if-unmodified-since", ""))
    if match is None and since is not None and modified > since:
        raise unmet
    since = parse_http_date(headers.get(prefix + "if-modified-since", ""))
    if none_match is None and since is not None and modified <= since:
        raise unchanged


def _validators(version: Version) -> dict[str, str]:
    return {"ETag": f'"{version.etag}"'}


def _matches(header: str, etag: str) -> bool:
    return header.strip() == "*" or etag in (tag.strip().strip('"') for tag in header.split(","))


def parse_range(header: str, size: int) -> tuple[int, int] | None:
    """Start and length of what RFC 9110 makes of the header, cut at the end; None where it can't be satisfied.

    Raises ValueError where the header is none of a range of bytes.
    """
    found = re.fullmatch(r"bytes=(\d*)-(\d*)", header.strip())
    if found is None or not any(found.groups()):
        raise ValueError(header)
    first, last = found.groups()
    if not first:
        length = min(int(last), size)
        return (size - length, length) if length else None
    start = int(first)
    end = min(int(last), size - 1) if last else size - 1
    if last and int(last) < start:
        raise ValueError(header)
    return (start, end - start + 1) if start < size else None

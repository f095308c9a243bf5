"""Pages of listings. No I/O, and nothing of any vendor."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from tests.emulators.state import Bucket, Upload, Version


@dataclass(slots=True)
class Page:
    """One page: versions and the prefixes that others were rolled up into; ``last`` is where it ended."""

    versions: list[Version] = field(default_factory=list)
    prefixes: list[str] = field(default_factory=list)
    truncated: bool = False
    last: str = ""
    last_version: str = ""

    @property
    def count(self) -> int:
        return len(self.versions) + len(self.prefixes)


def objects(bucket: Bucket, prefix: str, delimiter: str, after: str, limit: int) -> Page:
    """What is listed behind ``after``, which is a key or a common prefix."""
    page = Page()
    for key, rolled in _rolled(_behind(bucket, prefix, after), prefix, delimiter):
        version = bucket.current(key)
        if version is None or version.marker or (rolled and rolled <= after):
            continue
        if rolled and page.prefixes[-1:] == [rolled]:
            continue
        if page.count >= limit:
            page.truncated = True
            break
        page.last = rolled or key
        if rolled:
            page.prefixes.append(rolled)
        else:
            page.versions.append(version)
    return page


def versions(
    bucket: Bucket, prefix: str, delimiter: str, key_marker: str, version_marker: str, limit: int
) -> tuple[Page, set[int]]:
    """All versions behind the markers, and which of them (by ``id()``) are the latest of their key."""
    page = Page()
    latest: set[int] = set()
    for key, rolled in _rolled(_from(bucket, prefix, key_marker), prefix, delimiter):
        if rolled:
            if rolled <= key_marker or page.prefixes[-1:] == [rolled]:
                continue
            if page.count >= limit:
                page.truncated = True
                return page, latest
            page.prefixes.append(rolled)
            page.last, page.last_version = rolled, ""
            continue
        chain = bucket.chain(key)
        latest.add(id(chain[0]))
        for version in _left(chain, key == key_marker, version_marker):
            if page.count >= limit:
                page.truncated = True
                return page, latest
            page.versions.append(version)
            page.last, page.last_version = key, version.id
    return page, latest


@dataclass(slots=True)
class Uploads:
    """A page of open uploads."""

    uploads: list[Upload] = field(default_factory=list)
    prefixes: list[str] = field(default_factory=list)
    truncated: bool = False
    last: str = ""
    last_id: str = ""


def uploads(bucket: Bucket, prefix: str, delimiter: str, key_marker: str, id_marker: str, limit: int) -> Uploads:
    """Open uploads in the order of their keys, then of their ids, behind the markers."""
    page = Uploads()
    for upload in sorted(bucket.uploads.values(), key=lambda upload: (upload.key.encode(), upload.id)):
        if not upload.key.startswith(prefix) or not _upload_behind(upload, key_marker, id_marker):
            continue
        rolled = _roll(upload.key, prefix, delimiter)
        if rolled and (page.prefixes[-1:] == [rolled] or rolled <= key_marker):
            continue
        if len(page.uploads) + len(page.prefixes) >= limit:
            page.truncated = True
            break
        page.last, page.last_id = rolled or upload.key, "" if rolled else upload.id
        if rolled:
            page.prefixes.append(rolled)
        else:
            page.uploads.append(upload)
    return page


def _upload_behind(upload: Upload, key_marker: str, id_marker: str) -> bool:
    key, marker = upload.key.encode(), key_marker.encode()
    # A key marker alone leaves out all uploads of that key.
    return key > marker or (key == marker and bool(id_marker) and upload.id > id_marker)


def _behind(bucket: Bucket, prefix: str, after: str) -> Iterator[str]:
    return (key for key in _from(bucket, prefix, after) if key != after or not after)


def _from(bucket: Bucket, prefix: str, first: str) -> Iterator[str]:
    for key in bucket.keys_from(max(prefix.encode(), first.encode())):
        if not key.startswith(prefix):
            return
        yield key


def _rolled(keys: Iterator[str], prefix: str, delimiter: str) -> Iterator[tuple[str, str]]:
    return ((key, _roll(key, prefix, delimiter)) for key in keys)


def _roll(key: str, prefix: str, delimiter: str) -> str:
    """The common prefix that the key is rolled up into, if any."""
    if not delimiter:
        return ""
    end = key.find(delimiter, len(prefix))
    return "" if end < 0 else key[: end + len(delimiter)]


def _left(chain: list[Version], begun: bool, version_marker: str) -> list[Version]:
    """What of this key's versions comes behind the markers."""
    if not begun:
        return chain
    if not version_marker:
        return []
    ids = [version.id for version in chain]
    return chain[ids.index(version_marker) + 1 :] if version_marker in ids else chain

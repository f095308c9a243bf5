"""What is stored: buckets, the versions of their objects, and open uploads."""

from __future__ import annotations

import datetime as dt
from bisect import bisect_left, insort
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal

from tests.emulators.blobs import EMPTY, Blob

Kind = Literal["Normal", "Multipart", "Appendable", "Symlink"]
NULL = "null"
"""The id of the version that was written while versioning was off."""


@dataclass(slots=True)
class Thaw:
    """A restore of an archived object."""

    tier: str
    days: int
    ready: dt.datetime
    expires: dt.datetime


@dataclass(frozen=True, slots=True)
class Sum:
    """A checksum that is told, where a vendor has more than one kind: algorithm, value, and of what it is."""

    algorithm: str
    value: str
    type: Literal["FULL_OBJECT", "COMPOSITE"] = "FULL_OBJECT"


@dataclass(slots=True)
class Version:
    """One version of an object, or a delete marker."""

    key: str
    modified: dt.datetime
    blob: Blob = EMPTY
    etag: str = ""
    kind: Kind = "Normal"
    headers: dict[str, str] = field(default_factory=dict)
    """The standard ones that are kept, with their usual names."""
    meta: dict[str, str] = field(default_factory=dict)
    """User metadata, without the prefix."""
    tags: dict[str, str] = field(default_factory=dict)
    acl: str = "default"
    storage_class: str = ""
    thaw: Thaw | None = None
    sunk: str = ""
    """The archive tier that it is in, if its class has some and it was not read for long."""
    target: str = ""
    sum: Sum | None = None
    """What a symlink points at."""
    marker: bool = False
    id: str = NULL


@dataclass(slots=True)
class Part:
    """A part of an open upload."""

    number: int
    blob: Blob
    etag: str
    modified: dt.datetime
    sum: Sum | None = None


@dataclass(slots=True)
class Upload:
    """A multipart upload that was begun and neither completed nor aborted."""

    key: str
    id: str
    begun: dt.datetime
    draft: Version
    """What the object will be, but for its bytes."""
    parts: dict[int, Part] = field(default_factory=dict)
    asked: Sum | None = None
    """The kind of checksum that it was begun with, without a value."""


@dataclass(slots=True)
class Bucket:
    """A bucket. Keys are in the order of their UTF-8."""

    name: str
    region: str
    created: dt.datetime
    storage_class: str
    acl: str = "private"
    versioning: Literal["", "Enabled", "Suspended"] = ""
    settings: dict[str, bytes] = field(default_factory=dict)
    """Documents of its subresources, as they were put."""
    uploads: dict[str, Upload] = field(default_factory=dict)
    _chains: dict[str, list[Version]] = field(default_factory=dict)
    _order: list[bytes] = field(default_factory=list)
    _ids: int = 0

    def current(self, key: str) -> Version | None:
        """The latest version, be it a delete marker."""
        chain = self._chains.get(key)
        return chain[-1] if chain else None

    def version(self, key: str, version_id: str) -> Version | None:
        """That version."""
        return next((version for version in self._chains.get(key, ()) if version.id == version_id), None)

    def chain(self, key: str) -> list[Version]:
        """All versions, the latest first."""
        return self._chains.get(key, [])[::-1]

    def keys_from(self, after: bytes = b"") -> Iterator[str]:
        """All keys from ``after`` on, itself included."""
        for position in range(bisect_left(self._order, after), len(self._order)):
            yield self._order[position].decode()

    def put(self, version: Version) -> Version:
        """Make it the latest; it gets its id. Without versioning it replaces what has none."""
        version.id = self._fresh_id() if self.versioning == "Enabled" else NULL
        chain = self._chains.setdefault(version.key, [])
        if not chain:
            insort(self._order, version.key.encode())
        if version.id == NULL:
            chain[:] = [other for other in chain if other.id != NULL]
        chain.append(version)
        return version

    def remove(self, key: str, version_id: str) -> Version | None:
        """Remove that version for good; None where there is none."""
        chain = self._chains.get(key, [])
        found = self.version(key, version_id)
        if found is not None:
            chain.remove(found)
        if key in self._chains and not chain:
            del self._chains[key]
            del self._order[bisect_left(self._order, key.encode())]
        return found

    def delete(self, key: str, now: dt.datetime) -> Version | None:
        """Delete without naming a version: returns the marker that this left, if any."""
        if not self.versioning:
            self.remove(key, NULL)
            return None
        return self.put(Version(key, now, marker=True))

    def _fresh_id(self) -> str:
        # Later versions have smaller ids: nothing may rely on their order.
        self._ids += 1
        return f"CAEQ{2**40 - self._ids:014x}"

    @property
    def empty(self) -> bool:
        return not self._chains

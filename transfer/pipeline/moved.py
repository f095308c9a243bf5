"""What moving one object's bytes resulted in."""

from __future__ import annotations

from transfer.errors import Transient
from transfer.model import Checksums, Entry, Metadata, Stored
from transfer.values import dataclass


@dataclass(frozen=True, slots=True)
class Moved:
    """``source`` is the object as it was read, ``resumed`` the bytes that an earlier try had sent already."""

    source: Entry
    metadata: Metadata
    stored: Stored
    checksums: Checksums
    resumed: int = 0


class UploadGone(Transient):
    """The multipart upload is not there any more, and its object is begun anew."""

    def __init__(self, key: str) -> None:
        super().__init__(f"the multipart upload of '{key}' is gone", key=key)


class LeftOut(Exception):
    """The object turned out to be of a kind that this run leaves out; ``str()`` says why."""

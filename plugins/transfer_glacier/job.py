"""Retrieval jobs, as the vault tells of them. Source: "GlacierJobDescription", Amazon Glacier API Reference."""

from __future__ import annotations

import re
from collections.abc import Mapping
from enum import StrEnum

from transfer.model import Span
from transfer.values import dataclass
from transfer_glacier.documents import Document

_RANGE = re.compile(r"(\d+)-(\d+)", re.ASCII)


class Action(StrEnum):
    """What a job is for."""

    ARCHIVE = "ArchiveRetrieval"
    INVENTORY = "InventoryRetrieval"


class Status(StrEnum):
    """How far it is."""

    IN_PROGRESS = "InProgress"
    SUCCEEDED = "Succeeded"
    FAILED = "Failed"


@dataclass(frozen=True, slots=True)
class Job:
    """One job. Times are in nanoseconds; what is None is not told.

    ``span`` is what of an archive it retrieves, ``archive_size`` the whole archive's; ``tree_hash`` is of what is
    retrieved. ``tier`` is in lower case. ``partial``: an inventory that was asked for between two dates or up to a
    number.
    """

    id: str
    action: str
    status: str
    description: str = ""
    archive_id: str = ""
    archive_size: int | None = None
    span: Span | None = None
    tree_hash: bytes | None = None
    tier: str = ""
    created_ns: int | None = None
    completed_ns: int | None = None
    message: str = ""
    inventory_size: int | None = None
    inventory_format: str = ""
    partial: bool = False


def job_of(told: Document) -> Job:
    """Raises Corrupt."""
    parameters = told.inner("InventoryRetrievalParameters")
    limits = ("StartDate", "EndDate", "Limit", "Marker")
    return Job(
        id=told.text("JobId"),
        action=told.text("Action"),
        status=told.text("StatusCode"),
        description=told.text("JobDescription"),
        archive_id=told.text("ArchiveId"),
        archive_size=told.whole("ArchiveSizeInBytes"),
        span=_span(told.text("RetrievalByteRange")),
        tree_hash=told.digest("SHA256TreeHash"),
        tier=told.text("Tier").lower(),
        created_ns=told.moment("CreationDate"),
        completed_ns=told.moment("CompletionDate"),
        message=told.text("StatusMessage"),
        inventory_size=told.whole("InventorySizeInBytes"),
        inventory_format=parameters.text("Format") if parameters else "",
        partial=parameters is not None and any(parameters.text(name) for name in limits),
    )


def archive_retrieval(archive_id: str, *, description: str, tier: str, span: Span | None) -> Mapping[str, object]:
    """What is asked for a job that retrieves an archive, or ``span`` of it."""
    asked: dict[str, object] = {"Type": "archive-retrieval", "ArchiveId": archive_id, "Description": description}
    if tier:
        asked["Tier"] = tier.capitalize()
    if span is not None:
        asked["RetrievalByteRange"] = f"{span.offset}-{span.offset + span.size - 1}"
    return asked


def inventory_retrieval(*, description: str, form: str = "JSON") -> Mapping[str, object]:
    """What is asked for a job that retrieves the whole inventory, as ``JSON`` or ``CSV``."""
    return {"Type": "inventory-retrieval", "Description": description, "Format": form}


def _span(text: str) -> Span | None:
    found = _RANGE.fullmatch(text)
    return None if found is None else Span(int(found[1]), int(found[2]) - int(found[1]) + 1)

"""Making a cold object readable for some days."""

from __future__ import annotations

import time

from transfer.errors import Frozen, TransferError, Unsupported
from transfer.model import Cold, Entry, Thaw
from transfer.restxml.bucket import Bucket
from transfer.restxml.dialect import Dialect
from transfer.wire import xml

_UNDER_WAY = "RestoreAlreadyInProgress"
_USUAL = "Standard"
"""The tier of those who name none."""
_HOUR_NS = 3600 * 1_000_000_000
_BEGUN = 202


async def thaw(bucket: Bucket, entry: Entry, days: int, tier: str) -> Thaw:
    """Ask for it. That it was asked for before, or is readable already, is no failure.

    Raises Unsupported for a class that needs no thaw.
    """
    query = {"restore": "", **({"versionId": entry.version} if entry.version else {})}
    headers = {"content-type": "application/xml"}
    document = _document(bucket.dialect, entry.storage_class or "", days, tier)
    now_ns = time.time_ns()
    try:
        reply = await bucket.client.call("POST", entry.key, query, headers, document, sealed=True)
    except Frozen as error:
        # Of a read this says that the class must be thawed first; of a thaw, that it is none of those.
        message = f"'{entry.key}' is of a storage class that can be read as it is: there is nothing to thaw"
        raise Unsupported(message, key=entry.key, code=error.code, request_id=error.request_id) from None
    except TransferError as error:
        if error.code != _UNDER_WAY:
            raise
        return Thaw(entry.key, Cold.THAWING, entry.size, tier=tier)
    if reply.status != _BEGUN:
        return Thaw(entry.key, Cold.THAWED, entry.size, tier=tier)
    ready_ns = _ready(bucket.dialect, entry.storage_class or "", tier, now_ns)
    return Thaw(entry.key, Cold.THAWING, entry.size, now_ns, ready_ns, tier=tier)


def _document(dialect: Dialect, storage_class: str, days: int, tier: str) -> bytes:
    tiers = dialect.thaw_hours.get(storage_class)
    element = dialect.thaw_parameters
    named = tier and (tiers is None or len(tiers) > 1)
    parameters = f"<{element}>{xml.element('Tier', tier)}</{element}>" if named else ""
    dated = "" if storage_class in dialect.undated_classes else f"<Days>{days}</Days>"
    return f"<RestoreRequest>{dated}{parameters}</RestoreRequest>".encode()


def _ready(dialect: Dialect, storage_class: str, tier: str, now_ns: int) -> int | None:
    """When what was asked for now should be readable, as the provider's documents say; None where they don't."""
    tiers = dialect.thaw_hours.get(storage_class, {})
    hours = next(iter(tiers.values())) if len(tiers) == 1 else tiers.get(tier or _USUAL)
    return None if hours is None else now_ns + round(hours * _HOUR_NS)

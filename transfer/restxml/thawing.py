"""Making a cold object readable for some days."""

from __future__ import annotations

from transfer.errors import TransferError
from transfer.model import Entry
from transfer.restxml.bucket import Bucket
from transfer.wire import xml

_UNDER_WAY = "RestoreAlreadyInProgress"


async def thaw(bucket: Bucket, entry: Entry, days: int, tier: str) -> None:
    """Ask for it. That it was asked for before, or is readable already, is no failure."""
    element = bucket.dialect.thaw_parameters
    parameters = f"<{element}>{xml.element('Tier', tier)}</{element}>" if tier else ""
    document = f"<RestoreRequest><Days>{days}</Days>{parameters}</RestoreRequest>".encode()
    query = {"restore": "", **({"versionId": entry.version} if entry.version else {})}
    headers = {"content-type": "application/xml"}
    try:
        await bucket.client.call("POST", entry.key, query, headers, document, sealed=True)
    except TransferError as error:
        if error.code != _UNDER_WAY:
            raise

"""Making a cold object readable for some days."""

from __future__ import annotations

from transfer.errors import Frozen, TransferError, Unsupported
from transfer.model import Cold, Entry, Thaw
from transfer.restxml.bucket import Bucket
from transfer.wire import xml

_UNDER_WAY = "RestoreAlreadyInProgress"


async def thaw(bucket: Bucket, entry: Entry, days: int, tier: str) -> Thaw:
    """Ask for it. That it was asked for before, or is readable already, is no failure.

    Raises Unsupported for a class that needs no thaw.
    """
    element = bucket.dialect.thaw_parameters
    parameters = f"<{element}>{xml.element('Tier', tier)}</{element}>" if tier else ""
    document = f"<RestoreRequest><Days>{days}</Days>{parameters}</RestoreRequest>".encode()
    query = {"restore": "", **({"versionId": entry.version} if entry.version else {})}
    headers = {"content-type": "application/xml"}
    try:
        await bucket.client.call("POST", entry.key, query, headers, document, sealed=True)
    except Frozen as error:
        # Of a read this says that the class must be thawed first; of a thaw, that it is none of those.
        message = f"'{entry.key}' is of a storage class that can be read as it is: there is nothing to thaw"
        raise Unsupported(message, key=entry.key, code=error.code, request_id=error.request_id) from None
    except TransferError as error:
        if error.code != _UNDER_WAY:
            raise
    return Thaw(entry.key, Cold.THAWING, entry.size, tier=tier)

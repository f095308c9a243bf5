"""Drops what an earlier run left open at a target, and nothing that is not ours."""

from __future__ import annotations

import asyncio
from contextlib import suppress

from transfer.checkpoint import OpenUpload
from transfer.errors import NotFound, TransferError
from transfer.model import Upload
from transfer.plugin import Store

_MINUTE_NS = 60 * 1_000_000_000
_CLOCK_SKEW_NS = 5 * _MINUTE_NS
"""How far the provider's clock may be from ours."""
_LONGEST_BEGIN_NS = 60 * _MINUTE_NS
"""From an intent to the last of the tries to begin the upload."""
_PATIENCE = 1.5
"""Seconds that a caller who is leaving spends on it."""


async def abandon(target: Store, left: OpenUpload) -> None:
    """Abort the upload, or whatever the intent to begin one may have led to."""
    if left.upload is not None:
        await target.abort(left.upload)
        return
    # Killed between ``begin`` and writing its id down: only uploads of exactly this key, begun
    # right after the intent and without any part, can be ours.
    for upload in await target.uploads(left.to):
        if _begun_then(upload, left.since_ns) and await _empty(target, upload):
            await target.abort(upload)


async def give_up(target: Store, upload: Upload) -> None:
    """Abort an upload that nobody will go on with, on the way out after an error, which goes before any of its own."""
    with suppress(TransferError, TimeoutError):
        async with asyncio.timeout(_PATIENCE):
            await target.abort(upload)


def _begun_then(upload: Upload, since_ns: int) -> bool:
    initiated = int(upload.extra.get("initiated_ns", "0"))
    return since_ns - _CLOCK_SKEW_NS <= initiated <= since_ns + _LONGEST_BEGIN_NS + _CLOCK_SKEW_NS


async def _empty(target: Store, upload: Upload) -> bool:
    try:
        return not await target.parts(upload)
    except NotFound:
        return False

"""Whom to trust."""

from __future__ import annotations

import asyncio
import ssl

from transfer.errors import Misconfigured


async def trusting(ca_bundle: str | None) -> ssl.SSLContext | None:
    """What trusts the authorities in the file ``ca_bundle``; None for the system's own.

    Raises Misconfigured when the file can't be used.
    """
    if not ca_bundle:
        return None
    try:
        return await asyncio.to_thread(ssl.create_default_context, cafile=ca_bundle)
    except (OSError, ssl.SSLError) as error:
        reason = error.strerror or error.args[0]
        raise Misconfigured(f"The CA bundle '{ca_bundle}' can't be used: {reason}") from None

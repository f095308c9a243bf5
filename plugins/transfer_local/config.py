"""How a folder is opened as a store."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Mapping

from transfer.errors import Misconfigured
from transfer.model import NO_ITEMS
from transfer.plugin import Capabilities, Limits, Location, Store, StoreOptions
from transfer_local.store import CAPABILITIES, LIMITS, LocalStore


class LocalPlugin:
    """Opens ``file://`` URLs and plain paths."""

    schemes: tuple[str, ...] = ("file",)
    settings: Mapping[str, str] = NO_ITEMS
    capabilities: Capabilities = CAPABILITIES
    limits: Limits = LIMITS

    async def open(self, location: Location, options: StoreOptions) -> Store:
        """Name the folder; whether it is there is for ``check`` to see."""
        if not location.path or "\0" in location.path:
            raise Misconfigured(f"'{location.url}' names no folder; give a path.")
        root = await asyncio.to_thread(os.path.realpath, os.fsencode(location.path))
        return LocalStore(root, options)

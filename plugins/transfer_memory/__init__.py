"""``memory://bucket/prefix``: objects in this process's memory, gone when it ends.

For tests, and the template of a plugin: copy this folder, then see ``docs/plugins.md``.
"""

from __future__ import annotations

from transfer.plugin import Location, Plugin, Store, StoreOptions
from transfer_memory.config import CAPABILITIES, LIMITS, SETTINGS, origin_of
from transfer_memory.store import MemoryStore


class MemoryPlugin:
    """Opens stores in memory. Two stores of one bucket see the same objects."""

    schemes: tuple[str, ...] = ("memory",)
    settings = SETTINGS
    capabilities = CAPABILITIES
    limits = LIMITS

    async def open(self, location: Location, options: StoreOptions) -> Store:
        return MemoryStore(origin_of(location), options)


plugin: Plugin = MemoryPlugin()

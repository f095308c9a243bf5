"""``glacier://vault/prefix``: Amazon Glacier's vaults."""

from __future__ import annotations

from transfer.plugin import Location, Plugin, Store, StoreOptions
from transfer_glacier.config import CAPABILITIES, LIMITS, SETTINGS


class GlacierPlugin:
    """Opens vaults."""

    schemes: tuple[str, ...] = ("glacier",)
    settings = SETTINGS
    capabilities = CAPABILITIES
    limits = LIMITS

    async def open(self, location: Location, options: StoreOptions) -> Store:
        # Imported late, so that asking for capabilities costs no HTTP library.
        from transfer_glacier.opening import open_vault  # noqa: PLC0415
        from transfer_glacier.store import GlacierStore, store_of  # noqa: PLC0415

        return store_of(await open_vault(location, options), GlacierStore)

    async def open_all(self, location: Location, options: StoreOptions) -> Store:
        from transfer_glacier.opening import open_account  # noqa: PLC0415
        from transfer_glacier.store import GlacierStore, store_of  # noqa: PLC0415

        return store_of(await open_account(location, options), GlacierStore)


plugin: Plugin = GlacierPlugin()

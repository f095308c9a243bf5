"""``cos://bucket-appid/prefix``: Tencent Cloud's object storage."""

from __future__ import annotations

from transfer.plugin import Location, Plugin, Store, StoreOptions
from transfer_cos.config import CAPABILITIES, LIMITS, SETTINGS


class CosPlugin:
    """Opens buckets of Tencent COS."""

    schemes: tuple[str, ...] = ("cos",)
    settings = SETTINGS
    capabilities = CAPABILITIES
    limits = LIMITS

    async def open(self, location: Location, options: StoreOptions) -> Store:
        # Imported late, so that asking for capabilities costs no HTTP library.
        from transfer_cos.opening import open_bucket  # noqa: PLC0415

        return await open_bucket(location, options)

    async def open_all(self, location: Location, options: StoreOptions) -> Store:
        from transfer_cos.opening import open_service  # noqa: PLC0415

        return await open_service(location, options)


plugin: Plugin = CosPlugin()

"""``oss://bucket/prefix``: Aliyun's object storage."""

from __future__ import annotations

from transfer.plugin import Location, Plugin, Store, StoreOptions
from transfer_oss.config import CAPABILITIES, LIMITS, SETTINGS


class OssPlugin:
    """Opens buckets of Aliyun OSS."""

    schemes: tuple[str, ...] = ("oss",)
    settings = SETTINGS
    capabilities = CAPABILITIES
    limits = LIMITS

    async def open(self, location: Location, options: StoreOptions) -> Store:
        # Imported late, so that asking for capabilities costs no HTTP library.
        from transfer_oss.opening import open_bucket  # noqa: PLC0415

        return await open_bucket(location, options)

    async def open_all(self, location: Location, options: StoreOptions) -> Store:
        from transfer_oss.opening import open_place  # noqa: PLC0415

        return await open_place(location, options)


plugin: Plugin = OssPlugin()

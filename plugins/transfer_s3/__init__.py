"""``s3://bucket/prefix``: everything that speaks S3."""

from __future__ import annotations

from transfer.plugin import Location, Plugin, Store, StoreOptions
from transfer_s3.config import CAPABILITIES, LIMITS, SETTINGS


class S3Plugin:
    """Opens buckets of AWS and of whoever imitates it."""

    schemes: tuple[str, ...] = ("s3",)
    settings = SETTINGS
    capabilities = CAPABILITIES
    limits = LIMITS

    async def open(self, location: Location, options: StoreOptions) -> Store:
        # Imported late, so that asking for capabilities costs no HTTP library.
        from transfer_s3.opening import open_bucket  # noqa: PLC0415

        return await open_bucket(location, options)

    async def open_all(self, location: Location, options: StoreOptions) -> Store:
        from transfer_s3.opening import open_place  # noqa: PLC0415

        return await open_place(location, options)


plugin: Plugin = S3Plugin()

"""``kodo://bucket/prefix``: Qiniu's object storage, spoken to natively."""

from __future__ import annotations

from transfer.plugin import Location, Plugin, Store, StoreOptions
from transfer_qiniu.config import CAPABILITIES, LIMITS, SETTINGS


class QiniuPlugin:
    """Opens buckets of Qiniu Kodo, and of private clouds that are one."""

    schemes: tuple[str, ...] = ("kodo",)
    settings = SETTINGS
    capabilities = CAPABILITIES
    limits = LIMITS

    async def open(self, location: Location, options: StoreOptions) -> Store:
        # Imported late, so that asking for capabilities costs no HTTP library.
        from transfer_qiniu.opening import open_bucket  # noqa: PLC0415

        return await open_bucket(location, options)

    async def open_all(self, location: Location, options: StoreOptions) -> Store:
        from transfer_qiniu.opening import open_place  # noqa: PLC0415

        return await open_place(location, options)


plugin: Plugin = QiniuPlugin()

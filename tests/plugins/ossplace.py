"""Stores of a fresh bucket of the OSS emulator, and a look behind them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import oss2

from tests.emulators.oss import Oss
from tests.emulators.running import KEY, Emulator
from tests.emulators.state import Bucket, Version
from transfer.plugin import Location, Store, StoreOptions
from transfer_oss import plugin

KEYS = {"access_key_id": KEY.id, "access_key_secret": KEY.secret}
REGION = "cn-hangzhou"


def location(bucket: str, prefix: str = "", settings: Mapping[str, str] | None = None) -> Location:
    """A place in a bucket, with these settings."""
    return Location(f"oss://{bucket}/{prefix}", "oss", bucket, prefix, dict(settings or {}))


@dataclass(slots=True)
class OssPlace:
    """A bucket at an emulator."""

    server: Emulator[Oss]
    bucket: Bucket
    _opened: list[Store] = field(default_factory=list)

    @property
    def settings(self) -> dict[str, str]:
        """With which it is reached."""
        return {"endpoint": self.server.endpoint, "region": REGION, **KEYS}

    async def open(
        self,
        prefix: str = "",
        options: StoreOptions | None = None,
        *,
        bucket: str = "",
        signed: bool = True,
        **settings: str,
    ) -> Store:
        """A store of the bucket, closed in the end; without the server's own key, unless ``signed``."""
        own = {name: value for name, value in self.settings.items() if signed or name not in KEYS}
        place = location(bucket or self.bucket.name, prefix, {**own, **settings})
        self._opened.append(await plugin.open(place, options or StoreOptions()))
        return self._opened[-1]

    def held(self, key: str) -> Version:
        """The object as the server holds it."""
        found = self.bucket.current(key)
        assert found is not None, key
        return found

    @property
    def calls(self) -> Mapping[str, int]:
        """Requests so far, by verb."""
        return self.server.controls.calls

    async def aclose(self) -> None:
        """Close the stores."""
        for store in self._opened:
            await store.aclose()


def sdk(oss: OssPlace) -> oss2.Bucket:
    """The vendor's own client for the bucket."""
    return oss2.Bucket(oss2.AuthV4(KEY.id, KEY.secret), oss.server.endpoint, oss.bucket.name, region=REGION)

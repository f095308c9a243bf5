"""Stores of a fresh bucket of an emulator, and a look behind them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Generic

from tests.emulators.running import Emulator, S
from tests.emulators.state import Bucket, Version
from transfer.model import Entry, Span
from transfer.plugin import Location, Plugin, Service, Store, StoreOptions


def location_of(scheme: str, bucket: str, prefix: str, settings: Mapping[str, str] | None) -> Location:
    """A place in a bucket, with these settings; that of the service itself without a bucket."""
    path = f"{bucket}/{prefix}" if bucket else ""
    return Location(f"{scheme}://{path}", scheme, bucket, prefix, dict(settings or {}))


@dataclass(slots=True)
class EmulatedPlace(Generic[S]):
    """A bucket at an emulator. ``keys`` and ``settings`` are those with which it is reached."""

    plugin: Plugin
    server: Emulator[S]
    bucket: Bucket
    keys: Mapping[str, str]
    region: str
    _opened: list[Store] = field(default_factory=list)

    @property
    def scheme(self) -> str:
        """Of its URLs."""
        return self.plugin.schemes[0]

    @property
    def settings(self) -> dict[str, str]:
        """With which it is reached."""
        return {"endpoint": self.server.endpoint, "region": self.region, **self.keys}

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
        own = {name: value for name, value in self.settings.items() if signed or name not in self.keys}
        place = location_of(self.scheme, bucket or self.bucket.name, prefix, {**own, **settings})
        return self._kept(await self.plugin.open(place, options or StoreOptions()))

    async def open_service(self, **settings: str) -> Store:
        """A store of no bucket, closed in the end."""
        assert isinstance(self.plugin, Service)
        place = location_of(self.scheme, "", "", {**self.settings, **settings})
        return self._kept(await self.plugin.open_all(place, StoreOptions()))

    def _kept(self, store: Store) -> Store:
        self._opened.append(store)
        return store

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


async def read(store: Store, entry: Entry, span: Span | None = None) -> tuple[bytes, Entry]:
    """The bytes, and the entry that came with them."""
    async with store.read(entry, span) as reading:
        view = memoryview(bytearray(1 << 16))
        return bytes(view[: await reading.readinto(view)]), reading.entry


async def listed(store: Store) -> dict[str, Entry]:
    """What the listing tells."""
    found = [item async for page in store.list() for item in page.items]
    return {item.key: item for item in found if isinstance(item, Entry)}


def turn(place: EmulatedPlace[Any], **by: float) -> None:
    """Let time pass at the server, which then does not mind that it has not passed here."""
    place.server.controls.switches.clock_skew_checked = False
    place.server.service.clock.turn(**by)

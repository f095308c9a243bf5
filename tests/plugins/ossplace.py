"""Places of the OSS emulator."""

from __future__ import annotations

from collections.abc import Mapping

import oss2

from tests.emulators.oss import Oss
from tests.emulators.running import KEY, Emulator
from tests.plugins.emulated import EmulatedPlace, location_of
from transfer.plugin import Location
from transfer_oss import plugin

KEYS = {"access_key_id": KEY.id, "access_key_secret": KEY.secret}
OssPlace = EmulatedPlace[Oss]


def location(bucket: str, prefix: str = "", settings: Mapping[str, str] | None = None) -> Location:
    """A place in a bucket, with these settings."""
    return location_of("oss", bucket, prefix, settings)


def fresh(server: Emulator[Oss]) -> OssPlace:
    """A bucket of its own."""
    return EmulatedPlace(plugin, server, server.fresh_bucket(), KEYS, "cn-hangzhou")


def sdk(oss: OssPlace) -> oss2.Bucket:
    """The vendor's own client for the bucket."""
    return oss2.Bucket(oss2.AuthV4(KEY.id, KEY.secret), oss.server.endpoint, oss.bucket.name, region=oss.region)

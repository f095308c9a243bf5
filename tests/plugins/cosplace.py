"""Places of the COS emulator."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from qcloud_cos import CosConfig, CosS3Client

from tests.emulators.cos import Cos
from tests.emulators.running import KEY, Emulator
from tests.plugins.emulated import EmulatedPlace, location_of
from transfer.plugin import Location
from transfer_cos import plugin

KEYS = {"secret_id": KEY.id, "secret_key": KEY.secret}
APPID = "-1250000000"
CosPlace = EmulatedPlace[Cos]


def location(bucket: str, prefix: str = "", settings: Mapping[str, str] | None = None) -> Location:
    """A place in a bucket, with these settings."""
    return location_of("cos", bucket, prefix, settings)


def fresh(server: Emulator[Cos]) -> CosPlace:
    """A bucket of its own."""
    return EmulatedPlace(plugin, server, server.fresh_bucket(APPID), KEYS, "ap-guangzhou")


def sdk(cos: CosPlace) -> Any:
    """The vendor's own client for the bucket."""
    domain = f"{cos.server.address}/{cos.bucket.name}"
    return CosS3Client(
        CosConfig(Region=cos.region, SecretId=KEY.id, SecretKey=KEY.secret, Scheme="http", Domain=domain)
    )

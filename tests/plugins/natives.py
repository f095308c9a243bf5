"""OSS and COS, side by side: what tests that both must pass have to know of each."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from types import ModuleType
from typing import Any

import pytest

import transfer_cos.credentials
import transfer_oss.credentials
from tests.emulators.cos import Cos
from tests.emulators.keys import Key
from tests.emulators.oss import Oss
from tests.emulators.state import Bucket
from tests.plugins import cosplace, ossplace
from tests.plugins.emulated import EmulatedPlace
from tests.plugins.leases import temporary
from transfer.restxml.dialect import Dialect
from transfer_cos.config import Settings as CosSettings
from transfer_cos.dialect import COS
from transfer_oss.config import Settings as OssSettings
from transfer_oss.dialect import OSS

MIB = 1024 * 1024


@dataclass(frozen=True)
class Native:
    """A cloud with a protocol of its own, of S3's kin."""

    scheme: str
    dialect: Dialect
    service: type[Oss | Cos]
    fresh: Callable[[Any], EmulatedPlace[Any]]
    suffix: str
    """How names of buckets end."""
    part: int
    """A size of parts that it takes."""
    max_key: int
    max_user_metadata: int
    max_tag: tuple[int, int]
    """What its documents say of lengths."""
    far: str
    """Another of its regions."""
    standard: str
    infrequent: str
    archive: str
    further: str
    """Its names of four storage classes."""
    names: tuple[str, str, str]
    """The settings of a key, of its secret and of a token."""
    variables: Sequence[tuple[str, str, str]]
    """Those of the environment that hold the same, its own ahead of those of the vendor's other tools."""
    lease: Callable[[Key, dt.datetime], Mapping[str, Any]]
    """How a service tells a key that ends at a time."""
    credentials: ModuleType
    settings: type[OssSettings | CosSettings]

    def bucket(self, place: EmulatedPlace[Any]) -> Bucket:
        """A further one at the same server."""
        return place.server.fresh_bucket(self.suffix)

    def limit_copies(self, monkeypatch: pytest.MonkeyPatch, most: int) -> None:
        """Let copies be large above ``most`` bytes."""
        limits = replace(self.dialect.limits, max_copy=most)
        name = f"transfer_{self.scheme}.opening.{self.dialect.provider}"
        monkeypatch.setattr(name, replace(self.dialect, limits=limits))

    def keys(self, *values: str) -> dict[str, Any]:
        """Settings of a key, a secret and perhaps a token."""
        return dict(zip(self.names, values, strict=False))

    def leased(self, place: EmulatedPlace[Any], name: str, seconds: float) -> dict[str, Any]:
        """A temporary key that the server knows, as a service tells it; good for so many seconds."""
        key = temporary(place, name, seconds)
        assert key.expires is not None
        return {"Code": "Success", **self.lease(key, key.expires)}

    async def found(self, **settings: Any) -> tuple[str, str, str | None]:
        """The keys that are found."""
        found = await (await self.credentials.find(self.settings(**settings))).get()
        assert found is not None
        return found.access_key_id, found.secret_access_key, found.session_token


def _of_aliyun(key: Key, ends: dt.datetime) -> Mapping[str, Any]:
    told = ends.strftime("%Y-%m-%dT%H:%M:%SZ")
    return {"AccessKeyId": key.id, "AccessKeySecret": key.secret, "SecurityToken": key.token, "Expiration": told}


def _of_tencent(key: Key, ends: dt.datetime) -> Mapping[str, Any]:
    told = int(ends.timestamp())
    return {"TmpSecretId": key.id, "TmpSecretKey": key.secret, "Token": key.token, "ExpiredTime": told}


NATIVES = (
    Native(
        "oss",
        OSS,
        Oss,
        ossplace.fresh,
        suffix="",
        part=200_000,
        max_key=1023,
        max_user_metadata=8192,
        max_tag=(128, 256),
        far="cn-beijing",
        standard="Standard",
        infrequent="IA",
        archive="Archive",
        further="ColdArchive",
        names=("access_key_id", "access_key_secret", "security_token"),
        variables=(
            ("OSS_ACCESS_KEY_ID", "OSS_ACCESS_KEY_SECRET", "OSS_SESSION_TOKEN"),
            ("ALIBABA_CLOUD_ACCESS_KEY_ID", "ALIBABA_CLOUD_ACCESS_KEY_SECRET", "ALIBABA_CLOUD_SECURITY_TOKEN"),
        ),
        lease=_of_aliyun,
        credentials=transfer_oss.credentials,
        settings=OssSettings,
    ),
    Native(
        "cos",
        COS,
        Cos,
        cosplace.fresh,
        suffix=cosplace.APPID,
        part=MIB,
        max_key=850,
        max_user_metadata=4096,
        max_tag=(127, 255),
        far="ap-beijing",
        standard="STANDARD",
        infrequent="STANDARD_IA",
        archive="ARCHIVE",
        further="COLD",
        names=("secret_id", "secret_key", "token"),
        variables=(
            ("COS_SECRET_ID", "COS_SECRET_KEY", "COS_TOKEN"),
            ("TENCENTCLOUD_SECRET_ID", "TENCENTCLOUD_SECRET_KEY", "TENCENTCLOUD_SECURITY_TOKEN"),
        ),
        lease=_of_tencent,
        credentials=transfer_cos.credentials,
        settings=CosSettings,
    ),
)

"""A bucket of COS, by qcloud_cos."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import requests
from qcloud_cos import CosConfig, CosS3Client

from tests.emulators.controls import Fault
from tests.emulators.cos import Cos
from tests.emulators.running import KEY, Emulator
from tests.emulators.state import Bucket
from tests.matrix.sides.base import HEADERS, PREFIX, STORM, Asked, Side, text, word
from tests.matrix.sides.calls import Calls
from tests.matrix.things import INFREQUENT, Thing

REGION = "ap-guangzhou"
_META = "x-cos-meta-"
_FIELDS = {header: header.title().replace("-", "") for header in HEADERS}


class CosSide(Side):
    """At the emulator."""

    part = 1 << 20

    def __init__(self, server: Emulator[Cos]) -> None:
        self.server = server
        self.bucket: Bucket = server.fresh_bucket("-1250000000")
        self._calls = Calls(server.controls, self.bucket.name)
        config = CosConfig(
            Region=REGION,
            Scheme="http",
            SecretId=KEY.id,
            SecretKey=KEY.secret,
            Domain=f"{server.address}/{self.bucket.name}",
        )
        self._session = requests.Session()
        self.client: Any = CosS3Client(config, retry=0, session=self._session)

    @property
    def url(self) -> str:
        return f"cos://{self.bucket.name}/{PREFIX}"

    @property
    def settings(self) -> Mapping[str, str]:
        keys = {"secret_id": KEY.id, "secret_key": KEY.secret}
        return {"endpoint": self.server.endpoint, "region": REGION, **keys}

    def write(self, key: str, thing: Thing) -> Thing:
        fields: dict[str, Any] = {_FIELDS[name]: value for name, value in thing.headers.items()}
        if thing.tier == INFREQUENT:
            fields["StorageClass"] = "STANDARD_IA"
        metadata = {_META + name: word(value) for name, value in thing.user.items()}
        self.client.put_object(self.bucket.name, thing.data, f"{PREFIX}/{key}", Metadata=metadata, **fields)
        return thing

    def read(self, key: str) -> Thing:
        told = self.client.get_object(self.bucket.name, f"{PREFIX}/{key}")
        with told["Body"].get_raw_stream() as raw:
            data = raw.read()
        found = {name.lower(): value for name, value in told.items()}
        headers = {name: found[name] for name in HEADERS if name in found}
        user = {name.removeprefix(_META): text(value) for name, value in found.items() if name.startswith(_META)}
        return Thing(data, headers, user, INFREQUENT if found.get("x-cos-storage-class") == "STANDARD_IA" else "")

    def keys(self) -> set[str]:
        told = self.client.list_objects(self.bucket.name, Prefix=f"{PREFIX}/")
        return {found["Key"].removeprefix(f"{PREFIX}/") for found in told.get("Contents", ())}

    def remove(self, key: str) -> None:
        self.client.delete_object(self.bucket.name, f"{PREFIX}/{key}")

    def asked(self) -> Sequence[Asked]:
        return self._calls.since()

    def open_uploads(self) -> int:
        return len(self.bucket.uploads)

    def close(self) -> None:
        self._session.close()

    def throttle(self) -> None:
        self.server.fail(Fault("throttle", times=STORM))

    def calm(self) -> None:
        self.server.controls.faults = []

    def allow_parts_of(self, size: int) -> None:
        self.server.service.limits.part_min = size

    def archive(self, key: str) -> None:
        found = self.bucket.current(f"{PREFIX}/{key}")
        assert found is not None
        found.storage_class = "ARCHIVE"

    def let_thaw(self) -> None:
        self.server.controls.switches.clock_skew_checked = False
        self.server.service.clock.turn(hours=13)

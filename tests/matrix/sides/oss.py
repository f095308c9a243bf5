"""A bucket of OSS, by oss2."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import oss2
import requests

from tests.emulators.controls import Fault
from tests.emulators.oss import Oss
from tests.emulators.running import KEY, Emulator
from tests.emulators.state import Bucket
from tests.matrix.sides.base import HEADERS, PREFIX, STORM, Asked, Side, text, word
from tests.matrix.sides.calls import Calls
from tests.matrix.things import INFREQUENT, Thing

REGION = "cn-hangzhou"
_META = "x-oss-meta-"


class OssSide(Side):
    """At the emulator."""

    part = 1 << 20

    def __init__(self, server: Emulator[Oss]) -> None:
        self.server = server
        self.bucket: Bucket = server.fresh_bucket()
        self._calls = Calls(server.controls, self.bucket.name)
        self._session = oss2.Session()
        auth = oss2.make_auth(KEY.id, KEY.secret, "v4")
        self.client: Any = oss2.Bucket(auth, server.endpoint, self.bucket.name, session=self._session, region=REGION)

    @property
    def url(self) -> str:
        return f"oss://{self.bucket.name}/{PREFIX}"

    @property
    def settings(self) -> Mapping[str, str]:
        keys = {"access_key_id": KEY.id, "access_key_secret": KEY.secret}
        return {"endpoint": self.server.endpoint, "region": REGION, **keys}

    def write(self, key: str, thing: Thing) -> Thing:
        headers = {**thing.headers, **{_META + name: word(value) for name, value in thing.user.items()}}
        if thing.tier == INFREQUENT:
            headers["x-oss-storage-class"] = "IA"
        self.client.put_object(f"{PREFIX}/{key}", thing.data, headers=headers)
        return thing

    def read(self, key: str) -> Thing:
        told = self.client.get_object(f"{PREFIX}/{key}")
        reply: requests.Response = told.resp.response
        with reply:
            data = reply.raw.read(decode_content=False)
        headers = {name: told.headers[name] for name in HEADERS if name in told.headers}
        user = {
            name.lower().removeprefix(_META): text(value)
            for name, value in told.headers.items()
            if name.lower().startswith(_META)
        }
        return Thing(data, headers, user, INFREQUENT if told.headers["x-oss-storage-class"] == "IA" else "")

    def keys(self) -> set[str]:
        found = oss2.ObjectIteratorV2(self.client, prefix=f"{PREFIX}/")
        return {each.key.removeprefix(f"{PREFIX}/") for each in found}

    def remove(self, key: str) -> None:
        self.client.delete_object(f"{PREFIX}/{key}")

    def asked(self) -> Sequence[Asked]:
        return self._calls.since()

    def open_uploads(self) -> int:
        return len(self.bucket.uploads)

    def close(self) -> None:
        self._session.session.close()

    def throttle(self) -> None:
        self.server.fail(Fault("throttle", times=STORM, delay_ms=50))

    def calm(self) -> None:
        self.server.controls.faults = []

    def allow_parts_of(self, size: int) -> None:
        self.server.service.limits.part_min = size

    def archive(self, key: str) -> None:
        found = self.bucket.current(f"{PREFIX}/{key}")
        assert found is not None
        found.storage_class = "ColdArchive"

    def let_thaw(self) -> None:
        self.server.controls.switches.clock_skew_checked = False
        self.server.service.clock.turn(hours=13)

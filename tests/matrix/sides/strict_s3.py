"""A bucket of the S3 emulator, whose clock can be turned, and which can be made to refuse."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from tests.emulators.controls import Fault
from tests.emulators.running import KEY, Emulator
from tests.emulators.s3 import S3
from tests.emulators.state import Bucket
from tests.matrix.sides.base import PREFIX, STORM, Asked
from tests.matrix.sides.calls import Calls
from tests.matrix.sides.s3 import S3Side
from transfer.testing.servers import Server


class StrictS3(S3Side):
    """At the emulator, by botocore as well."""

    def __init__(self, server: Emulator[S3]) -> None:
        self.server = server
        self.bucket: Bucket = server.fresh_bucket()
        self._calls = Calls(server.controls, self.bucket.name)
        super().__init__(Server(server.port, KEY.id, KEY.secret), self.bucket.name)

    def asked(self) -> Sequence[Asked]:
        return self._calls.since()

    def tag(self, key: str, tags: Mapping[str, str]) -> None:
        """Give an object tags."""
        pairs = [{"Key": name, "Value": value} for name, value in tags.items()]
        self.client.put_object_tagging(**self.place(key), Tagging={"TagSet": pairs})

    def tags(self, key: str) -> dict[str, str]:
        """The tags of an object."""
        told = self.client.get_object_tagging(**self.place(key))
        return {pair["Key"]: pair["Value"] for pair in told["TagSet"]}

    def throttle(self) -> None:
        self.server.fail(Fault("throttle", times=STORM))

    def calm(self) -> None:
        self.server.controls.faults = []

    def archive(self, key: str) -> None:
        found = self.bucket.current(f"{PREFIX}/{key}")
        assert found is not None
        found.storage_class = "GLACIER"

    def let_thaw(self) -> None:
        self.server.controls.switches.clock_skew_checked = False
        self.server.service.clock.turn(hours=13)

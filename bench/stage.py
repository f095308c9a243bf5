"""Where the race takes place: a temporary folder with trees in it, two S3 servers, nothing of the user's."""

from __future__ import annotations

import os
import random
import shutil
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from bench import emulators, programs
from bench.cores import Cores
from bench.rows import Load, Same, Way

OLD, NEW = "old", "new"
"""The S3 servers: sources are on the old one, targets on the new one."""
OSS, COS = "aliyun", "tencent"
"""Those of other vendors, where there are any."""
_SOURCES, _TARGETS = {Way.FROM_OSS: OSS}, {Way.TO_COS: COS}
_ACCOUNT = "-1250000000"
"""Ends the names of Tencent's buckets."""
_PIECE = 1024 * 1024
"""Bytes that are made at a time."""
_SETTLE_SECONDS = 0.5


@dataclass(frozen=True, slots=True)
class Place:
    """One side of a run: a whole bucket, or (``server`` None) a folder on the stage."""

    name: str
    server: str | None = None
    endpoint: str = ""


@dataclass(frozen=True, slots=True)
class Stage:
    """Contestants are run in ``folder``, and ``env`` is all of the environment that they see.

    ``outside`` goes ahead of a client's command line, ``inside`` ahead of one that runs where the servers are.
    ``emulated``: the servers are emulators, and are told of buckets in their own way.
    """

    folder: Path
    endpoints: Mapping[str, str]
    cores: Cores
    env: Mapping[str, str] = field(repr=False)
    outside: Sequence[str] = ()
    inside: Sequence[str] = ()
    emulated: bool = False

    def tree(self, load: Load) -> Place:
        """The files that a load is made of."""
        return Place(f"tree-{load.name}")

    def source(self, load: Load, way: Way) -> Place:
        """What a load is read from: its tree, or a bucket."""
        return self.tree(load) if way is Way.UP else self._bucket(_SOURCES.get(way, OLD), f"source-{load.name}")

    def target(self, way: Way, name: str) -> Place:
        return Place(name) if way is Way.DOWN else self._bucket(_TARGETS.get(way, NEW), name)

    def generated(self, same: Same, which: str) -> Place:
        """A bucket of which the server only claims that it is full."""
        return self._bucket(OLD, f"generated-{same.count}-{which}")

    @property
    def port(self) -> int:
        """Of the server that is written to."""
        return int(self.endpoints[NEW].rpartition(":")[2])

    def make(self, place: Place) -> Place:
        """Make the empty folder or bucket."""
        if place.server is None:
            (self.folder / place.name).mkdir()
        else:
            self._make_bucket(place)
        return place

    def make_tree(self, load: Load) -> None:
        """Write the files, if they are not there; the bytes are random and the same every time."""
        root, dice = self.folder / self.tree(load).name, random.Random(load.name)
        if root.exists():
            return
        for name, size in load.files():
            path = root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            with path.open("wb") as file:
                for offset in range(0, size, _PIECE):
                    file.write(dice.randbytes(min(_PIECE, size - offset)))

    def clear(self, place: Place) -> None:
        """Drop a folder, or a bucket with all that is in it (both kinds of servers do that in one request)."""
        if place.server is None:
            shutil.rmtree(self.folder / place.name)
        else:
            self._drop_bucket(place)

    def settle(self) -> None:
        """Have what earlier runs wrote go to the disk, so that no later run pays for it."""
        os.sync()
        time.sleep(_SETTLE_SECONDS)

    def _bucket(self, server: str, name: str) -> Place:
        return Place(name + _ACCOUNT * (server == COS), server, self.endpoints[server])

    def _make_bucket(self, place: Place) -> None:
        if self.emulated:
            emulators.make_bucket(place.endpoint, place.name)
        else:
            self._bucket_command("mb", place)

    def _drop_bucket(self, place: Place) -> None:
        if self.emulated:
            emulators.drop_bucket(place.endpoint, place.name)
        else:
            self._bucket_command("rb", place)

    def _bucket_command(self, verb: str, place: Place) -> None:
        command = [*self.inside, programs.s5cmd(), "--endpoint-url", place.endpoint, verb, f"s3://{place.name}"]
        subprocess.run(command, env=self.env, check=True, stdout=subprocess.DEVNULL)

"""What the emulators on the common base were asked."""

from __future__ import annotations

from collections.abc import Sequence

from tests.emulators.controls import Controls
from tests.matrix.sides.base import Asked


class Calls:
    """The requests that are about one bucket."""

    def __init__(self, controls: Controls, bucket: str) -> None:
        self._controls = controls
        self._bucket = bucket
        self._read = len(controls.seen)

    def since(self) -> Sequence[Asked]:
        """Those since this was asked last."""
        seen = self._controls.seen[self._read :]
        self._read += len(seen)
        return [Asked(each.method, each.key) for each in seen if each.bucket == self._bucket]

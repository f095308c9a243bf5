"""A folder."""

from __future__ import annotations

import mimetypes
import os
from pathlib import Path

from tests.matrix.sides.base import Side
from tests.matrix.things import Thing

_TIME_NS = 1_700_000_000_123_456_789
_MODE = 0o640


class Disk(Side):
    """Files hold bytes, times and modes, and what their names tell of a type."""

    part = 1 << 20

    def __init__(self, root: Path) -> None:
        self._root = root

    @property
    def url(self) -> str:
        return str(self._root)

    def write(self, key: str, thing: Thing) -> Thing:
        path = self._root / key
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(thing.data)
        path.chmod(_MODE)
        os.utime(path, ns=(_TIME_NS, _TIME_NS))
        return self.read(key)

    def read(self, key: str) -> Thing:
        path = self._root / key
        status = path.stat()
        kind, packed = mimetypes.guess_type(key)
        seconds, rest = divmod(status.st_mtime_ns, 10**9)
        user = {"mtime": f"{seconds}.{rest:09d}", "mode": f"{status.st_mode:o}"}
        return Thing(path.read_bytes(), {"content-type": kind} if kind and not packed else {}, user)

    def keys(self) -> set[str]:
        return {str(path.relative_to(self._root)) for path in self._root.rglob("*") if path.is_file()}

    def remove(self, key: str) -> None:
        (self._root / key).unlink()

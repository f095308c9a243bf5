"""Trees of files, and what is in them."""

from __future__ import annotations

import hashlib
import random
from pathlib import Path

_MANY = 4096


def fill(root: Path, count: int, size: int) -> dict[str, bytes]:
    """Write ``count`` files into as many folders as it takes to have ten in each; returns what :func:`contents` has."""
    chance = random.Random(count)
    tree = {f"{number // 10:03}/{number:04}": chance.randbytes(size) for number in range(count)}
    for key, data in tree.items():
        write(root / key, data)
    return {key: shown(data) for key, data in tree.items()}


def write(path: Path, data: bytes) -> None:
    """Write a file, and make its folders where they are missing."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)


def contents(root: Path) -> dict[str, bytes]:
    """The bytes of all files as :func:`shown`, by key, temporary ones too."""
    return {str(path.relative_to(root)): shown(path.read_bytes()) for path in root.rglob("*") if path.is_file()}


def shown(data: bytes) -> bytes:
    """The bytes themselves, or a digest where they are so many that printing their difference would take minutes."""
    return data if len(data) <= _MANY else b"%d bytes: %s" % (len(data), hashlib.sha256(data).hexdigest().encode())

"""Makes a tree with the names, times and kinds that migrations stumble over."""

from __future__ import annotations

import os
from pathlib import Path

MIB = 1024 * 1024
BIG = "big/disk image.bin"
BIG_SIZE = 64 * MIB + 5
"""Many parts, the last one odd."""
_SMALL = 1_000
_SECOND_NS = 1_000_000_000

_NAMES = (
    # S3 sorts these a-b/c, a.txt, a/b, a0; a walk by folder would not.
    "a.txt",
    "a/b",
    "a0",
    "a-b/c",
    "Ünïcode — 文件 🚀.txt",
    "cafe\u0301.txt",  # an accent of its own
    "with space.txt",
    "trailing space ",
    "100%25 sure.txt",
    "plus+and&equals=?.txt",
    "quote'\"s.txt",
    "-dash",
    ".hidden",
    "..two dots",
    "deep/er/and/deep/er/still.txt",
)
_MODES = {"bin/run.sh": 0o755, "secret.key": 0o600, "read only.txt": 0o444}
_TIMES_NS = {
    "old/1970.txt": 1,
    "old/1986.txt": 514_862_620 * _SECOND_NS + 123_456_789,
    "old/2038.txt": (2**31 + 1) * _SECOND_NS + 999_999_999,
}
_LINKS = {"link": "a.txt", "link to a folder": "deep/er", "dangling link": "nowhere/at all"}


def make(root: Path) -> None:
    """Fill ``root``, which is made, with about a thousand objects and 66 MiB."""
    for name in _NAMES:
        _write(root / name, f"The file {name}\n".encode())
    _write(root / "empty.bin", b"")
    (root / "empty folder").mkdir()
    for name, mode in _MODES.items():
        _write(root / name, b"mode")
        (root / name).chmod(mode)
    for name, mtime_ns in _TIMES_NS.items():
        _write(root / name, b"time")
        os.utime(root / name, ns=(mtime_ns, mtime_ns))
    for name, target in _LINKS.items():
        (root / name).symlink_to(target)
    for number in range(_SMALL):
        _write(root / f"many/{number:03}.txt", f"{number}\n".encode() * (number + 1))
    _write_big(root / BIG)


def _write(path: Path, data: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)


def _write_big(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as file:
        for offset in range(0, BIG_SIZE, MIB):
            file.write(os.urandom(min(MIB, BIG_SIZE - offset)))

"""Two trees compared by nothing but the standard library: bytes, modes, times, links, empty folders."""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

_CHUNK = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Look:
    """One name in a tree. ``content`` is a SHA-256, or a link's target."""

    kind: str
    size: int = 0
    mode: int | None = None
    mtime_ns: int | None = None
    content: str = ""


Snapshot = Mapping[str, Look]


def snapshot(root: Path) -> Snapshot:
    """All files, links and empty folders below ``root`` by their relative path; all bytes are read."""
    return dict(_walk(os.fspath(root), ""))


def differences(one: Snapshot, other: Snapshot) -> list[str]:
    """One sentence for each name that is not the same in both."""
    return [
        f"{name!r}: {_difference(one.get(name), other.get(name))}"
        for name in sorted(one.keys() | other.keys())
        if one.get(name) != other.get(name)
    ]


def _walk(root: str, prefix: str) -> Iterator[tuple[str, Look]]:
    with os.scandir(os.path.join(root, prefix)) as found:
        items = list(found)
    if prefix and not items:
        yield f"{prefix}/", Look("empty folder")
    for item in items:
        name = f"{prefix}/{item.name}" if prefix else item.name
        if item.is_symlink():
            yield name, Look("link", content=os.readlink(item.path))
        elif item.is_dir():
            yield from _walk(root, name)
        else:
            yield name, _file(item)


def _file(item: os.DirEntry[str]) -> Look:
    status = item.stat(follow_symlinks=False)
    digest = hashlib.sha256()
    with open(item.path, "rb") as file:
        while data := file.read(_CHUNK):
            digest.update(data)
    return Look("file", status.st_size, stat.S_IMODE(status.st_mode), status.st_mtime_ns, digest.hexdigest())


def _difference(one: Look | None, other: Look | None) -> str:
    if other is None:
        return "is missing"
    if one is None:
        return "was not there"
    fields = ("kind", "size", "content", "mode", "mtime_ns")
    field = next(field for field in fields if getattr(one, field) != getattr(other, field))
    return f"{field} was {getattr(one, field)!r} and is {getattr(other, field)!r}"

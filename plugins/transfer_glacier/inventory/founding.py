"""Makes a journal out of an inventory where there is none; puts inventories into order. What blocks runs in threads."""

from __future__ import annotations

import asyncio
import os
import tempfile
from collections.abc import AsyncIterable, AsyncIterator, Callable, Iterable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

from transfer.errors import Misconfigured, Unsupported
from transfer_glacier.archive import Archive
from transfer_glacier.inventory.listed import Listed
from transfer_glacier.inventory.ordered import Ordered
from transfer_glacier.journal import Created
from transfer_glacier.journal.lines import format_line

_AT_ONCE = 1000


async def collect(inventory: AsyncIterable[Listed], ordered: Ordered) -> int:
    """Add all archives to ``ordered``; returns how many they are."""
    count = 0
    async for group in _groups(inventory):
        await asyncio.to_thread(ordered.add, group)
        count += len(group)
    return count


async def begin_journal(
    path: Path, inventory: AsyncIterable[Listed], archive_of: Callable[[Listed], Archive], *, encoding: str = "utf-8"
) -> int:
    """Make the journal at ``path`` of all archives, in their order; returns how many they are.

    It appears whole or not at all. Raises FileExistsError for one that is there, also if it came meanwhile.
    """
    partial = await asyncio.to_thread(_begin, path)
    try:
        count = 0
        with partial:
            async for group in _groups(inventory):
                await asyncio.to_thread(_write, partial, map(archive_of, group), encoding)
                count += len(group)
            await asyncio.to_thread(_finish, partial, path)
        return count
    finally:
        with suppress(FileNotFoundError):
            os.unlink(partial.name)


async def _groups(inventory: AsyncIterable[Listed]) -> AsyncIterator[Sequence[Listed]]:
    group: list[Listed] = []
    async for listed in inventory:
        group.append(listed)
        if len(group) == _AT_ONCE:
            yield group
            group = []
    if group:
        yield group


def _begin(path: Path) -> BinaryIO:
    """A file beside ``path``, for nobody but the user."""
    if path.exists():
        raise FileExistsError(path)
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor, name = tempfile.mkstemp(prefix=f".{path.name}.", suffix=".tmp", dir=path.parent)
    except OSError as error:
        raise Misconfigured(f"The journal {path} can't be made ({error.strerror}); name another place for it") from None
    os.close(descriptor)
    return open(name, "wb")


def _write(file: BinaryIO, archives: Iterable[Archive], encoding: str) -> None:
    for archive in archives:
        line = format_line(Created(archive)) + "\n"
        try:
            file.write(line.encode(encoding))
        except UnicodeEncodeError:
            raise Unsupported(f"The name {archive.name!a} is not in {encoding}, which the journal is to have") from None


def _finish(file: BinaryIO, path: Path) -> None:
    """A link, unlike a new name, takes no other journal's place."""
    file.flush()
    os.fsync(file.fileno())
    os.link(file.name, path)
    folder = os.open(path.parent, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)

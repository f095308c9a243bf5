"""What the tests of the disk plugin share."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

from transfer.model import Entry, Unlisted
from transfer.plugin import Prune, Store, StoreOptions
from transfer_local.names import is_temporary
from transfer_local.store import LocalStore

NOBODY = 65534


@asynccontextmanager
async def opened(root: Path | str | bytes, options: StoreOptions | None = None) -> AsyncIterator[LocalStore]:
    """The folder as a store, closed in the end."""
    store = LocalStore(os.fsencode(root), options or StoreOptions())
    try:
        yield store
    finally:
        await store.aclose()


async def items(
    store: Store, prefix: str = "", *, after: str | None = None, prune: Prune | None = None
) -> list[Entry | Unlisted]:
    """A whole listing."""
    return [item async for page in store.list(prefix, after=after, prune=prune) for item in page.items]


async def keys(store: Store, prefix: str = "", *, after: str | None = None, prune: Prune | None = None) -> list[str]:
    """The keys of a whole listing."""
    return [item.key for item in await items(store, prefix, after=after, prune=prune)]


async def objects(store: Store) -> list[str]:
    """The keys of all entries; open uploads are told of, and are none."""
    return [item.key for item in await items(store) if isinstance(item, Entry)]


async def content(store: Store, key: str) -> bytes:
    """An object's bytes, as the store reads them."""
    async with store.read(await store.stat(key)) as reading:
        view = memoryview(bytearray(reading.size or 0))
        assert await reading.readinto(view) == len(view)
        return bytes(view)


def write(root: Path, *names: str, data: bytes = b"x") -> None:
    """Make files, and the folders that they are in; a name ending in ``/`` is a folder."""
    for name in names:
        path = root / name
        if name.endswith("/"):
            path.mkdir(parents=True, exist_ok=True)
        else:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)


def temporaries(root: Path) -> list[str]:
    """Temporary files of ours anywhere below."""
    return [name for _, _, names in os.walk(root) for name in names if is_temporary(name)]


@contextmanager
def as_nobody() -> Iterator[Path]:
    """A folder of one's own as a user whom permissions hold back, which root is not."""
    root = Path(tempfile.mkdtemp(prefix="transfer-test-"))
    is_root = os.geteuid() == 0
    if is_root:
        os.chown(root, NOBODY, NOBODY)
        os.seteuid(NOBODY)
    try:
        yield root
    finally:
        if is_root:
            os.seteuid(0)
        shutil.rmtree(root)

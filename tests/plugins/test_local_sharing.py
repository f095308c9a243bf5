"""Folders that are open once for all who work in them, and no longer than that."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path
from typing import Any

import pytest

from tests.plugins.localdisk import keys, opened, write
from transfer.errors import Transient
from transfer.model import Body, Metadata
from transfer_local.sharing import Shared


class Counted:
    """Opens a folder, and remembers what it gave."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.given: list[int] = []

    def __call__(self, *_: object) -> int:
        self.given.append(os.open(self.folder, os.O_RDONLY))
        return self.given[-1]


def is_open(fd: int) -> bool:
    try:
        os.fstat(fd)
    except OSError:
        return False
    return True


def test_a_folder_is_closed_when_the_last_one_leaves(tmp_path: Path) -> None:
    """Users who overlap have the same descriptor; the next one after them has a new one."""
    count = Counted(tmp_path)
    shared = Shared(count)
    first = shared.take((b"a",), "a/f")
    with shared.using((b"a",), "a/g") as second:
        assert second is first
    assert is_open(first.fd)
    shared.leave(first, failed=False)
    assert not is_open(first.fd)
    with shared.using((b"a",), "a/h"):
        assert len(count.given) == 2


def test_who_fails_in_a_folder_leaves_it_to_nobody(tmp_path: Path) -> None:
    """Those in it may go on; whoever comes next opens the folder anew."""
    count = Counted(tmp_path)
    shared = Shared(count)
    stays = shared.take((b"a",), "a/f")
    with pytest.raises(FileNotFoundError), shared.using((b"a",), "a/g"):
        raise FileNotFoundError
    with shared.using((b"a",), "a/h") as third:
        assert third is not stays
    assert is_open(stays.fd)
    shared.leave(stays, failed=False)
    assert not any(is_open(fd) for fd in count.given)


def test_folders_above_are_named_up_to_the_root(tmp_path: Path) -> None:
    """``way`` begins with the folder itself and ends with the root."""
    with Shared(Counted(tmp_path)).using((b"a", b"b"), "a/b/f") as folder:
        assert folder.way == (((b"a", b"b"), b"a/b"), ((b"a",), b"a"), ((), b""))
        assert folder.path == b"a/b"


async def test_small_files_of_one_folder_open_it_together(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither reads nor writes open the way to every file by itself."""
    write(tmp_path, "in/")
    real, opens = os.open, 0

    def count(path: Any, *arguments: Any, **more: Any) -> int:
        nonlocal opens
        opens += path in (b"in", os.fsencode(tmp_path))
        return real(path, *arguments, **more)

    async with opened(tmp_path) as store:
        monkeypatch.setattr(os, "open", count)
        wanted = [f"in/f{number}" for number in range(100)]
        stored = await asyncio.gather(*(store.put(key, Body(b"x"), Metadata()) for key in wanted))
        writing, opens = opens, 0
        for reading in [store.read(one.entry) for one in stored]:
            async with reading:
                pass
        alone, opens = opens, 0

        async def read(number: int) -> None:
            async with store.read(stored[number].entry):
                pass

        await asyncio.gather(*map(read, range(100)))
        assert alone == 200
        assert writing < 100
        assert opens < 50
        assert len(await keys(store)) == 100


async def test_a_folder_that_was_replaced_is_found_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A put whose folder is removed under it can be made again at once."""
    real = os.fsync
    removed = False

    def fsync(fd: int) -> None:
        nonlocal removed
        if not removed:
            removed = True
            for path in (tmp_path / "a").iterdir():
                path.unlink()
            (tmp_path / "a").rmdir()
        real(fd)

    async with opened(tmp_path) as store:
        monkeypatch.setattr(os, "fsync", fsync)
        with pytest.raises(Transient):
            await store.put("a/f", Body(b"x"), Metadata())
        await store.put("a/f", Body(b"x"), Metadata())
    assert (tmp_path / "a/f").read_bytes() == b"x"

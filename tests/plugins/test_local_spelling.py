"""File systems that take two names for one, as far as they can be had without one."""

from __future__ import annotations

import os
import unicodedata
from pathlib import Path

import pytest

from tests.plugins.localdisk import keys, opened, write
from transfer.errors import Unsupported
from transfer.model import Body, Metadata
from transfer.plugin import StoreOptions
from transfer_local.spelling import Spelling
from transfer_local.store import LocalStore

NONE = Metadata()


def fold(name: str) -> str:
    return unicodedata.normalize("NFC", name).casefold()


def folding() -> Spelling:
    """Sees the folder as a file system would that folds case and normalization."""

    def exists(folder: int, name: bytes) -> bool:
        return fold(name.decode()) in {fold(other) for other in os.listdir(folder)}

    return Spelling(exists)


async def test_names_that_collide_fail_by_name(tmp_path: Path) -> None:
    """The second spelling of a file is refused and the first stays as it was."""
    write(tmp_path, "Read.me", "caf\u00e9")
    store = LocalStore(os.fsencode(tmp_path), StoreOptions(), spelling=folding())
    await store.check(write=True)
    for key, there in (("read.ME", "Read.me"), ("cafe\u0301", "caf\u00e9")):
        with pytest.raises(Unsupported, match=there) as refused:
            await store.put(key, Body(b"new"), NONE)
        assert refused.value.key == key
    await store.put("Read.me", Body(b"new"), NONE)
    assert await keys(store) == ["Read.me", "caf\u00e9"]
    await store.aclose()


async def test_folders_that_collide_fail_too(tmp_path: Path) -> None:
    """``A/x`` and ``a/y`` do not end up in one folder."""
    write(tmp_path, "A/x")
    store = LocalStore(os.fsencode(tmp_path), StoreOptions(), spelling=folding())
    await store.check(write=True)
    for _ in range(2):
        with pytest.raises(Unsupported, match="'A'"):
            await store.put("a/y", Body(b""), NONE)
        await store.put("A/y", Body(b""), NONE)
    upload = await store.begin("A/X", NONE, size=0, part_size=1)
    with pytest.raises(Unsupported):
        await store.finish(upload, [], NONE)
    assert await keys(store) == ["A/x", "A/y"]
    await store.aclose()


async def test_a_file_system_that_tells_names_apart_is_recognized(tmp_path: Path) -> None:
    """Where nothing folds, ``a`` and ``A`` are two files."""
    spelling = Spelling()
    store = LocalStore(os.fsencode(tmp_path), StoreOptions(), spelling=spelling)
    await store.check(write=True)
    if spelling.folds:
        pytest.skip("this file system folds names")
    await store.put("a", Body(b""), NONE)
    await store.put("A", Body(b""), NONE)
    assert await keys(store) == ["A", "a"]
    await store.aclose()


async def test_without_folding_nothing_is_looked_up(tmp_path: Path) -> None:
    """The question costs nothing where it does not arise."""

    def never(*_: object) -> bool:
        raise AssertionError

    store = LocalStore(os.fsencode(tmp_path), StoreOptions(), spelling=Spelling(never))
    await store.put("a/b", Body(b""), NONE)
    await store.aclose()
    async with opened(tmp_path) as plain:
        assert await keys(plain) == ["a/b"]

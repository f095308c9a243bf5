"""Opening, checking, deleting; what errnos mean."""

from __future__ import annotations

import asyncio
import errno
import os
import threading
from pathlib import Path

import pytest

from tests.plugins.localdisk import as_nobody, items, keys, opened, temporaries, write
from transfer import errors
from transfer.errors import Denied, Misconfigured, NotFound, Transient, Unsupported
from transfer.model import Body, Metadata
from transfer.plugin import Location, StoreOptions
from transfer_local import plugin
from transfer_local.errors import translate


def location(path: Path | str) -> Location:
    return Location(f"file://{path}", "file", "", str(path))


async def test_a_plain_path_is_opened_as_what_it_really_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Relative paths and symlinks lead to one origin, so that a folder is recognized as itself."""
    write(tmp_path, "real/f")
    os.symlink("real", tmp_path / "link")
    monkeypatch.chdir(tmp_path)
    origins = []
    for path in ("real", "./link/", str(tmp_path / "real")):
        store = await plugin.open(location(path), StoreOptions())
        assert await keys(store) == ["f"]
        origins.append(store.origin)
        await store.aclose()
        await store.aclose()
    assert {origin.prefix for origin in origins} == {f"{os.path.realpath(tmp_path)}/real/"}


async def test_nonsense_is_refused_when_opened() -> None:
    """A sentence that names the URL."""
    with pytest.raises(Misconfigured, match="names no folder"):
        await plugin.open(location(""), StoreOptions())


async def test_a_source_must_be_a_folder_that_is_there(tmp_path: Path) -> None:
    """Missing, a file, or closed: each has its own sentence; nothing is written."""
    write(tmp_path, "f", "d/x")
    async with opened(tmp_path / "none") as store:
        with pytest.raises(NotFound, match="none' is not there"):
            await store.check(write=False)
    async with opened(tmp_path / "f") as store:
        with pytest.raises(Misconfigured, match="f' is not a folder"):
            await store.check(write=False)
    async with opened(tmp_path / "d") as store:
        await store.check(write=False)
    with as_nobody() as root:
        write(root, "closed/x")
        os.chmod(root / "closed", 0)
        async with opened(root / "closed") as store:
            with pytest.raises(Denied, match="closed'"):
                await store.check(write=False)
        os.chmod(root / "closed", 0o700)


async def test_a_target_may_be_missing_but_must_be_writable(tmp_path: Path) -> None:
    """The nearest folder that is there is tried, and looks afterwards as it did before."""
    write(tmp_path, "f")
    async with opened(tmp_path / "a/b/c") as store:
        await store.check(write=True)
    assert os.listdir(tmp_path) == ["f"]
    for path in ("f", "f/deeper"):
        async with opened(tmp_path / path) as store:
            with pytest.raises(Misconfigured, match="f' is not a folder"):
                await store.check(write=True)
    os.symlink("nowhere", tmp_path / "dead")
    async with opened(tmp_path / "dead") as store:
        with pytest.raises(Misconfigured, match="points to nothing"):
            await store.check(write=True)
    with as_nobody() as root:
        os.chmod(root, 0o500)
        async with opened(root / "new") as store:
            with pytest.raises(Denied, match="which would be made in"):
                await store.check(write=True)
        os.chmod(root, 0o700)


async def test_without_hard_links_writes_can_not_be_made_to_yield(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file system that lacks them has no ``if_absent``, rather than a broken one."""

    def no_links(*_: object, **__: object) -> None:
        raise OSError(errno.EPERM, "no hard links")

    monkeypatch.setattr(os, "link", no_links)
    async with opened(tmp_path) as store:
        await store.check(write=True)
        assert not store.capabilities.if_absent
        with pytest.raises(Unsupported, match="'f'"):
            await store.put("f", Body(b""), Metadata(), if_absent=True)
        await store.put("f", Body(b""), Metadata())
    assert os.listdir(tmp_path) == ["f"]


async def test_deleting_takes_emptied_folders_along(tmp_path: Path) -> None:
    """As in an object store, a folder without files is no more; the root stays."""
    write(tmp_path, "a/b/c/1", "a/2", "d/3", "e/")
    async with opened(tmp_path) as store:
        assert await store.delete(["a/b/c/1", "d/3", "none", "no/where", "a/b", "a/2/x"]) == {}
    assert sorted(os.listdir(tmp_path)) == ["a", "e"]
    assert os.listdir(tmp_path / "a") == ["2"]
    async with opened(tmp_path) as store:
        assert await store.delete(["a/2", "e/"]) == {}
    assert tmp_path.is_dir()
    assert os.listdir(tmp_path) == []


async def test_a_folder_that_was_put_outlives_its_last_file(tmp_path: Path) -> None:
    """The source has it as an empty folder: it must not go with the file that was in it here."""
    write(tmp_path, "a/1")
    async with opened(tmp_path, StoreOptions(empty_dirs=True)) as store:
        await store.put("a/", Body(b""), Metadata())
        await store.delete(["a/1"])
        assert await keys(store) == ["a/"]
        await store.delete(["a/"])
        assert await keys(store) == []


async def test_a_full_folder_is_never_deleted(tmp_path: Path) -> None:
    """Deleting the entry of an empty folder that has been filled meanwhile deletes nothing."""
    write(tmp_path, "a/1")
    async with opened(tmp_path) as store:
        assert await store.delete(["a/"]) == {}
        assert await keys(store) == ["a/1"]


async def test_deleting_fails_key_by_key(tmp_path: Path) -> None:
    """What can't be a path, or may not be deleted, fails alone; a symlink goes, not what it points to."""
    write(tmp_path, "outside", "tree/1")
    os.symlink("../outside", tmp_path / "tree/link")
    async with opened(tmp_path / "tree") as store:
        failed = await store.delete(["../outside", "link", "1"])
    assert list(failed) == ["../outside"]
    assert isinstance(failed["../outside"], Unsupported)
    assert (tmp_path / "outside").exists()
    assert os.listdir(tmp_path / "tree") == []
    with as_nobody() as root:
        write(root, "a/1", "2")
        os.chmod(root / "a", 0o500)
        async with opened(root) as store:
            failed = await store.delete(["a/1", "2"])
        os.chmod(root / "a", 0o700)
    assert isinstance(failed["a/1"], Denied)
    assert list(failed) == ["a/1"]


async def test_a_cancelled_deletion_stops_midway(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is still to be deleted when the caller is cancelled stays."""
    names = [f"f{number}" for number in range(50)]
    write(tmp_path, *names)
    real = os.unlink
    third, go_on = threading.Event(), threading.Event()

    def unlink(name: bytes, *, dir_fd: int) -> None:
        if name == b"f3":
            third.set()
            assert go_on.wait(10)
        real(name, dir_fd=dir_fd)

    async with opened(tmp_path) as store:
        monkeypatch.setattr(os, "unlink", unlink)
        task = asyncio.create_task(store.delete(names))
        await asyncio.to_thread(third.wait, 10)
        task.cancel()
        await asyncio.sleep(0.01)
        go_on.set()
        with pytest.raises(asyncio.CancelledError):
            await task
    assert len(os.listdir(tmp_path)) == 46


async def test_capabilities_promise_no_verification() -> None:
    """A disk proves nothing by itself; what it can is to be read again before it shows."""
    assert plugin.capabilities.verifies == ()
    assert plugin.capabilities.keeps == ()
    assert plugin.capabilities.staged
    assert plugin.capabilities.ordered


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        (errno.ENOSPC, errors.NoSpace),
        (errno.EDQUOT, errors.NoSpace),
        (errno.EACCES, Denied),
        (errno.EROFS, Denied),
        (errno.ENOENT, NotFound),
        (errno.EMFILE, Transient),
        (errno.EIO, Transient),
        (errno.ENAMETOOLONG, Unsupported),
        (errno.EXDEV, errors.TransferError),
    ],
)
def test_every_errno_has_its_kind_and_sentence(code: int, kind: type[Exception]) -> None:
    """The error is of the right kind, names the key and carries the errno's name."""
    error = translate(OSError(code, os.strerror(code)), "write", "a/b")
    assert type(error) is kind
    assert str(error).startswith("Can't write 'a/b': ")
    assert error.code == errno.errorcode[code]


async def test_an_upload_in_a_removed_tree_makes_it_anew(tmp_path: Path) -> None:
    """The target folder, and the way to it, are made by whoever writes first."""
    async with opened(tmp_path / "x/y") as store:
        upload = await store.begin("a/b", Metadata(), size=0, part_size=1)
        await store.finish(upload, [], Metadata())
        assert [item.key for item in await items(store)] == ["a/b"]
    assert temporaries(tmp_path) == []

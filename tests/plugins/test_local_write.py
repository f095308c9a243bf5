"""Whole objects onto the disk."""

from __future__ import annotations

import asyncio
import errno
import os
import stat
import threading
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings

from tests.plugins.localdisk import as_nobody, content, keys, opened, temporaries, write
from transfer.checksums import digest
from transfer.errors import Changed, Corrupt, Denied, NoSpace, Transient, Unsupported
from transfer.model import Algorithm, Body, Kind, Metadata, Posix, Proven
from transfer.plugin import StoreOptions
from transfer.testing.strategies import key_sets
from transfer_local.store import SMALL

NONE = Metadata()
MTIME = 1_600_000_000_123_456_789


def body(data: bytes) -> Body:
    return Body(data, digest(data, (Algorithm.CRC64NVME, Algorithm.MD5)))


@pytest.mark.parametrize("size", [0, 1, 70_000, SMALL, SMALL + 1, 3_000_001])
async def test_bytes_arrive(tmp_path: Path, size: int) -> None:
    """Whatever the size, the file holds the bytes, and no temporary file is left."""
    data = os.urandom(size)
    async with opened(tmp_path / "new" / "root") as store:
        stored = await store.put("a/b/c", body(data), NONE)
        assert await content(store, "a/b/c") == data
        assert stored.entry == await store.stat("a/b/c")
    assert (tmp_path / "new/root/a/b/c").read_bytes() == data
    assert temporaries(tmp_path) == []
    assert stored.proof.proven is Proven.UNPROVEN


async def test_mode_and_mtime_are_applied(tmp_path: Path) -> None:
    """Permissions and nanoseconds come back as they were; set-user-id does not."""
    posix = Posix(mtime_ns=MTIME, mode=0o104640, uid=1, gid=1)
    async with opened(tmp_path) as store:
        stored = await store.put("f", body(b"x"), Metadata(posix=posix))
    status = (tmp_path / "f").stat()
    assert (status.st_mtime_ns, stat.S_IMODE(status.st_mode)) == (MTIME, 0o640)
    assert status.st_uid == os.geteuid()
    assert stored.entry.mtime_ns == MTIME
    assert stored.lost == ()


async def test_the_owner_is_applied_only_when_asked() -> None:
    """With ``--owner``; who may not give files away is told so in the report."""
    with as_nobody() as root:
        async with opened(root, StoreOptions(owner=True)) as store:
            stored = await store.put("f", body(b"x"), Metadata(posix=Posix(mode=0o104755, uid=0, gid=0)))
        assert stored.lost == ("owner",)
        assert stat.S_IMODE((root / "f").stat().st_mode) == 0o755


@pytest.mark.parametrize(
    ("uid", "gid", "bits"),
    [
        (None, None, 0o1755),
        (None, os.getegid(), 0o3755),
        (os.geteuid(), None, 0o5755),
        (os.geteuid(), os.getegid(), 0o7755),
    ],
)
async def test_special_bits_come_only_with_their_owner(
    tmp_path: Path, uid: int | None, gid: int | None, bits: int
) -> None:
    """Where it is not known whose program it was, it is not made one of whoever runs this."""
    async with opened(tmp_path, StoreOptions(owner=True)) as store:
        stored = await store.put("f", body(b"x"), Metadata(posix=Posix(mode=0o107755, uid=uid, gid=gid)))
    assert stat.S_IMODE((tmp_path / "f").stat().st_mode) == bits
    assert stored.lost == ()


async def test_without_a_mode_the_umask_decides(tmp_path: Path) -> None:
    """An object that knows no permissions gets those of any new file."""
    before = os.umask(0o027)
    try:
        async with opened(tmp_path) as store:
            await store.put("f", body(b"x"), NONE)
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "f").stat().st_mode) == 0o640


async def test_what_a_file_cannot_hold_is_named(tmp_path: Path) -> None:
    """Headers and user metadata are lost by name; a type that the name tells anyway is not."""
    metadata = Metadata(content_type="text/html", cache_control="no-store", user={"a": "b"}, tags={"t": "1"})
    async with opened(tmp_path) as store:
        assert (await store.put("x.html", body(b""), metadata)).lost == ("cache-control", "user", "tags")
        assert (await store.put("x", body(b""), Metadata(content_type="text/html"))).lost == ("content-type",)
        assert (await store.put("y", body(b""), Metadata(content_type="binary/octet-stream"))).lost == ()


async def test_an_impossible_time_is_lost_not_fatal(tmp_path: Path) -> None:
    """A modification time that no file can have is named in the report."""
    async with opened(tmp_path) as store:
        stored = await store.put("f", body(b"x"), Metadata(posix=Posix(mtime_ns=10**40)))
    assert stored.lost == ("mtime",)


@pytest.mark.parametrize("size", [10, SMALL + 1])
async def test_reading_back_proves(tmp_path: Path, size: int) -> None:
    """With ``read_back`` the proof says by what."""
    async with opened(tmp_path) as store:
        stored = await store.put("f", body(os.urandom(size)), NONE, read_back=True)
        bare = await store.put("g", Body(b"x"), NONE, read_back=True)
        folder = await store.put("h/", Body(b""), NONE, read_back=True)
    assert {str(one.proof) for one in (stored, bare, folder)} == {"read back (crc64nvme)"}


async def test_bytes_that_changed_on_the_way_never_appear(tmp_path: Path) -> None:
    """What reads back differently is Corrupt, and the old file stays."""
    write(tmp_path, "f", data=b"old")
    async with opened(tmp_path) as store:
        with pytest.raises(Corrupt, match="'f'"):
            await store.put("f", Body(b"new", digest(b"other", (Algorithm.MD5,))), NONE, read_back=True)
    assert (tmp_path / "f").read_bytes() == b"old"
    assert temporaries(tmp_path) == []


async def test_if_absent_never_replaces(tmp_path: Path) -> None:
    """Of many writers of one key exactly one wins; the others are told."""
    async with opened(tmp_path) as store:
        puts = (store.put("f", body(bytes([n])), NONE, if_absent=True) for n in range(8))
        results = await asyncio.gather(*puts, return_exceptions=True)
        won = [n for n, result in enumerate(results) if not isinstance(result, BaseException)]
        assert len(won) == 1
        assert await content(store, "f") == bytes(won)
        assert sum(isinstance(result, Changed) for result in results) == 7
        with pytest.raises(Changed):
            await store.put("f", body(os.urandom(SMALL + 1)), NONE, if_absent=True)
    assert temporaries(tmp_path) == []


async def test_files_and_folders_do_not_replace_each_other(tmp_path: Path) -> None:
    """Where a file is in the way of a folder, or a folder of a file, that key fails and nothing else."""
    write(tmp_path, "file", "folder/x")
    async with opened(tmp_path) as store:
        for key, if_absent in (("file/x", False), ("folder", False), ("folder", True), ("file/", False)):
            with pytest.raises(Unsupported) as refused:
                await store.put(key, body(b""), NONE, if_absent=if_absent)
            assert refused.value.key == key
        with pytest.raises(Unsupported, match="holds bytes"):
            await store.put("marker/", body(b"x"), NONE)
        assert await keys(store) == ["file", "folder/x"]
    assert temporaries(tmp_path) == []


async def test_nothing_is_written_through_a_symlink(tmp_path: Path) -> None:
    """Neither a symlinked folder nor a symlinked file leads a write, update, upload or delete outside."""
    write(tmp_path, "outside/f", "tree/")
    os.symlink("../outside", tmp_path / "tree" / "link")
    os.symlink("../outside/f", tmp_path / "tree" / "f")
    for links in ("skip", "follow", "keep"):
        async with opened(tmp_path / "tree", StoreOptions(links=links)) as store:
            with pytest.raises(Unsupported, match="symlink 'link'"):
                await store.put("link/new", body(b"x"), NONE)
            with pytest.raises(Unsupported, match="symlink 'link'"):
                await store.put("link/deeper/new", body(b"x"), NONE)
            with pytest.raises(Unsupported):
                await store.begin("link/new", NONE, size=1, part_size=1)
            assert set(await store.delete(["link/f"])) == {"link/f"}
    async with opened(tmp_path / "tree") as store:
        await store.put("f", body(b"new"), NONE)
        assert await store.delete(["link"]) == {}
    assert (tmp_path / "tree/f").read_bytes() == b"new"
    assert not (tmp_path / "tree/f").is_symlink()
    assert sorted(os.listdir(tmp_path / "outside")) == ["f"]
    assert (tmp_path / "outside/f").read_bytes() == b"x"


@given(key_sets())
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
async def test_hostile_keys_land_inside_or_fail_by_name(
    tmp_path_factory: pytest.TempPathFactory, wanted: list[str]
) -> None:
    """Every key becomes a file with its bytes, or fails with a sentence; nothing appears outside."""
    above = tmp_path_factory.mktemp("hostile")
    (above / "tree").mkdir()
    async with opened(above / "tree") as store:
        written, refusals = {}, []
        for key in wanted:
            data = b"" if key.endswith("/") else key.encode()
            try:
                await store.put(key, body(data), NONE)
                written[key] = data
            except Unsupported as refused:
                refusals.append((key, refused.key))
        assert all(key == named for key, named in refusals)
        files = sorted((key for key in written if not key.endswith("/")), key=str.encode)
        assert await keys(store) == files
        for key in files:
            assert await content(store, key) == written[key]
    assert os.listdir(above) == ["tree"]
    assert temporaries(above) == []


async def test_kept_symlinks_are_made_again(tmp_path: Path) -> None:
    """With ``keep`` a symlink replaces what was there at once, dangling or not, with its own time."""
    write(tmp_path, "link", "precious")
    metadata = Metadata(posix=Posix(mtime_ns=MTIME, link_target="no/where"))
    async with opened(tmp_path, StoreOptions(links="keep")) as store:
        stored = await store.put("link", body(b"no/where"), metadata, read_back=True)
        assert (stored.entry.kind, stored.entry.size) == (Kind.SYMLINK, 8)
        assert stored.proof.proven is Proven.READ_BACK
        assert await content(store, "link") == b"no/where"
        with pytest.raises(Changed):
            await store.put("precious", body(b"no/where"), metadata, if_absent=True)
        with pytest.raises(Unsupported, match="symlink"):
            await store.put("empty", body(b""), metadata)
    assert os.readlink(tmp_path / "link") == "no/where"
    assert os.lstat(tmp_path / "link").st_mtime_ns == MTIME
    assert temporaries(tmp_path) == []


async def test_without_keep_a_symlink_becomes_a_file(tmp_path: Path) -> None:
    """A store that keeps no symlinks writes the target's name as bytes, and says what is lost."""
    async with opened(tmp_path) as store:
        stored = await store.put("link", body(b"t"), Metadata(posix=Posix(link_target="t")))
    assert stored.lost == ("link-target",)
    assert not (tmp_path / "link").is_symlink()


@pytest.mark.parametrize("call", ["pwrite", "fsync", "rename"])
@pytest.mark.parametrize(
    ("code", "kind"), [(errno.ENOSPC, NoSpace), (errno.EDQUOT, NoSpace), (errno.EIO, Transient), (errno.EROFS, Denied)]
)
async def test_a_failing_disk_is_one_clear_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, call: str, code: int, kind: type[Exception]
) -> None:
    """Wherever it happens, the error says what and which object, and nothing is left behind."""

    def fail(*_: object, **__: object) -> None:
        raise OSError(code, os.strerror(code))

    async with opened(tmp_path) as store:
        with monkeypatch.context() as patch:
            patch.setattr(os, call, fail)
            with pytest.raises(kind, match="'a/f'"):
                await store.put("a/f", body(b"x"), NONE)
        assert temporaries(tmp_path) == []
        await store.put("a/f", body(b"x"), NONE)
        assert await keys(store) == ["a/f"]


async def test_one_failure_among_many_spoils_no_other(tmp_path: Path) -> None:
    """Puts that share a thread fail one by one."""
    write(tmp_path, "f7/x")
    async with opened(tmp_path) as store:
        puts = (store.put(f"f{n}", body(b"x"), NONE) for n in range(40))
        results = await asyncio.gather(*puts, return_exceptions=True)
    assert [n for n, result in enumerate(results) if isinstance(result, Unsupported)] == [7]
    assert sum(isinstance(result, BaseException) for result in results) == 1


@pytest.mark.parametrize("size", [10, SMALL + 1])
async def test_a_cancelled_put_has_ended_and_left_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, size: int
) -> None:
    """Cancelled in the middle, the thread cleans up before the caller goes on, even when cancelled twice."""
    inside, go_on = threading.Event(), threading.Event()
    real = os.fsync

    def fsync(fd: int) -> None:
        inside.set()
        assert go_on.wait(10)
        real(fd)

    async with opened(tmp_path) as store:
        monkeypatch.setattr(os, "fsync", fsync)
        task = asyncio.create_task(store.put("f", body(os.urandom(size)), NONE))
        await asyncio.to_thread(inside.wait, 10)
        task.cancel()
        await asyncio.sleep(0.02)
        task.cancel()
        await asyncio.sleep(0.02)
        assert not task.done()
        assert len(temporaries(tmp_path)) == 1
        go_on.set()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert os.listdir(tmp_path) == []


async def test_a_put_that_waits_for_a_thread_is_cancelled_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What has not begun never begins."""
    go_on = threading.Event()
    monkeypatch.setattr(os, "fsync", lambda _: go_on.wait(10))
    async with opened(tmp_path) as store:
        tasks = [asyncio.create_task(store.put(f"f{n}", body(b"x"), NONE)) for n in range(200)]
        await asyncio.sleep(0.05)
        tasks[-1].cancel()
        with pytest.raises(asyncio.CancelledError):
            await asyncio.wait_for(tasks[-1], 1)
        go_on.set()
        await asyncio.gather(*tasks[:-1])
        assert "f199" not in await keys(store)


async def test_a_folder_removed_meanwhile_is_tried_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another process's deletion between two steps of a put is no verdict about the object."""
    real = os.rename

    def rename(source: bytes, target: bytes, *, src_dir_fd: int, dst_dir_fd: int) -> None:
        os.unlink(source, dir_fd=src_dir_fd)
        real(source, target, src_dir_fd=src_dir_fd, dst_dir_fd=dst_dir_fd)

    monkeypatch.setattr(os, "rename", rename)
    async with opened(tmp_path) as store:
        with pytest.raises(Transient):
            await store.put("a/f", body(b"x"), NONE)


async def test_empty_folders_have_times_too(tmp_path: Path) -> None:
    """A folder that is put as such gets its mode and mtime, and is listed as it is."""
    async with opened(tmp_path, StoreOptions(empty_dirs=True)) as store:
        stored = await store.put("a/b/", body(b""), Metadata(posix=Posix(mtime_ns=MTIME, mode=0o40750)))
        assert stored.entry == await store.stat("a/b/")
        assert await keys(store) == ["a/b/"]
    status = (tmp_path / "a/b").stat()
    assert (status.st_mtime_ns, stat.S_IMODE(status.st_mode)) == (MTIME, 0o750)


async def test_metadata_is_updated_in_place(tmp_path: Path) -> None:
    """``update`` changes times and permissions of files and symlinks, only of what was listed."""
    write(tmp_path, "f")
    os.symlink("f", tmp_path / "link")
    async with opened(tmp_path, StoreOptions(links="keep")) as store:
        entry, link = await store.stat("f"), await store.stat("link")
        updated = await store.update(entry, Metadata(posix=Posix(mtime_ns=MTIME, mode=0o100600)))
        assert (updated.entry.mtime_ns, stat.S_IMODE((tmp_path / "f").stat().st_mode)) == (MTIME, 0o600)
        with pytest.raises(Changed):
            await store.update(entry, NONE)
        await store.update(link, Metadata(posix=Posix(mtime_ns=7, link_target="f")))
    assert os.lstat(tmp_path / "link").st_mtime_ns == 7
    assert (tmp_path / "f").stat().st_mtime_ns == MTIME

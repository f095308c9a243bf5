"""The listing of a folder."""

from __future__ import annotations

import asyncio
import os
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.plugins.localdisk import as_nobody, items, keys, opened, temporaries, write
from transfer.errors import NotFound, Transient
from transfer.model import Entry, Kind, Unlisted, Why
from transfer.plugin import StoreOptions
from transfer_local import leftovers, names
from transfer_local import scan as scan_module
from transfer_local import walk as walk_module

FOLLOW = StoreOptions(links="follow")
KEEP = StoreOptions(links="keep")

_NAMES = st.text(
    st.one_of(st.sampled_from("ab-./0~ é\U0001f600\uffff\n\\"), st.characters(codec="utf-8", exclude_characters="\0/")),
    min_size=1,
    max_size=4,
).map(lambda name: name.replace("/", "_"))
_PATHS = st.lists(_NAMES.filter(lambda name: name not in (".", "..")), min_size=1, max_size=4).map("/".join)


def unlisted(found: list[Entry | Unlisted]) -> dict[str, tuple[Why, bool]]:
    """The reasons, by key, of what was met but not listed."""
    return {item.key: (item.why, item.failed) for item in found if isinstance(item, Unlisted)}


def maybe_folders(found: list[Entry | Unlisted]) -> set[str]:
    """What was met but not listed, and may have something below it."""
    return {item.key for item in found if isinstance(item, Unlisted) and item.folder}


def make(root: Path, paths: list[str]) -> list[str]:
    """Files of these paths, as far as they can lie side by side; returns those, in key order."""
    made = []
    for path in paths:
        try:
            write(root, path)
            made.append(path)
        except OSError:
            continue
    return sorted(set(made), key=str.encode)


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """As a living process holds a file that it writes."""
    with path.open("rb") as file:
        leftovers.mark_living(file.fileno())
        yield


@given(st.lists(_PATHS, max_size=25))
@settings(max_examples=60, deadline=None)
async def test_keys_come_in_the_order_of_their_bytes(paths: list[str]) -> None:
    """Every file is listed once, in the byte order of whole keys."""
    with tempfile.TemporaryDirectory() as folder:
        expected = make(Path(folder), paths)
        async with opened(folder) as store:
            assert await keys(store) == expected


@given(st.lists(_PATHS, min_size=1, max_size=15), _PATHS, st.integers(0, 20))
@settings(max_examples=60, deadline=None)
async def test_after_and_prefix_leave_out_exactly_what_they_say(paths: list[str], other: str, cut: int) -> None:
    """``after`` and ``prefix`` give what filtering the whole listing would."""
    with tempfile.TemporaryDirectory() as folder:
        expected = make(Path(folder), paths)
        async with opened(folder) as store:
            for after in (*expected, other, other + "/"):
                assert await keys(store, after=after) == [key for key in expected if key.encode() > after.encode()]
                prefix = after[:cut]
                assert await keys(store, prefix) == [key for key in expected if key.startswith(prefix)]


async def test_folders_sort_with_their_slash(tmp_path: Path) -> None:
    """``a-b``, ``a.txt``, ``a/b`` and ``a0`` come as an object store has them."""
    write(tmp_path, "a0", "a/b", "a.txt", "a-b", "a/b!/c", "a/b0")
    async with opened(tmp_path) as store:
        assert await keys(store) == ["a-b", "a.txt", "a/b", "a/b!/c", "a/b0", "a0"]


async def test_a_listing_goes_on_behind_any_page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """``resume`` of every page gives the rest, nothing twice and nothing left out."""
    monkeypatch.setattr("transfer_local.store.PAGE", 3)
    write(tmp_path, *(f"{folder}/{name}" for folder in ("a", "a/x", "b") for name in "1234"), "a-", "c")
    os.symlink("nowhere", tmp_path / "a" / "1-link")
    async with opened(tmp_path) as store:
        pages = [page async for page in store.list()]
        everything = [item.key for page in pages for item in page.items]
        assert len(pages) > 3
        assert everything == sorted(everything)
        for number, page in enumerate(pages, start=1):
            rest = [item.key async for later in store.list(resume=page.resume) for item in later.items]
            assert rest == [item.key for later in pages[number:] for item in later.items]


async def test_after_does_not_walk_what_precedes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Folders that lie wholly before ``after`` are not even opened."""
    write(tmp_path, "a/1", "b/c/1", "b/d/1", "e/1")
    opened_folders: list[bytes | str] = []
    real = os.open

    def spy(path: str | bytes, flags: int, mode: int = 0o777, *, dir_fd: int | None = None) -> int:
        opened_folders.append(os.fsdecode(path))
        return real(path, flags, mode, dir_fd=dir_fd)

    async with opened(tmp_path) as store:
        monkeypatch.setattr(os, "open", spy)
        assert await keys(store, after="b/d/0") == ["b/d/1", "e/1"]
    assert not {"a", "b/c", "c"} & set(opened_folders)


async def test_a_pruned_folder_is_not_opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """``prune`` is asked with the folder's key, and what it names is left alone."""
    write(tmp_path, "keep/1", "skip/deep/1", "z")
    asked: list[str] = []

    def prune(folder: str) -> bool:
        asked.append(folder)
        return folder == "skip/"

    async with opened(tmp_path, StoreOptions(empty_dirs=True)) as store:
        assert await keys(store, prune=prune) == ["keep/1", "z"]
    assert sorted(asked) == ["keep/", "skip/"]


async def test_entries_tell_size_times_and_identity(tmp_path: Path) -> None:
    """An entry has what the file system says, and an identity that any change alters."""
    write(tmp_path, "f", data=b"12345")
    os.utime(tmp_path / "f", ns=(1, 1_700_000_000_123_456_789))
    async with opened(tmp_path) as store:
        (before,) = await items(store)
        assert isinstance(before, Entry)
        assert (before.size, before.mtime_ns, before.kind) == (5, 1_700_000_000_123_456_789, Kind.OBJECT)
        os.chmod(tmp_path / "f", 0o600)
        (after,) = await items(store)
        assert isinstance(after, Entry)
        assert before.identity != after.identity
        assert (await store.stat("f")).identity == after.identity


async def test_symlinks_are_left_out_by_default(tmp_path: Path) -> None:
    """With ``skip`` a symlink is reported and is no failure, and nothing behind it is listed."""
    write(tmp_path, "real/1")
    os.symlink("real", tmp_path / "folder")
    os.symlink("real/1", tmp_path / "file")
    async with opened(tmp_path) as store:
        found = await items(store)
    assert [item.key for item in found] == ["file", "folder", "real/1"]
    assert unlisted(found) == {"file": (Why.SYMLINK, False), "folder": (Why.SYMLINK, False)}


async def test_symlinks_are_followed(tmp_path: Path) -> None:
    """With ``follow`` they are what they point to; loops and dead ends are failures."""
    write(tmp_path, "tree/real/1", "outside/2")
    tree = tmp_path / "tree"
    os.symlink("real", tree / "again")
    os.symlink("../outside", tree / "out")
    os.symlink("real/1", tree / "one")
    os.symlink("..", tree / "real" / "up")
    os.symlink("self", tree / "self")
    os.symlink("nowhere", tree / "dead")
    async with opened(tree, FOLLOW) as store:
        found = await items(store)
        assert [item.key for item in found if isinstance(item, Entry)] == ["again/1", "one", "out/2", "real/1"]
    assert unlisted(found) == dict.fromkeys(["again/up", "dead", "real/up", "self"], (Why.SYMLINK, True))
    assert maybe_folders(found) == {"again/up", "real/up"}
    assert [item.key for item in found] == sorted(item.key for item in found)


async def test_symlinks_are_kept(tmp_path: Path) -> None:
    """With ``keep`` a symlink is an entry of its own, with its target in its metadata."""
    write(tmp_path, "folder/1")
    os.symlink("folder", tmp_path / "link")
    os.symlink(b"\xff", os.fsencode(tmp_path) + b"/odd")
    async with opened(tmp_path, KEEP) as store:
        found = await items(store)
    link = found[1]
    assert isinstance(link, Entry)
    assert (link.key, link.kind, link.size) == ("link", Kind.SYMLINK, 6)
    assert link.metadata is not None
    assert link.metadata.posix.link_target == "folder"
    assert unlisted(found) == {"odd": (Why.BAD_NAME, True)}


async def test_special_files_are_counted_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Sockets and FIFOs are left out by rule."""
    os.mkfifo(tmp_path / "fifo")
    monkeypatch.chdir(tmp_path)  # a socket's path must be short
    with socket.socket(socket.AF_UNIX) as server:
        server.bind("socket")
        async with opened(tmp_path) as store:
            found = await items(store)
    assert unlisted(found) == {"fifo": (Why.SPECIAL, False), "socket": (Why.SPECIAL, False)}


async def test_names_that_are_not_utf8_fail_by_name(tmp_path: Path) -> None:
    """Their bytes are shown, in key order, and never twice under one key."""
    for name in (b"caf\xe9", b"caf\\xe9", b"d\xff/inner"):
        path = os.fsencode(tmp_path) + b"/" + name
        os.makedirs(os.path.dirname(path), exist_ok=True)
        Path(os.fsdecode(path)).write_bytes(b"")
    write(tmp_path, "a", "z")
    async with opened(tmp_path) as store:
        found = await items(store)
    assert [item.key for item in found] == ["a", "caf\\xe9", "caf\\xe9?", "d\\xff", "z"]
    assert unlisted(found) == {"caf\\xe9?": (Why.BAD_NAME, True), "d\\xff": (Why.BAD_NAME, True)}
    assert maybe_folders(found) == {"d\\xff"}


async def test_an_unreadable_folder_is_reported_in_its_place() -> None:
    """It is a failure of its own, in key order, and the listing goes on."""
    with as_nobody() as root:
        write(root, "a/1", "a-b", "b/1")
        os.chmod(root / "a", 0)
        async with opened(root) as store:
            found = await items(store)
            assert await keys(store, after="a") == ["a-b", "b/1"]
        os.chmod(root / "a", 0o700)
    assert [item.key for item in found] == ["a", "a-b", "b/1"]
    assert unlisted(found) == {"a": (Why.UNREADABLE, True)}
    assert maybe_folders(found) == {"a"}


async def test_files_in_a_folder_that_may_not_be_entered_fail_one_by_one() -> None:
    """A folder whose names can be read but not its files loses none of them silently."""
    with as_nobody() as root:
        write(root, "a/1", "a/2")
        os.chmod(root / "a", 0o400)
        async with opened(root) as store:
            found = await items(store)
        os.chmod(root / "a", 0o700)
    assert unlisted(found) == {"a/1": (Why.UNREADABLE, True), "a/2": (Why.UNREADABLE, True)}


async def test_a_folder_that_vanishes_underway_is_reported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It fails by name, so that nothing is deleted for it, and the rest is listed."""
    write(tmp_path, "a/1", "b/1")
    real = walk_module.Walk._enter

    def enter(self: walk_module.Walk, root: int, path: str, *rest: object) -> object:
        if path == "a/":
            os.rename(tmp_path / "a", tmp_path / "gone")
        return real(self, root, path, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(walk_module.Walk, "_enter", enter)
    async with opened(tmp_path) as store:
        found = await items(store)
    assert unlisted(found) == {"a": (Why.UNREADABLE, True)}
    assert [item.key for item in found] == ["a", "b/1"]


async def test_too_many_open_files_try_the_listing_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """That limit passes: it must not look like a folder that can't be read."""
    write(tmp_path, "a/1")

    def probe(*_: object) -> None:
        raise OSError(24, "Too many open files")

    monkeypatch.setattr(scan_module.Scanner, "_probe", probe)
    async with opened(tmp_path) as store:
        with pytest.raises(Transient, match="ulimit -n"):
            await items(store)


async def test_empty_folders_are_entries_when_asked(tmp_path: Path) -> None:
    """Only folders that hold nothing, with ``--empty-dirs`` only."""
    write(tmp_path, "a/deep/", "b/1", "c/", "c-d")
    os.symlink("b", tmp_path / "a" / "link")
    async with opened(tmp_path) as store:
        assert "c/" not in await keys(store)
    async with opened(tmp_path, StoreOptions(empty_dirs=True)) as store:
        found = await items(store)
        assert [item.key for item in found] == ["a/deep/", "a/link", "b/1", "c-d", "c/"]
        last = found[-1]
        assert isinstance(last, Entry)
        assert (last.kind, last.size) == (Kind.FOLDER, 0)
        assert await keys(store, after="c/") == []


async def test_temporary_files_are_never_objects(tmp_path: Path) -> None:
    """A source tells of ours and leaves them out, a target says nothing. A folder that holds only them is empty."""
    parts = f"a/{names.of_upload(names.new_upload('x')).decode()}"
    write(tmp_path, ".transfer-0123abcd.tmp", parts, "notes.tmp", ".transfer-0123abce.tmp/1")
    async with opened(tmp_path, StoreOptions(empty_dirs=True)) as store:
        found = await items(store)
        assert [item.key for item in found if isinstance(item, Entry)] == [
            ".transfer-0123abce.tmp/1",
            "a/",
            "notes.tmp",
        ]
        assert unlisted(found) == dict.fromkeys([".transfer-0123abcd.tmp", parts], (Why.TEMPORARY, False))
        assert [item.key for item in found] == sorted(item.key for item in found)
        assert await keys(store, "a/") == ["a/", parts]
        await store.check(write=True)
        assert await keys(store) == [".transfer-0123abce.tmp/1", "a/", "notes.tmp"]


async def test_files_that_are_named_like_temporary_ones_are_objects(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They are somebody's, and stay at a target however old they are."""
    theirs = [".transfer-mine.parts.tmp", ".transfer-plan.tmp"]
    write(tmp_path, *theirs)
    monkeypatch.setattr(leftovers, "_YOUNG", 0)
    async with opened(tmp_path) as store:
        assert await keys(store) == theirs
        await store.check(write=True)
        assert await keys(store) == theirs
    assert sorted(os.listdir(tmp_path)) == theirs


async def test_only_a_target_loses_its_stale_temporary_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a killed process left of single puts is cleared away at a target; uploads and living files stay."""
    dead, alive, link = (names.temporary().decode() for _ in range(3))
    write(tmp_path, dead, alive, names.of_upload(names.new_upload("x")).decode(), "f")
    os.symlink("x", tmp_path / link)
    everything = sorted(temporaries(tmp_path))
    async with opened(tmp_path) as store:
        monkeypatch.setattr(leftovers, "_YOUNG", 0)
        await keys(store)
        assert sorted(temporaries(tmp_path)) == everything
        await store.check(write=True)
        monkeypatch.undo()
        await keys(store)
        assert sorted(temporaries(tmp_path)) == everything
        monkeypatch.setattr(leftovers, "_YOUNG", 0)
        with locked(tmp_path / alive):
            assert await keys(store) == ["f"]
    everything.remove(dead)
    assert sorted(temporaries(tmp_path)) == everything


async def test_a_missing_source_is_no_empty_source(tmp_path: Path) -> None:
    """A folder that is not there is an error for a source, and empty for a target."""
    async with opened(tmp_path / "none") as store:
        with pytest.raises(NotFound):
            await keys(store)
        await store.check(write=True)
        assert await keys(store) == []
        assert not (tmp_path / "none").exists()


async def test_deep_trees_need_no_open_folders(tmp_path: Path) -> None:
    """Depth costs neither descriptors nor recursion; what is too deep for a path is reported."""
    depth, fd = 2200, os.open(tmp_path, os.O_RDONLY)
    for _ in range(depth):
        os.mkdir("d", dir_fd=fd)
        below = os.open("d", os.O_RDONLY, dir_fd=fd)
        os.close(fd)
        fd = below
    os.close(fd)
    try:
        async with opened(tmp_path) as store:
            (found,) = await items(store)
    finally:
        # Before 3.13, Python itself can't remove so deep a tree.
        await asyncio.to_thread(subprocess.run, ["rm", "-rf", str(tmp_path / "d")], check=True)
    assert isinstance(found, Unlisted)
    assert (found.why, found.failed) == (Why.UNREADABLE, True)
    assert "too long" in found.detail
    assert 4000 < len(found.key) < 4096

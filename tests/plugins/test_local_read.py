"""Reading files, guarded against change."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from tests.plugins.localdisk import as_nobody, content, items, opened, write
from transfer.errors import Changed, Denied, NotFound, Unsupported
from transfer.model import Entry, Kind, Span
from transfer.plugin import StoreOptions
from transfer_local.reading import AT_ONCE

SIZES = [0, 1, AT_ONCE, AT_ONCE + 1, 20 * 1024 * 1024 + 3]
LARGE = AT_ONCE * 4


@pytest.mark.parametrize("size", SIZES)
async def test_a_whole_file_is_read_in_pieces_of_any_size(tmp_path: Path, size: int) -> None:
    """Every byte comes once and in order, into views larger or smaller than the file."""
    data = os.urandom(size)
    write(tmp_path, "f", data=data)
    async with opened(tmp_path) as store:
        for step in (size + 10, max(1, size // 3)):
            found = bytearray()
            async with store.read(Entry("f")) as reading:
                assert reading.size == reading.entry.size == size
                view = memoryview(bytearray(step))
                while count := await reading.readinto(view):
                    found += view[:count]
            assert found == data


@pytest.mark.parametrize(
    "span", [Span(0, 5), Span(7, 100_000), Span(LARGE - 3, 3), Span(LARGE - 3, 50), Span(LARGE, 5)]
)
async def test_a_span_is_cut_at_the_files_end(tmp_path: Path, span: Span) -> None:
    """A span gives its bytes as far as there are any; the entry tells the whole size."""
    data = os.urandom(LARGE)
    write(tmp_path, "f", data=data)
    expected = data[span.offset : span.offset + span.size]
    async with opened(tmp_path) as store, store.read(Entry("f"), span) as reading:
        view = memoryview(bytearray(span.size))
        assert reading.size == len(expected)
        assert reading.entry.size == LARGE
        assert await reading.readinto(view) == len(expected)
        assert view[: len(expected)] == expected
        assert await reading.readinto(view) == 0


async def test_metadata_comes_with_the_read(tmp_path: Path) -> None:
    """What a read tells of a file is all that ``stat`` would."""
    write(tmp_path, "x.json")
    os.chmod(tmp_path / "x.json", 0o640)
    async with opened(tmp_path) as store, store.read(Entry("x.json")) as reading:
        metadata = reading.entry.metadata
        assert reading.entry == await store.stat("x.json")
    assert metadata is not None
    assert metadata.content_type == "application/json"
    assert metadata.posix.mode == 0o100640
    assert metadata.posix.uid == os.geteuid()


def rewrite(path: Path) -> None:
    """Other bytes, same size and same mtime: only the ctime tells."""
    before = path.stat()
    path.write_bytes(bytes(before.st_size))
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


def swap(path: Path) -> None:
    """Another file under this name, alike in all but its inode."""
    before = path.stat()
    other = path.with_name("other")
    other.write_bytes(bytes(before.st_size))
    os.utime(other, ns=(before.st_atime_ns, before.st_mtime_ns))
    other.rename(path)


def cut(path: Path) -> None:
    """Shorter than announced."""
    os.truncate(path, 10)


CHANGES = [rewrite, swap, cut]


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("size", [100, LARGE])
async def test_a_change_since_the_listing_is_noticed(tmp_path: Path, change: Callable[[Path], None], size: int) -> None:
    """A file that is not the listed one any more is not even opened."""
    write(tmp_path, "f", data=os.urandom(size))
    async with opened(tmp_path) as store:
        (entry,) = await items(store)
        await asyncio.sleep(0.02)  # ctime is no finer than the kernel's tick
        change(tmp_path / "f")
        assert isinstance(entry, Entry)
        with pytest.raises(Changed, match="'f'"):
            async with store.read(entry):
                pass
        await content(store, "f")


@pytest.mark.parametrize("change", CHANGES)
async def test_a_change_while_reading_is_noticed_at_the_end(tmp_path: Path, change: Callable[[Path], None]) -> None:
    """The last bytes of a span are not handed out before another look at the file."""
    write(tmp_path, "f", data=os.urandom(LARGE))
    view = memoryview(bytearray(LARGE))
    ended = False

    async def read() -> None:
        nonlocal ended
        async with opened(tmp_path) as store, store.read(Entry("f")) as reading:
            await asyncio.sleep(0.02)
            change(tmp_path / "f")
            await reading.readinto(view)
            ended = True

    with pytest.raises(Changed):
        await read()
    assert not ended


async def test_a_change_is_noticed_when_reading_stops_early(tmp_path: Path) -> None:
    """Closing looks once more; unless another error is on its way already."""
    write(tmp_path, "f", data=os.urandom(LARGE))

    async def read_some(store_error: Exception | None) -> None:
        async with opened(tmp_path) as store, store.read(Entry("f")) as reading:
            await reading.readinto(memoryview(bytearray(10)))
            await asyncio.sleep(0.02)
            rewrite(tmp_path / "f")
            if store_error:
                raise store_error

    with pytest.raises(Changed):
        await read_some(None)
    with pytest.raises(ZeroDivisionError):
        await read_some(ZeroDivisionError())


async def test_fields_that_are_not_known_are_not_compared(tmp_path: Path) -> None:
    """Each known field alone is enough to tell a change."""
    write(tmp_path, "f")
    async with opened(tmp_path) as store:
        entry = await store.stat("f")
        for other in (replace(entry, size=2), replace(entry, mtime_ns=1), replace(entry, identity="1-1")):
            with pytest.raises(Changed):
                async with store.read(other):
                    pass
        async with store.read(Entry("f", identity=entry.identity)) as reading:
            assert reading.entry == entry


async def test_what_is_not_there_is_not_found(tmp_path: Path) -> None:
    """A missing file, a folder asked for as a file, and a file asked for as a folder."""
    write(tmp_path, "f", "d/x")
    async with opened(tmp_path) as store:
        for key in ("g", "g/h", "f/x", "d", "f/"):
            with pytest.raises(NotFound):
                await store.stat(key)
            with pytest.raises(NotFound):
                async with store.read(Entry(key)):
                    pass
        assert (await store.stat("d/")).kind is Kind.FOLDER


async def test_only_follow_reads_through_symlinks(tmp_path: Path) -> None:
    """A symlink on the way, or at its end, is refused unless it is to be followed; ``keep`` reads its target."""
    write(tmp_path, "outside/f", "tree/")
    os.symlink("../outside", tmp_path / "tree/folder")
    os.symlink("../outside/f", tmp_path / "tree/file")
    async with opened(tmp_path / "tree") as store:
        for key in ("folder/f", "file"):
            with pytest.raises(Unsupported, match="symlink"):
                await store.stat(key)
            with pytest.raises(Unsupported, match="symlink"):
                async with store.read(Entry(key)):
                    pass
    async with opened(tmp_path / "tree", StoreOptions(links="follow")) as store:
        assert await content(store, "folder/f") == await content(store, "file") == b"x"
    async with opened(tmp_path / "tree", StoreOptions(links="keep")) as store:
        assert await content(store, "file") == b"../outside/f"
        async with store.read(Entry("file"), Span(3, 7)) as reading:
            view = memoryview(bytearray(20))
            assert bytes(view[: await reading.readinto(view)]) == b"outside"


async def test_a_fifo_is_never_waited_for(tmp_path: Path) -> None:
    """Something special under a file's name is refused at once."""
    os.mkfifo(tmp_path / "f")
    async with opened(tmp_path) as store:
        with pytest.raises(Unsupported, match="special"):
            async with asyncio.timeout(5), store.read(Entry("f")):
                pass


async def test_what_may_not_be_read_is_denied() -> None:
    """The error names the file."""
    with as_nobody() as root:
        write(root, "f")
        os.chmod(root / "f", 0)
        async with opened(root) as store:
            with pytest.raises(Denied, match="'f'"):
                await content(store, "f")


async def test_many_small_reads_share_few_hops(tmp_path: Path) -> None:
    """Hundreds at once all get their own bytes."""
    for number in range(300):
        write(tmp_path, f"f{number}", data=str(number).encode())
    async with opened(tmp_path) as store:
        found = await asyncio.gather(*(content(store, f"f{number}") for number in range(300)))
    assert found == [str(number).encode() for number in range(300)]


async def test_no_descriptor_stays_open(tmp_path: Path) -> None:
    """After reads that ended, stopped early, failed or were cancelled, as many files are open as before."""
    write(tmp_path, "f", data=bytes(LARGE))
    async with opened(tmp_path) as store:
        await store.stat("f")
        before = len(os.listdir("/proc/self/fd"))
        for size in (LARGE, 10):
            async with store.read(Entry("f")) as reading:
                await reading.readinto(memoryview(bytearray(size)))
        with pytest.raises(Changed):
            async with store.read(Entry("f", size=1)):
                pass
        tasks = [asyncio.create_task(content(store, "f")) for _ in range(50)]
        await asyncio.sleep(0)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        assert len(os.listdir("/proc/self/fd")) == before

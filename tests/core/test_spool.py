"""Streams whose size is bounded, or found out on a disk before anything is sent."""

from __future__ import annotations

import asyncio
import errno
import io
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator
from itertools import count
from pathlib import Path
from typing import Any, ClassVar

import pytest

import transfer
from tests.core.rig import MIB, Heard, open_uploads, pattern
from transfer.errors import Denied, Misconfigured
from transfer.event import BytesMoved, Notice
from transfer.filters import Filter
from transfer.model import Body, Part, Receipt, Upload
from transfer.options import Options
from transfer.plugin import Limits, Origin, StoreOptions
from transfer_memory.bucket import bucket
from transfer_memory.store import MemoryStore

_numbers = count()


class Place:
    """A bucket that URLs can name, and a folder to spool in."""

    def __init__(self, folder: Path) -> None:
        name = f"spool-{next(_numbers)}"
        self.store = MemoryStore(Origin("memory:", "", name, ""), StoreOptions())
        self.url = f"memory://{name}/k"
        self.folder = folder

    @property
    def content(self) -> bytes | None:
        found = bucket(self.store.origin.container).objects.get("k")
        return None if found is None else found.data

    @property
    def is_clean(self) -> bool:
        """Whether nothing is left of a stream that failed."""
        return self.content is None and open_uploads(self.store) == 0 and not os.listdir(self.folder)


@pytest.fixture
def place(tmp_path: Path) -> Place:
    (tmp_path / "spool").mkdir()
    return Place(tmp_path / "spool")


async def chunks(data: bytes, size: int = 100_000) -> AsyncIterator[bytes]:
    for start in range(0, len(data), size):
        yield data[start : start + size]


async def never() -> AsyncIterator[bytes]:
    """A stream that must not be read."""
    pytest.fail("the stream was read")
    yield b""


def options(**changes: Any) -> Options:
    return Options(**{"memory": 16 * MIB, "part_size": MIB, "retries": 0, **changes})


def bounded(most: int, **changes: Any) -> Options:
    return options(filter=Filter(max_size=most), **changes)


def spooling(place: Place, **changes: Any) -> Options:
    return options(**{"spool": place.folder, **changes})


@pytest.mark.parametrize("size", [0, 1, MIB, 17 * MIB + 123])
async def test_a_spooled_stream_arrives_whole_and_proven(place: Place, size: int) -> None:
    """Empty, small, and in parts; nothing stays behind."""
    data, heard = pattern(size), Heard()
    result = await transfer.copy_stream(chunks(data), place.url, spooling(place), listener=heard)
    assert (result.ok, result.proofs) == (True, (("verified (crc64nvme)", 1),))
    assert place.content == data
    assert sum(event.size for event in heard.of(BytesMoved)) == size == result.totals.sent_bytes
    assert os.listdir(place.folder) == []


async def test_parts_are_cut_for_the_size_that_was_found_out(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """A stream that would not fit into the parts of one of unknown length does."""
    monkeypatch.setattr(MemoryStore, "limits", Limits(max_parts=3))
    data = pattern(20 * MIB)
    assert not (await transfer.copy_stream(chunks(data), place.url, options())).ok
    assert (await transfer.copy_stream(chunks(data), place.url, spooling(place))).ok
    assert place.content == data


async def test_a_spool_has_no_name_while_it_is_there(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """So that nobody trips over it, however the process ends."""
    seen: list[list[str]] = []
    original = MemoryStore.put

    async def put(self: MemoryStore, *args: Any, **kwargs: Any) -> Any:
        seen.append(os.listdir(place.folder))
        return await original(self, *args, **kwargs)

    monkeypatch.setattr(MemoryStore, "put", put)
    assert (await transfer.copy_stream(chunks(b"data"), place.url, spooling(place))).ok
    assert seen == [[]]


async def test_a_killed_spool_leaves_nothing(place: Place) -> None:
    """And the next run goes as if there had been none."""
    command = [sys.executable, "-m", "transfer", "copy", "-", place.url, "--spool", str(place.folder)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:
        assert process.stdin is not None
        process.stdin.write(pattern(3 * MIB))
        process.stdin.flush()
        descriptors = Path(f"/proc/{process.pid}/fd")
        await asyncio.to_thread(_until, lambda: any(_spooled(descriptors, place.folder)))
        process.send_signal(signal.SIGKILL)
    assert process.returncode == -signal.SIGKILL
    assert place.is_clean
    assert (await transfer.copy_stream(chunks(b"data"), place.url, spooling(place))).ok


def _spooled(descriptors: Path, folder: Path) -> Iterator[bool]:
    """Whether open files of a process in ``folder`` hold a MiB or more."""
    for each in descriptors.iterdir():
        try:
            yield os.readlink(each).startswith(str(folder)) and os.stat(each).st_size >= MIB
        except OSError:
            continue


def _until(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 20
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.02)


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EDQUOT])
async def test_a_full_disk_is_one_sentence(place: Place, monkeypatch: pytest.MonkeyPatch, code: int) -> None:
    """With the remedies, and nothing is sent."""
    left = 2 * MIB

    def write(descriptor: int, data: memoryview) -> int:
        nonlocal left
        if not left:
            raise OSError(code, os.strerror(code))
        taken = min(left, len(data))
        left -= taken
        return taken

    monkeypatch.setattr(os, "write", write)
    result = await transfer.copy_stream(chunks(pattern(3 * MIB), MIB), place.url, spooling(place))
    assert [failure.error for failure in result.failures] == [
        (
            f"--spool can't keep more than 2.0 MiB of the stream in '{place.folder}': {os.strerror(code)}; "
            "name a folder with room for all of it, or give --max-size instead"
        )
    ]
    assert place.is_clean


async def test_a_folder_that_takes_nothing_is_refused_first(place: Place) -> None:
    """Before a byte of the stream is read, which could not be had again."""
    with pytest.raises(Misconfigured, match=r"^--spool can't write to '.*none': No such file or directory; name a "):
        await transfer.copy_stream(never(), place.url, spooling(place, spool=place.folder / "none"))


async def test_a_disk_that_gives_other_bytes_is_noticed(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """The checksum was taken on the way in."""
    original = os.preadv

    def preadv(descriptor: int, views: list[memoryview], offset: int) -> int:
        got = original(descriptor, views, offset)
        views[0][0] ^= 1
        return got

    monkeypatch.setattr(os, "preadv", preadv)
    for size in (10, 17 * MIB):
        result = await transfer.copy_stream(chunks(pattern(size)), place.url, spooling(place))
        assert "it was damaged on the way or at rest" in (result.failures[0].error or "")
        assert place.is_clean


async def test_an_upload_that_fails_is_not_left_open(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody can go on with it."""
    begun: list[str] = []

    async def put_part(self: MemoryStore, upload: Upload, part: Part, body: Body) -> Receipt:
        begun.append(upload.id)
        raise Denied("not today")

    monkeypatch.setattr(MemoryStore, "put_part", put_part)
    result = await transfer.copy_stream(chunks(pattern(17 * MIB)), place.url, spooling(place))
    assert [failure.error for failure in result.failures] == ["not today"]
    assert begun
    assert place.is_clean


@pytest.mark.parametrize("turns", [0, 1, 5, 20])
async def test_a_cancelled_spool_leaves_nothing(place: Place, turns: int) -> None:
    """Whenever that happens."""

    async def endless() -> AsyncIterator[bytes]:
        while True:
            yield pattern(300_000)

    task = asyncio.create_task(transfer.copy_stream(endless(), place.url, spooling(place)))
    for _ in range(turns):
        await asyncio.sleep(0.001)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert place.is_clean


async def test_immutable_holds_for_spooled_streams(place: Place) -> None:
    """The object that is there stays."""
    assert (await transfer.copy_stream(chunks(b"mine"), place.url, spooling(place))).ok
    for size in (10, 17 * MIB):
        result = await transfer.copy_stream(chunks(pattern(size)), place.url, spooling(place, immutable=True))
        assert result.exit_status == 1
    assert (place.content, open_uploads(place.store)) == (b"mine", 0)


# How large it may become


async def test_the_largest_size_decides_on_the_parts(place: Place) -> None:
    """They are as large as they need be, and nothing has to be said of how long it may become."""
    heard = Heard()
    chosen = bounded(10_000 * MIB + 1)
    result = await transfer.copy_stream(chunks(pattern(5 * MIB)), place.url, chosen, listener=heard)
    assert result.ok
    assert sorted(event.size for event in heard.of(BytesMoved)) == [MIB, 2 * MIB, 2 * MIB]
    assert heard.of(Notice) == []


@pytest.mark.parametrize("spooled", [False, True])
@pytest.mark.parametrize("size", [10, 3 * MIB + 5])
async def test_a_stream_that_becomes_longer_leaves_nothing(place: Place, size: int, spooled: bool) -> None:
    """By one byte, in one piece or in parts; one of just that size arrives."""
    more = {"spool": place.folder} if spooled else {}
    result = await transfer.copy_stream(chunks(pattern(size + 1)), place.url, bounded(size, **more))
    assert (result.failures[0].error or "").endswith(" of --max-size")
    assert place.is_clean
    assert (await transfer.copy_stream(chunks(pattern(size)), place.url, bounded(size, **more))).ok
    assert place.content == pattern(size)


async def test_what_no_target_holds_is_refused_first(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """Before a byte of the stream is read."""
    monkeypatch.setattr(MemoryStore, "limits", Limits(max_object=MIB))
    with pytest.raises(Misconfigured, match="more than the target's 1,048,576 for one object"):
        await transfer.copy_stream(never(), place.url, bounded(MIB + 1))


async def test_a_stream_too_long_for_its_parts_is_told_both_remedies(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And how much there was room for."""
    monkeypatch.setattr(MemoryStore, "limits", Limits(max_parts=3))
    result = await transfer.copy_stream(chunks(pattern(3 * MIB + 1)), place.url, options())
    assert [failure.error for failure in result.failures] == [
        (
            "the stream is longer than the 3.0 MiB that its parts have room for; say with --max-size how long it may "
            "become, or have it kept on a disk first with --spool DIR"
        )
    ]
    assert place.is_clean


class _Noted(io.FileIO):
    """Takes note of the threads that open and close it."""

    threads: ClassVar[set[int]] = set()

    def __init__(self, *of: Any, **how: Any) -> None:
        self.threads.add(threading.get_ident())
        super().__init__(*of, **how)

    def close(self) -> None:
        if not self.closed:
            self.threads.add(threading.get_ident())
        super().close()


async def test_the_file_is_opened_and_closed_on_threads(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """A disk may be far, and takes its time to free what is in a large file."""
    monkeypatch.setattr(tempfile, "TemporaryFile", lambda **how: _Noted(how["dir"] / "file", "w+"))
    assert (await transfer.copy_stream(chunks(b"data"), place.url, spooling(place))).ok
    assert _Noted.threads
    assert threading.get_ident() not in _Noted.threads

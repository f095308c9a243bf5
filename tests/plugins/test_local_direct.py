"""Large spans past the page cache, and everything that file systems refuse of that."""

from __future__ import annotations

import errno
import fcntl
import os
from collections.abc import Iterator
from functools import partial
from mmap import mmap
from pathlib import Path
from typing import Any

import pytest

from tests.plugins.localdisk import content, opened
from transfer.checksums import digest
from transfer.model import Algorithm, Body, Metadata, Part, Proven
from transfer_local import direct
from transfer_local.threads import Stop, Stopped

MIB = 1024 * 1024
SIZES = (0, 1, MIB - 1, MIB, MIB + 1, MIB + 4096, 9 * MIB + 4097)
NONE = Metadata()


@pytest.fixture
def fd(tmp_path: Path) -> Iterator[int]:
    fd = os.open(tmp_path / "f", os.O_RDWR | os.O_CREAT)
    yield fd
    os.close(fd)


def aligned(data: bytes) -> memoryview:
    view = memoryview(mmap(-1, len(data) or 1))[: len(data)]
    view[:] = data
    return view


def is_direct(fd: int) -> bool:
    return bool(fcntl.fcntl(fd, fcntl.F_GETFL) & os.O_DIRECT)


def able(fd: int) -> bool:
    """Whether the file system of the tests can do it at all."""
    try:
        fcntl.fcntl(fd, fcntl.F_SETFL, os.O_RDWR | os.O_DIRECT)
        os.pwrite(fd, aligned(bytes(4096)), 0)
    except OSError:
        return False
    finally:
        fcntl.fcntl(fd, fcntl.F_SETFL, os.O_RDWR)
        os.ftruncate(fd, 0)
    return True


def read(fd: int, offset: int, size: int) -> bytes:
    pieces: list[bytes] = []
    direct.read(fd, offset, size, Stop(), lambda piece: pieces.append(bytes(piece)))
    return b"".join(pieces)


def same(one: bytes, other: bytes) -> bool:
    """Compared here, since showing the difference of so many bytes takes minutes."""
    return one == other


@pytest.mark.parametrize("offset", [0, 4096, 4097])
@pytest.mark.parametrize("size", SIZES)
def test_what_is_written_is_read(fd: int, size: int, offset: int) -> None:
    """At any size and offset, from buffers aligned or not, and beyond the end there is nothing."""
    for put in (aligned, lambda data: memoryview(bytearray(b"x" + data))[1:]):
        data = os.urandom(size)
        direct.write(fd, put(data), offset, Stop())
        assert same(os.pread(fd, size + 1, offset), data)
        assert same(read(fd, offset, size), data)
        assert same(read(fd, offset, size + 5 * MIB), data)
        view = put(bytes(size + 3))
        assert direct.fill(fd, view, offset, Stop()) == size
        assert same(bytes(view[:size]), data)
    assert not is_direct(fd)


class Spy:
    """Notes of every read and write whether it was direct, and of how many bytes."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.calls: list[tuple[str, int]] = []
        self._pwrite, self._preadv = os.pwrite, os.preadv
        monkeypatch.setattr(os, "pwrite", self.pwrite)
        monkeypatch.setattr(os, "preadv", self.preadv)

    def pwrite(self, fd: int, data: memoryview, offset: int) -> int:
        self.calls.append(("direct" if is_direct(fd) else "cached", len(data)))
        return self._pwrite(fd, data, offset)

    def preadv(self, fd: int, buffers: list[memoryview], offset: int, flags: int = 0) -> int:
        way = "direct" if is_direct(fd) else "cached"
        self.calls.append(("cache only" if flags else way, len(buffers[0])))
        return self._preadv(fd, buffers, offset, flags)

    def take(self) -> list[tuple[str, int]]:
        calls, self.calls = self.calls, []
        return calls


def test_large_spans_bypass_the_cache(fd: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """All but what fills no block; small ones do not."""
    if not able(fd):
        pytest.skip("this file system knows no direct I/O")
    spy = Spy(monkeypatch)
    direct.write(fd, aligned(bytes(5 * MIB + 10)), 0, Stop())
    assert spy.take() == [("direct", 4 * MIB), ("direct", MIB), ("cached", 10)]
    read(fd, 0, 5 * MIB + 10)
    assert spy.take() == [("direct", 4 * MIB), ("direct", MIB), ("cached", 10)]
    direct.write(fd, aligned(bytes(8192)), 0, Stop())
    read(fd, 0, 8192)
    assert spy.take() == [("cached", 8192), ("cached", 8192)]


def test_what_is_cached_is_not_read_from_the_disk(fd: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file's cached beginning comes from the cache and the rest directly, with the right bytes."""
    if not able(fd):
        pytest.skip("this file system knows no direct I/O")
    data = os.urandom(8 * MIB + 10)
    direct.write(fd, aligned(data), 0, Stop())
    os.fsync(fd)
    os.posix_fadvise(fd, 0, 0, os.POSIX_FADV_DONTNEED)
    view, spy = aligned(bytes(len(data))), Spy(monkeypatch)
    assert direct.fill(fd, view, 0, Stop()) == len(data)
    assert same(bytes(view), data)
    assert ("direct", 4 * MIB) in spy.take()
    os.pread(fd, len(data), 0)
    view[:] = bytes(len(data))
    assert direct.fill(fd, view, 0, Stop()) == len(data)
    assert same(bytes(view), data)
    calls = spy.take()
    assert {way for way, _ in calls} == {"cache only"}
    assert calls[0] == ("cache only", 4096)


@pytest.mark.parametrize("step", ["first", "second"])
def test_where_the_cache_can_not_be_asked_reads_are_ordinary(
    fd: int, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    """A file system that knows no reads without waiting has its cache used, not avoided."""
    data = os.urandom(3 * MIB + 1)
    direct.write(fd, aligned(data), 0, Stop())
    real, ways = os.preadv, []

    def preadv(fd: int, buffers: list[memoryview], offset: int, flags: int = 0) -> int:
        ways.append(is_direct(fd))
        if flags and (step == "first" or offset):
            raise OSError(errno.EOPNOTSUPP, "Operation not supported")
        return real(fd, buffers, offset, flags)

    os.pread(fd, len(data), 0)
    monkeypatch.setattr(os, "preadv", preadv)
    view = aligned(bytes(len(data)))
    assert direct.fill(fd, view, 0, Stop()) == len(data)
    assert same(bytes(view), data)
    assert not any(ways)


@pytest.mark.parametrize("refused", ["flag", "call"])
def test_what_a_file_system_refuses_is_done_otherwise(fd: int, monkeypatch: pytest.MonkeyPatch, refused: str) -> None:
    """Whether it knows no direct I/O, or refuses it halfway."""
    calls: list[int] = []

    def refuse(real: Any, **of: Any) -> Any:
        def call(fd: int, *arguments: Any) -> Any:
            calls.append(1)
            if of["when"](fd, arguments):
                raise OSError(errno.EINVAL, "Invalid argument")
            return real(fd, *arguments)

        return call

    if refused == "flag":
        monkeypatch.setattr(fcntl, "fcntl", refuse(fcntl.fcntl, when=lambda _, more: more[-1] & os.O_DIRECT))
    else:
        for name in ("pwrite", "preadv"):
            second = refuse(getattr(os, name), when=lambda fd, more: is_direct(fd) and more[-1] >= 4 * MIB)
            monkeypatch.setattr(os, name, second)
    data = os.urandom(9 * MIB + 3)
    direct.write(fd, aligned(data), 0, Stop())
    assert same(read(fd, 0, len(data)), data)
    assert calls
    assert not is_direct(fd)


@pytest.mark.parametrize("name", ["pwrite", "preadv"])
def test_other_failures_pass(fd: int, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """A full or broken disk is not asked a second time."""
    data, asked = aligned(bytes(2 * MIB)), 0
    direct.write(fd, data, 0, Stop())

    def fail(*_: Any) -> int:
        nonlocal asked
        asked += 1
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(os, name, fail)
    call = partial(direct.write, fd, data, 0, Stop()) if name == "pwrite" else partial(read, fd, 0, 2 * MIB)
    with pytest.raises(OSError, match="Input/output error"):
        call()
    assert asked == 1
    assert not is_direct(fd)


def test_a_cancelled_one_stops(fd: int) -> None:
    """Before the next piece, and the file is as it was opened."""
    stop = Stop()
    stop.wanted = True
    with pytest.raises(Stopped):
        direct.write(fd, aligned(bytes(2 * MIB)), 0, stop)
    assert os.fstat(fd).st_size == 0
    assert not is_direct(fd)


@pytest.mark.parametrize("part_size", [2 * MIB, 2 * MIB + 1])
async def test_parts_of_any_size_make_up_the_object(tmp_path: Path, part_size: int) -> None:
    """Also where parts begin within a block; reading back proves it."""
    data = os.urandom(5 * MIB + 77)
    async with opened(tmp_path) as store:
        upload = await store.begin("f", NONE, size=len(data), part_size=part_size)
        receipts = []
        for number, offset in enumerate(range(0, len(data), part_size), start=1):
            piece = data[offset : offset + part_size]
            body = Body(aligned(piece), digest(piece, (Algorithm.CRC64NVME,)))
            receipts.append(await store.put_part(upload, Part(number, offset, len(piece)), body))
        assert await store.parts(upload) == receipts
        stored = await store.finish(upload, receipts, NONE, read_back=True)
        assert stored.proof.proven is Proven.READ_BACK
        assert same(await content(store, "f"), data)

"""Streams of unknown length: whole or not at all, in parts that grow, in bounded memory; and the way back."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Iterable
from dataclasses import replace
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import transfer
from tests.core.rig import MIB, Heard, open_uploads, pattern
from transfer.checksums import digest
from transfer.errors import Denied, Misconfigured, NotFound, TransferError, Unsupported
from transfer.event import Action, BytesMoved, Finished, Notice, Planned, RunFinished
from transfer.filters import Filter, Rule
from transfer.job.pieces import Pieces
from transfer.model import Algorithm, Body, Metadata, Span
from transfer.options import Options, Verify
from transfer.plugin import Origin, StoreOptions
from transfer_memory.bucket import bucket
from transfer_memory.store import MemoryStore

_numbers = count()


class Place:
    """A bucket that URLs can name."""

    def __init__(self) -> None:
        self.name = f"streams-{next(_numbers)}"
        self.store = MemoryStore(Origin("memory:", "", self.name, ""), StoreOptions())

    def url(self, key: str = "") -> str:
        return f"memory://{self.name}/{key}"

    @property
    def contents(self) -> dict[str, bytes]:
        return {key: found.data for key, found in bucket(self.name).objects.items()}

    async def fill(self, **objects: bytes) -> None:
        for key, data in objects.items():
            await self.store.put(key, Body(data), Metadata())


@pytest.fixture
def place() -> Place:
    return Place()


async def chunks(data: bytes, size: int = 100_000) -> AsyncIterator[bytes]:
    for start in range(0, len(data), size):
        yield data[start : start + size]


def options(**changes: Any) -> Options:
    return Options(**{"memory": 16 * MIB, "part_size": MIB, "retries": 0, **changes})


@pytest.mark.parametrize("size", [0, 1, MIB - 1, MIB, MIB + 1, 2 * MIB, 7 * MIB + 123])
async def test_every_length_arrives_whole_and_proven(place: Place, size: int) -> None:
    """Empty, within one part, exactly one part, and many."""
    data, heard = pattern(size), Heard()
    result = await transfer.copy_stream(chunks(data), place.url("k"), options(), listener=heard)
    assert result.ok
    assert place.contents == {"k": data}
    assert result.proofs == (("verified (crc64nvme)", 1),)
    assert heard.outcomes["k"].checksum == (
        Algorithm.CRC64NVME,
        digest(data, [Algorithm.CRC64NVME])[Algorithm.CRC64NVME],
    )
    assert result.totals.sent_bytes == size == sum(event.size for event in heard.of(BytesMoved))
    assert isinstance(heard[-1], RunFinished)
    assert open_uploads(place.store) == 0


async def test_an_empty_chunk_does_not_end_a_stream(place: Place) -> None:
    """Only the iterator's end does."""

    async def halting() -> AsyncIterator[bytes]:
        for data in (b"", b"one", b"", b"two", b""):
            yield data

    assert (await transfer.copy_stream(halting(), place.url("k"), options())).ok
    assert place.contents == {"k": b"onetwo"}


@settings(max_examples=60, deadline=None)
@given(pieces=st.lists(st.binary(max_size=9)), parts=st.lists(st.integers(1, 12), max_size=20))
async def test_chunks_are_cut_into_parts_of_any_size(pieces: list[bytes], parts: list[int]) -> None:
    """Nothing is lost or doubled on the seams; a part is short only at the end."""

    async def source() -> AsyncIterator[bytes]:
        for piece in pieces:
            yield piece

    cutter, got, whole = Pieces(source()), b"", b"".join(pieces)
    for size in parts:
        view = memoryview(bytearray(size))
        filled = await cutter.fill(view)
        got += bytes(view[:filled])
        assert filled == min(size, len(whole) - len(got) + filled)
    assert got == whole[: sum(parts)]
    assert await cutter.ended() == (len(got) == len(whole))


async def test_memory_is_bounded_and_parts_grow_with_the_hint(place: Place) -> None:
    """What a stream may hold is said at its start."""
    heard = Heard()
    hint = 10_000 * MIB + 1
    result = await transfer.copy_stream(
        chunks(pattern(5 * MIB)), place.url("k"), options(size_hint=hint), listener=heard
    )
    assert result.ok
    assert sorted(event.size for event in heard.of(BytesMoved)) == [MIB, 2 * MIB, 2 * MIB]
    assert any("up to 19.5 GiB" in event.text for event in heard.of(Notice)), heard.of(Notice)


async def test_a_stream_longer_than_was_said_leaves_nothing(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """The sentence says what to do."""
    monkeypatch.setattr(MemoryStore, "limits", transfer.plugin.Limits(max_parts=3))
    result = await transfer.copy_stream(chunks(pattern(3 * MIB + 1)), place.url("k"), options())
    assert "--max-size" in (result.failures[0].error or "")
    assert place.contents == {}
    assert open_uploads(place.store) == 0
    assert (await transfer.copy_stream(chunks(pattern(3 * MIB)), place.url("k"), options())).ok


async def test_a_stream_needs_parts_where_it_is_long(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """A target without multipart uploads takes what fits into one."""
    plain = replace(MemoryStore.capabilities, multipart=False)
    monkeypatch.setattr(MemoryStore, "capabilities", plain)
    assert (await transfer.copy_stream(chunks(pattern(MIB)), place.url("k"), options())).ok
    result = await transfer.copy_stream(chunks(pattern(MIB + 1)), place.url("longer"), options())
    assert "one piece" in (result.failures[0].error or "")
    assert set(place.contents) == {"k"}


class BrokenPipe(OSError):
    """What stdin may raise."""


@pytest.mark.parametrize("size", [0, MIB // 2, 3 * MIB])
async def test_a_stream_that_breaks_leaves_nothing(place: Place, size: int) -> None:
    """Its own error comes out; the half that was sent is dropped."""

    async def breaking() -> AsyncIterator[bytes]:
        async for chunk in chunks(pattern(size)):
            yield chunk
        raise BrokenPipe

    with pytest.raises(BrokenPipe):
        await transfer.copy_stream(breaking(), place.url("k"), options())
    assert place.contents == {}
    assert open_uploads(place.store) == 0


@pytest.mark.parametrize("turns", [0, 1, 2, 5, 10, 20, 40])
async def test_a_cancelled_stream_leaves_nothing(place: Place, turns: int) -> None:
    """Whenever that happens."""

    async def endless() -> AsyncIterator[bytes]:
        while True:
            yield pattern(300_000)
            await asyncio.sleep(0)

    task = asyncio.create_task(transfer.copy_stream(endless(), place.url("k"), options()))
    for _ in range(turns):
        await asyncio.sleep(0.001)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert place.contents == {}
    assert open_uploads(place.store) == 0


async def test_a_cancellation_is_not_lost_to_an_abort_that_fails(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """The caller still sees that it was cancelled, and soon."""
    hangs = asyncio.Event()

    async def abort(*args: object) -> None:
        raise Denied("you may not abort")

    async def put_part(*args: object) -> None:
        hangs.set()
        await asyncio.Event().wait()

    monkeypatch.setattr(MemoryStore, "abort", abort)
    monkeypatch.setattr(MemoryStore, "put_part", put_part)
    task = asyncio.create_task(transfer.copy_stream(chunks(pattern(3 * MIB)), place.url("k"), options()))
    await hangs.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_reading_back_never_waits_for_the_streams_own_buffers(place: Place) -> None:
    """Even where one part takes all the memory."""
    chosen = options(memory=2 * MIB, size_hint=18_000 * MIB, verify=Verify.READBACK)
    for size in (10, 5 * MIB):
        async with asyncio.timeout(10):
            result = await transfer.copy_stream(chunks(pattern(size)), place.url("k"), chosen)
        assert result.proofs == (("read back (crc64nvme)", 1),)


async def test_a_lost_reply_to_the_finish_is_recognised(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing else could tell: a stream can't be sent again."""
    original = MemoryStore.finish

    async def finish(self: MemoryStore, *args: Any, **kwargs: Any) -> transfer.model.Stored:
        await original(self, *args, **kwargs)
        monkeypatch.setattr(MemoryStore, "finish", original)
        raise transfer.errors.Transient("reset")

    monkeypatch.setattr(MemoryStore, "finish", finish)
    result = await transfer.copy_stream(chunks(pattern(2 * MIB)), place.url("k"), options(retries=2))
    assert result.ok
    assert result.proofs == (("verified (crc64nvme)", 1),)


async def test_immutable_holds_for_streams(place: Place) -> None:
    """In one piece and in parts."""
    await place.fill(k=b"mine")
    for size in (10, 2 * MIB):
        result = await transfer.copy_stream(chunks(pattern(size)), place.url("k"), options(immutable=True))
        assert result.exit_status == 1
    assert place.contents == {"k": b"mine"}
    assert open_uploads(place.store) == 0


@pytest.mark.parametrize("wrong", [options(dry_run=True), options(backup_dir="memory://b")])
async def test_options_that_need_a_look_first_are_refused(place: Place, wrong: Options) -> None:
    """Rather than ignored."""
    with pytest.raises(Misconfigured):
        await transfer.copy_stream(chunks(b"x"), place.url("k"), wrong)
    assert place.contents == {}


# The way back


async def collected(data: AsyncIterator[bytes]) -> bytes:
    return b"".join([chunk async for chunk in data])


@pytest.mark.parametrize(
    ("span", "expected"),
    [
        (None, slice(None)),
        (Span(0, 5), slice(0, 5)),
        (Span(MIB - 1, 3), slice(MIB - 1, MIB + 2)),
        (Span(3 * MIB - 2, 100), slice(3 * MIB - 2, None)),
        (Span(100 * MIB, 5), slice(0, 0)),
    ],
)
async def test_cat_gives_the_bytes_or_a_span_of_them(place: Place, span: Span | None, expected: slice) -> None:
    """In pieces that fit into memory."""
    data = pattern(3 * MIB)
    await place.fill(k=data)
    got = [chunk async for chunk in transfer.cat(place.url("k"), options(memory=2 * MIB), span=span)]
    assert b"".join(got) == data[expected]
    assert all(len(chunk) <= 2 * MIB for chunk in got)


async def test_cat_of_nothing_is_an_error(place: Place) -> None:
    """Of a folder, too."""
    with pytest.raises(NotFound):
        await collected(transfer.cat(place.url("k")))
    with pytest.raises(Misconfigured, match="folder"):
        await collected(transfer.cat(place.url("k/")))


async def test_listing_names_a_folder_or_one_object(place: Place) -> None:
    """A prefix is a folder: ``ab`` is not below ``a``."""
    await place.fill(**{"a/1": b"1", "a/2": b"22", "ab": b"3"})

    async def keys(url: str) -> list[str]:
        return [item.key async for page in transfer.list_objects(url) for item in page.items]

    assert await keys(place.url("a")) == ["1", "2"]
    assert await keys(place.url("ab")) == ["ab"]
    assert await keys(place.url()) == ["a/1", "a/2", "ab"]
    assert await keys(place.url("none")) == []


async def test_listing_names_a_file_or_says_that_there_is_none(tmp_path: Path) -> None:
    """On disk a folder that is not there is not the same as an empty one."""
    (tmp_path / "file").write_bytes(b"data")
    (tmp_path / "empty").mkdir()

    async def keys(path: Path) -> list[str]:
        return [item.key async for page in transfer.list_objects(str(path)) for item in page.items]

    assert await keys(tmp_path / "file") == ["file"]
    assert await keys(tmp_path / "empty") == []
    with pytest.raises(NotFound, match="none' is not there"):
        await keys(tmp_path / "none")


async def test_leaving_a_listing_or_a_cat_ends_it(place: Place) -> None:
    """No task and no buffer stays behind (a fixture looks)."""
    await place.fill(k=pattern(3 * MIB))
    for items in (transfer.list_objects(place.url()), transfer.cat(place.url("k"), options(memory=2 * MIB))):
        async for _ in items:
            break
        await items.aclose()


async def test_removing_takes_what_it_is_told(place: Place) -> None:
    """One object, or all in a folder that the filter lets through; a dry run takes nothing."""
    await place.fill(**{"a/1": b"1", "a/2": b"2", "a/keep": b"3", "ab": b"4"})
    chosen = Options(filter=Filter(rules=(Rule(False, "keep"),)))
    heard = Heard()
    dry = await transfer.remove(place.url("a"), Options(dry_run=True), recursive=True, listener=heard)
    assert [event.key for event in heard.of(Planned) if event.action is Action.DELETE] == ["1", "2", "keep"]
    assert (dry.totals.deleted, len(place.contents)) == (3, 4)
    assert (await transfer.remove(place.url("a"), chosen, recursive=True)).totals.deleted == 2
    assert (await transfer.remove(place.url("ab"))).totals.deleted == 1
    assert set(place.contents) == {"a/keep"}
    with pytest.raises(NotFound):
        await transfer.remove(place.url("ab"))


async def test_what_can_not_be_looked_behind_is_told_when_removing(tmp_path: Path) -> None:
    """A name that a disk can't offer as an object is still there afterwards."""
    (tmp_path / "fine").write_bytes(b"x")
    (tmp_path / os.fsdecode(b"bad-\xff")).write_bytes(b"x")
    result = await transfer.remove(str(tmp_path), Options(), recursive=True)
    assert (result.totals.deleted, result.totals.failed) == (1, 1)
    assert "bad name" in (result.failures[0].error or "")


async def test_a_folder_that_can_not_be_looked_into_is_told_though_only_files_in_it_were_meant(tmp_path: Path) -> None:
    """A filter that passes some files in it does not make it one that was emptied; a bad file's name it may hide."""
    for name in (b"fine.jpg", b"bad-\xff/a.jpg", b"bad-\xff.txt"):
        path = tmp_path / os.fsdecode(name)
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(b"x")
    chosen = Options(filter=Filter(rules=(Rule(True, "*.jpg"),)))
    result = await transfer.remove(str(tmp_path), chosen, recursive=True)
    assert result.totals.deleted == 1
    assert [failure.key for failure in result.failures] == ["bad-\\xff"]


async def test_what_can_not_be_removed_is_told(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """Key by key, or all of a call that failed."""
    await place.fill(a=b"1", b=b"2")

    async def delete(self: MemoryStore, keys: Iterable[str]) -> dict[str, TransferError]:
        return {"a": Denied("locked")}

    async def fail(self: MemoryStore, keys: Iterable[str]) -> dict[str, TransferError]:
        raise Unsupported("not here")

    for function, failed in ((delete, ["a"]), (fail, ["a", "b"])):
        monkeypatch.setattr(MemoryStore, "delete", function)
        heard = Heard()
        result = await transfer.remove(place.url(), Options(), recursive=True, listener=heard)
        assert [failure.key for failure in result.failures] == failed
        assert len(heard.of(Finished)) == 2

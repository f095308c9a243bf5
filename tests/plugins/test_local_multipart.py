"""Uploads in parts, gathered in one file."""

from __future__ import annotations

import asyncio
import os
import stat
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from tests.plugins.localdisk import content, objects, opened, temporaries, write
from transfer.checksums import digest
from transfer.errors import Changed, Corrupt, NotFound, Unsupported
from transfer.model import Algorithm, Body, Metadata, Part, Posix, Proven, Receipt, Upload
from transfer_local.store import LocalStore

PART = 96 * 1024  # a multiple of any block
DATA = bytes(range(256)) * 2000
SIZE = len(DATA)
NONE = Metadata()


def parts_of(size: int = SIZE) -> list[Part]:
    return [Part(n, at, min(PART, size - at)) for n, at in enumerate(range(0, size, PART), start=1)]


def piece(part: Part) -> Body:
    data = DATA[part.offset : part.offset + part.size]
    return Body(data, digest(data, (Algorithm.CRC64NVME,)))


async def send(store: LocalStore, upload: Upload, parts: Sequence[Part]) -> list[Receipt]:
    return list(await asyncio.gather(*(store.put_part(upload, part, piece(part)) for part in parts)))


async def begin(store: LocalStore, key: str = "a/big", size: int | None = SIZE) -> Upload:
    return await store.begin(key, NONE, size=size, part_size=PART)


@pytest.mark.parametrize("size", [SIZE, None])
async def test_parts_in_any_order_make_the_object(tmp_path: Path, size: int | None) -> None:
    """Nothing shows before the end; then bytes, mode and mtime do."""
    metadata = Metadata(posix=Posix(mtime_ns=10**18, mode=0o100400))
    async with opened(tmp_path) as store:
        upload = await store.begin("a/big", metadata, size=size, part_size=PART)
        receipts = await send(store, upload, parts_of()[::-1])
        assert await objects(store) == []
        stored = await store.finish(upload, receipts[::-1], metadata)
        assert await content(store, "a/big") == DATA
        assert stored.entry == await store.stat("a/big")
    status = (tmp_path / "a/big").stat()
    assert (status.st_mtime_ns, stat.S_IMODE(status.st_mode)) == (10**18, 0o400)
    assert stored.proof.proven is Proven.UNPROVEN
    assert temporaries(tmp_path) == []


async def test_another_process_goes_on_from_the_plain_value(tmp_path: Path) -> None:
    """The upload is found again by its value alone, with the parts that really are on disk."""
    parts = parts_of()
    async with opened(tmp_path) as store:
        upload = await begin(store)
        sent = await send(store, upload, [parts[0], parts[3], parts[-1]])
    async with opened(tmp_path) as store:
        there = await store.parts(Upload(upload.key, upload.id, upload.size, upload.part_size))
        assert there == sent
        missing = [part for part in parts if part.number not in {receipt.number for receipt in there}]
        receipts = sorted([*there, *await send(store, upload, missing)], key=lambda receipt: receipt.number)
        whole = digest(DATA, (Algorithm.MD5,))
        stored = await store.finish(upload, receipts, NONE, checksums=whole, read_back=True)
        assert str(stored.proof) == "read back (md5)"
        assert await content(store, "a/big") == DATA


async def test_what_differs_on_disk_matches_no_receipt(tmp_path: Path) -> None:
    """A part half-written or damaged since shows another checksum than was sent."""
    async with opened(tmp_path) as store:
        upload = await begin(store)
        sent = await send(store, upload, parts_of())
        (name,) = temporaries(tmp_path)
        fd = os.open(tmp_path / "a" / name, os.O_WRONLY)
        os.pwrite(fd, b"damage", 2 * PART + 5)
        os.close(fd)
        there = await store.parts(upload)
    assert [receipt.number for receipt, other in zip(sent, there, strict=True) if receipt != other] == [3]


async def test_a_file_cut_short_has_lost_its_last_parts(tmp_path: Path) -> None:
    """Parts that are not whole on disk are not told of at all, and can't be finished."""
    async with opened(tmp_path) as store:
        upload = await begin(store)
        sent = await send(store, upload, parts_of())
        os.truncate(tmp_path / "a" / temporaries(tmp_path)[0], 3 * PART + 1)
        assert [receipt.number for receipt in await store.parts(upload)] == [1, 2, 3]
        with pytest.raises(Corrupt, match="'a/big'"):
            await store.finish(upload, sent, NONE)
        assert await objects(store) == []


async def test_receipts_must_make_up_the_whole(tmp_path: Path) -> None:
    """A missing receipt never makes a shorter object."""
    async with opened(tmp_path) as store:
        upload = await begin(store)
        sent = await send(store, upload, parts_of())
        with pytest.raises(Corrupt):
            await store.finish(upload, sent[:-1], NONE)


async def test_reading_back_uses_the_parts_checksums_where_there_is_none_of_the_whole(tmp_path: Path) -> None:
    """Damage is found, the object does not appear, and the upload can go on."""
    async with opened(tmp_path) as store:
        upload = await begin(store)
        sent = await send(store, upload, parts_of())
        path = tmp_path / "a" / temporaries(tmp_path)[0]
        path.write_bytes(DATA[:-1] + b"?")
        with pytest.raises(Corrupt):
            await store.finish(upload, sent, NONE, read_back=True)
        assert await objects(store) == []
        await send(store, upload, parts_of()[-1:])
        stored = await store.finish(upload, sent, NONE, read_back=True)
        assert str(stored.proof) == "read back (crc64nvme)"
        bare = [Receipt(receipt.number, receipt.size) for receipt in sent]
        again = await begin(store, "b")
        await send(store, again, parts_of())
        assert (await store.finish(again, bare, NONE, read_back=True)).proof.proven is Proven.UNPROVEN


async def test_an_upload_that_is_gone_says_so(tmp_path: Path) -> None:
    """After finish, abort, or for a value that was never ours, everything but abort is NotFound."""
    async with opened(tmp_path) as store:
        finished = await begin(store)
        receipts = await send(store, finished, parts_of())
        await store.finish(finished, receipts, NONE)
        aborted = await begin(store, "b")
        await store.abort(aborted)
        foreign = replace(finished, id="x/y")
        write(tmp_path, "a/.transfer-x/y.parts.tmp", data=DATA)
        elsewhere = replace(finished, key="no/where")
        for upload in (finished, aborted, foreign, elsewhere):
            for call in (
                store.put_part(upload, parts_of()[0], piece(parts_of()[0])),
                store.parts(upload),
                store.finish(upload, receipts, NONE),
            ):
                with pytest.raises(NotFound):
                    await call
            await store.abort(upload)
        assert await objects(store) == ["a/.transfer-x/y.parts.tmp", "a/big"]
    assert temporaries(tmp_path) == []


async def test_uploads_of_a_key_are_found(tmp_path: Path) -> None:
    """Those of exactly this key, with their beginning; and they can be aborted."""
    async with opened(tmp_path) as store:
        first, second, _ = await begin(store), await begin(store), await begin(store, "a/bi")
        found = await store.uploads("a/big")
        assert [upload.id for upload in found] == [first.id, second.id]
        begun = [int(upload.extra["initiated_ns"]) for upload in found]
        assert begun == sorted(begun)
        assert await store.uploads("none/such") == []
        for upload in found:
            await store.abort(upload)
        assert await store.uploads("a/big") == []
    assert len(temporaries(tmp_path)) == 1


async def test_if_absent_holds_at_the_end_too(tmp_path: Path) -> None:
    """An object that came into being meanwhile stays, and so does the upload."""
    async with opened(tmp_path) as store:
        upload = await begin(store)
        receipts = await send(store, upload, parts_of())
        write(tmp_path, "a/big", data=b"other")
        with pytest.raises(Changed):
            await store.finish(upload, receipts, NONE, if_absent=True)
        assert await content(store, "a/big") == b"other"
        assert await store.parts(upload) == receipts


async def test_a_kill_between_link_and_unlink_can_be_finished(tmp_path: Path) -> None:
    """The object that has its name already is recognized as this upload's own."""
    async with opened(tmp_path) as store:
        upload = await begin(store)
        receipts = await send(store, upload, parts_of())
        os.link(tmp_path / "a" / temporaries(tmp_path)[0], tmp_path / "a/big")
        await store.finish(upload, receipts, NONE, if_absent=True)
        assert await content(store, "a/big") == DATA
    assert temporaries(tmp_path) == []


async def test_an_old_longer_part_leaves_no_tail(tmp_path: Path) -> None:
    """Bytes beyond the end of the object are cut off."""
    async with opened(tmp_path) as store:
        upload = await begin(store, size=None)
        await send(store, upload, parts_of())
        receipts = [Receipt(1, PART), Receipt(2, PART)]
        await store.finish(upload, receipts, NONE)
        assert await content(store, "a/big") == DATA[: 2 * PART]


async def test_a_cancelled_begin_leaves_no_file(tmp_path: Path) -> None:
    """Whoever never got the upload's id need not clean up after it."""
    async with opened(tmp_path) as store:
        for delay in (0, 0.0005, 0.001):
            tasks = [asyncio.create_task(begin(store, f"k{n}")) for n in range(20)]
            await asyncio.sleep(delay)
            for task in tasks:
                task.cancel()
            for result in await asyncio.gather(*tasks, return_exceptions=True):
                if isinstance(result, Upload):
                    await store.abort(result)
    assert temporaries(tmp_path) == []


async def test_folders_have_no_parts(tmp_path: Path) -> None:
    """A key that ends in a slash can't be uploaded in parts."""
    async with opened(tmp_path) as store:
        with pytest.raises(Unsupported, match="'a/'"):
            await begin(store, "a/")

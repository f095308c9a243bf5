"""What an earlier run sent is not sent again, and nothing is taken for sent that was not."""

from __future__ import annotations

import asyncio
import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

import transfer
from tests.core.large import DATA, OURS, PARTS, Rig, arrived
from tests.core.rig import MIB, Heard, Watched, contents, fill, memory, open_uploads, pattern, quick
from transfer.event import BytesMoved
from transfer.layers.layer import Layer
from transfer.model import Algorithm, Metadata, Stored, Upload
from transfer.plugin import Store, StoreOptions
from transfer_local.store import LocalStore
from transfer_memory.bucket import Object, Piece, bucket


@pytest.fixture
def rig(tmp_path: Path) -> Rig:
    return Rig(tmp_path)


async def test_parts_that_arrived_are_not_sent_again(rig: Rig) -> None:
    """The same command goes on; the outcome and the events tell what was there already."""
    await rig.stop_at("put part 4")
    assert open_uploads(rig.target) == 1
    outcome = await rig.again()
    assert rig.sent == [4]
    assert rig.source.count("read") == 1
    assert rig.target.count("begin") == 0
    assert (outcome.resumed, outcome.sent) == (len(DATA) - MIB, MIB)
    assert outcome.checksum is not None
    assert [event.size for event in rig.heard.of(BytesMoved) if event.resumed] == [len(DATA) - MIB]


async def test_a_changed_source_begins_anew(rig: Rig) -> None:
    """The old upload is aborted; none of its parts is used."""
    await rig.stop_at("put part 4")
    await fill(rig.source, {"k": pattern(len(DATA), seed=1)})
    outcome = await rig.again()
    assert rig.sent == [1, 2, 3, 4, 5, 6]
    assert rig.target.count("abort") == rig.target.count("begin") == 1
    assert outcome.resumed == 0


async def test_other_options_for_the_target_begin_anew(rig: Rig) -> None:
    """An upload keeps the metadata that it was begun with."""
    await rig.stop_at("put part 4")
    rig.options = replace(rig.options, storage_class="COLD")
    await rig.again()
    assert rig.target.count("begin") == 1


async def test_parts_too_large_for_the_memory_begin_anew(rig: Rig) -> None:
    """Rather than fail until more is given."""
    rig.options = replace(rig.options, part_size=2 * MIB)
    await rig.stop_at("put part 2")
    rig.options = replace(rig.options, memory=MIB + 64 * 1024, part_size=None)
    await rig.again()
    assert len(rig.sent) == PARTS


async def test_a_part_that_the_provider_holds_otherwise_is_sent_again(rig: Rig) -> None:
    """A late PUT of a killed process may have replaced it."""
    await rig.stop_at("put part 4")
    (pending,) = bucket(rig.target.origin.container).uploads.values()
    pending.parts[2] = Piece(b"x" * MIB, {Algorithm.MD5: bytes(16), Algorithm.CRC64NVME: bytes(8)})
    del pending.parts[5]
    await rig.again()
    assert rig.sent == [2, 4, 5]


async def test_a_part_without_our_receipt_is_sent_again(rig: Rig) -> None:
    """That the provider has one proves nothing."""
    await rig.stop_at("put part 4")
    with closing(sqlite3.connect(rig.options.checkpoint or "")) as db:
        db.execute("DELETE FROM receipt WHERE number = 3")
        db.commit()
    await rig.again()
    assert rig.sent == [3, 4]


async def test_an_upload_that_is_gone_is_begun_anew_with_all_its_parts(rig: Rig) -> None:
    """The receipts of the old one mean nothing for the new one."""
    await rig.stop_at("put part 4")
    bucket(rig.target.origin.container).uploads.clear()
    outcome = await rig.again()
    assert rig.sent == [1, 2, 3, 4, 5, 6]
    assert outcome.resumed == 0


async def test_what_another_tool_has_finished_leaves_no_upload(rig: Rig) -> None:
    """The object is found to be the same, and our own half of it is dropped."""
    rig.options = replace(rig.options, immutable=True)
    await rig.stop_at("put part 4")
    other = quick(part_size=2 * MIB, checkpoint=rig.options.checkpoint and rig.options.checkpoint.with_suffix(".other"))
    await transfer.copy(rig.source, rig.target, other)
    rig.target.forget()
    outcome = await rig.again()
    assert (outcome.reason, rig.sent) == ("same crc64nvme", [])


async def test_an_end_between_finish_and_checkpoint_is_recognised(rig: Rig) -> None:
    """The next run finds the object proven, and sends nothing."""
    await rig.stop_at("finish", after=True)
    outcome = await rig.again()
    assert rig.sent == []
    assert (outcome.resumed, outcome.sent) == (len(DATA), 0)
    assert str(outcome.proof) == "verified (crc64nvme)"


class Halfway(Layer):
    """A target that makes an object and is to give it its name after that, ahead of which the process ends.

    Asked once more, it does the second step, as long as it remembers the first one.
    """

    finishes_again = True

    def __init__(self, inner: Store) -> None:
        super().__init__(inner)
        self.made: dict[str, tuple[Stored, Object]] = {}
        self.ends = True

    async def finish(self, upload: Upload, *rest: Any, **options: Any) -> Stored:
        named = bucket(self.origin.container).objects
        if upload.id in self.made:
            stored, named[upload.key] = self.made[upload.id]
            return stored
        stored = await super().finish(upload, *rest, **options)
        if self.ends:
            self.made[upload.id] = stored, named.pop(upload.key)
        return stored


@pytest.fixture
def halfway(rig: Rig) -> Halfway:
    target = Halfway(memory())
    rig.target = Watched(target)
    return target


async def test_a_finish_that_ended_halfway_is_made_again(rig: Rig, halfway: Halfway) -> None:
    """Where that makes the same object: nothing is sent, and nothing is looked at."""
    await rig.stop_at("finish", after=True)
    assert contents(rig.target) == {}
    outcome = await rig.again()
    assert (rig.sent, rig.target.count("begin", "stat")) == ([], 0)
    assert rig.target.count("finish") == 1
    assert (outcome.resumed, outcome.sent) == (len(DATA), 0)
    assert str(outcome.proof) == "verified (crc64nvme)"


async def test_a_finish_that_is_forgotten_begins_anew(rig: Rig, halfway: Halfway) -> None:
    """It was made too long ago, or never."""
    await rig.stop_at("finish", after=True)
    halfway.made.clear()
    halfway.ends = False
    await rig.again()
    assert rig.sent == [1, 2, 3, 4, 5, 6]


@pytest.mark.parametrize(
    ("data", "metadata"), [(pattern(len(DATA), seed=2), OURS), (DATA, Metadata(cache_control="theirs"))]
)
async def test_another_object_in_its_place_is_not_taken_for_ours(rig: Rig, data: bytes, metadata: Metadata) -> None:
    """The upload is gone, and what is there has the right size, but other bytes or other metadata."""
    await rig.stop_at("finish")
    bucket(rig.target.origin.container).uploads.clear()
    await fill(rig.target, {"k": data}, metadata)
    await rig.again()
    assert rig.sent == [1, 2, 3, 4, 5, 6]


async def test_an_upload_without_a_known_id_is_cleaned_up(rig: Rig) -> None:
    """The process ended between the provider's answer and writing it down."""
    await rig.stop_at("begin", after=True)
    assert open_uploads(rig.target) == 1
    await rig.again()
    assert rig.target.count("abort") == 1


async def test_an_upload_of_another_one_is_left_alone(rig: Rig) -> None:
    """One that has parts is not what we began."""
    await rig.stop_at("begin", after=True)
    theirs = await rig.target.begin("k", Metadata(), size=None, part_size=MIB)
    part = transfer.model.Part(1, 0, 1)
    await rig.target.put_part(theirs, part, transfer.model.Body(b"x"))
    result = await transfer.sync(rig.source, rig.target, rig.options)
    assert result.ok
    assert list(bucket(rig.target.origin.container).uploads) == [theirs.id]


async def test_an_object_that_became_small_leaves_no_upload(rig: Rig) -> None:
    """It goes in one piece now."""
    await rig.stop_at("put part 4")
    await fill(rig.source, {"k": b"small"})
    await rig.again()
    assert rig.target.count("abort") == rig.target.count("put k") == 1


async def test_a_file_goes_on_where_it_was(tmp_path: Path) -> None:
    """On disk, too, parts are not written twice, and nothing is visible before the end."""
    source, root = Watched(memory()), tmp_path / "out"
    await fill(source, {"d/k": DATA})
    options = quick(checkpoint=tmp_path / "c.sqlite")
    disk = LocalStore(str(root).encode(), StoreOptions())
    target = Watched(disk)
    reached = asyncio.Event()

    async def hang(call: str) -> None:
        if call.startswith("put part 4"):
            reached.set()
            await asyncio.Event().wait()

    target.before = hang
    heard = Heard()
    task = asyncio.create_task(transfer.sync(source, target, options, listener=heard))
    await reached.wait()
    await arrived(heard, PARTS - 1)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert not (root / "d" / "k").exists()
    target.before = None
    target.forget()
    result = await transfer.sync(source, target, options)
    await disk.aclose()
    assert result.ok
    assert target.count("put part") == 1
    assert (root / "d" / "k").read_bytes() == DATA
    assert [path.name for path in (root / "d").iterdir()] == ["k"]

"""A closer look: as much as is needed to know, and no byte sent that is there already."""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path

import pytest

import transfer
from tests.core.rig import MIB, Forgetful, Heard, Watched, contents, fill, memory, objects, pattern, quick
from transfer.event import Action
from transfer.model import Body, Metadata, Posix
from transfer.options import Compare
from transfer.plugin import StoreOptions
from transfer_local.store import LocalStore

SECOND = 1_000_000_000
LONG_AGO = 1_600_000_000 * SECOND


class Disk:
    """A folder as a store, whose files have been at rest for long."""

    def __init__(self, root: Path, links: str = "skip") -> None:
        self.root = root
        self.bare = LocalStore(os.fsencode(root), StoreOptions(links=links))
        self.store = Watched(self.bare)

    def write(self, name: str, data: bytes, mtime_ns: int = LONG_AGO) -> None:
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        os.utime(path, ns=(mtime_ns, mtime_ns))


@pytest.fixture
async def disk(tmp_path: Path) -> AsyncIterator[Disk]:
    made = Disk(tmp_path / "disk")
    yield made
    await made.bare.aclose()


@pytest.fixture
async def other(tmp_path: Path) -> AsyncIterator[Disk]:
    made = Disk(tmp_path / "other")
    yield made
    await made.bare.aclose()


@pytest.fixture
def fresh(tmp_path: Path) -> transfer.Options:
    """Options of a run that knows nothing of those before it."""
    return quick(checkpoint=tmp_path / f"fresh-{time.monotonic_ns()}.sqlite")


async def test_files_at_rest_are_not_looked_at_again(disk: Disk) -> None:
    """The listing tells all."""
    target = Watched(memory())
    disk.write("f", b"data")
    await transfer.sync(disk.store, target, quick())
    disk.store.forget()
    target.forget()
    result = await transfer.sync(disk.store, target, quick())
    assert result.totals.skipped_proven == 1
    assert disk.store.count("stat", "read") == target.count("stat", "read") == 0


async def test_a_file_read_just_after_it_was_written_is_looked_at_again(disk: Disk) -> None:
    """It may have changed unseen; it is hashed, and not sent. A change that it hid is found."""
    target = Watched(memory())
    disk.write("f", b"data", time.time_ns())
    disk.write("g", b"data", time.time_ns())
    await transfer.sync(disk.store, target, quick())
    target.forget()
    heard = Heard()
    result = await transfer.sync(disk.store, target, quick(), listener=heard)
    assert result.totals.skipped_proven == 2
    assert heard.outcomes["f"].reason == "same content"
    assert target.count("put", "update") == 0


async def test_a_touched_file_has_its_time_carried_and_nothing_sent(disk: Disk) -> None:
    """Equal content is found by hashing the file."""
    target = Watched(memory())
    disk.write("f", pattern(2 * MIB))
    await transfer.sync(disk.store, target, quick())
    target.forget()
    disk.write("f", pattern(2 * MIB), LONG_AGO + SECOND)
    heard = Heard()
    assert (await transfer.sync(disk.store, target, quick(), listener=heard)).totals.updated == 1
    assert heard.outcomes["f"].reason == "metadata changed at the source"
    assert target.count("put", "begin") == 0
    assert objects(target)["f"].metadata.posix.mtime_ns == LONG_AGO + SECOND
    assert (await transfer.sync(disk.store, target, quick())).totals.skipped_proven == 1


async def test_a_change_behind_an_old_time_is_found(disk: Disk) -> None:
    """Same size, same mtime: the inode's own time tells."""
    target = memory()
    disk.write("f", b"data")
    await transfer.sync(disk.store, target, quick())
    disk.write("f", b"DATA")
    assert (await transfer.sync(disk.store, target, quick())).totals.copied == 1
    assert contents(target) == {"f": b"DATA"}


async def test_a_change_between_the_look_and_the_update_is_sent(disk: Disk) -> None:
    """The new state must not be taken for what was compared."""
    target = Watched(memory())
    disk.write("f", b"data")
    await transfer.sync(disk.store, target, quick())
    disk.write("f", b"data", LONG_AGO + SECOND)
    looks = 0

    async def change(what: str) -> None:
        nonlocal looks
        looks += what == "stat f"
        if what == "stat f" and looks == 2:
            disk.write("f", b"DATA", LONG_AGO + SECOND)

    disk.store.before = change
    heard = Heard()
    result = await transfer.sync(disk.store, target, quick(), listener=heard)
    assert (result.totals.copied, result.totals.updated) == (1, 0)
    assert contents(target) == {"f": b"DATA"}


async def test_a_stored_mtime_tells_without_a_checkpoint(disk: Disk, fresh: transfer.Options) -> None:
    """That is assumed, since nothing compared the bytes; and costs no reading."""
    target = Watched(memory())
    disk.write("f", b"data")
    await transfer.sync(disk.store, target, quick())
    disk.store.forget()
    target.forget()
    result = await transfer.sync(disk.store, target, fresh)
    assert (result.totals.skipped_assumed, result.totals.skipped_proven) == (1, 0)
    assert disk.store.count("read") == target.count("read", "put") == 0
    assert (await transfer.sync(disk.store, target, fresh)).totals.skipped_assumed == 1


async def test_a_kept_checksum_is_compared_by_hashing_the_file(disk: Disk, fresh: transfer.Options) -> None:
    """In both directions; that is proven, also to the next run."""
    away = Watched(memory())
    await fill(away, {"same": b"data", "differs": b"data"})
    disk.write("same", b"data")
    disk.write("differs", b"DATA")
    result = await transfer.sync(disk.store, away, fresh)
    assert (result.totals.skipped_proven, result.totals.copied) == (1, 1)
    assert away.count("read") == 0
    again = await transfer.sync(disk.store, away, fresh)
    assert again.totals.skipped_proven == 2
    disk.write("differs", b"dAtA", LONG_AGO + SECOND)
    back = await transfer.sync(away, disk.store, quick())
    assert (back.totals.skipped_proven + back.totals.updated, back.totals.copied) == (1, 1)
    assert (disk.root / "differs").read_bytes() == b"DATA"


async def test_what_another_tool_uploaded_keeps_its_metadata(disk: Disk, fresh: transfer.Options) -> None:
    """An object without an mtime, whose bytes are ours, is left as it is."""
    target = Watched(memory())
    await fill(target, {"f": b"data"}, Metadata(content_type="x/theirs"))
    disk.write("f", b"data")
    assert (await transfer.sync(disk.store, target, fresh)).totals.skipped_proven == 1
    assert target.count("update") == 0


async def test_stale_metadata_is_updated_where_the_content_is_proven(disk: Disk, fresh: transfer.Options) -> None:
    """An object of ours with another mtime gets the file's."""
    target = Watched(memory())
    stale = Metadata(posix=Posix(mtime_ns=1, mode=0o100644))
    await fill(target, {"f": b"data"}, stale)
    disk.write("f", b"data")
    assert (await transfer.sync(disk.store, target, fresh)).totals.updated == 1
    assert objects(target)["f"].metadata.posix.mtime_ns == LONG_AGO


async def test_between_disks_the_mtime_decides_and_nothing_is_read(
    disk: Disk, other: Disk, fresh: transfer.Options
) -> None:
    """Unless checksums are asked for."""
    for name, data, mtime_ns in (("same", b"data", LONG_AGO), ("touched", b"data", LONG_AGO + SECOND)):
        disk.write(name, b"data")
        other.write(name, data, mtime_ns)
    result = await transfer.sync(disk.store, other.store, fresh)
    assert (result.totals.skipped_assumed, result.totals.copied) == (1, 1)
    assert other.store.count("read") == 0
    other.write("touched", b"data", LONG_AGO + SECOND)
    options = quick(compare=Compare.CHECKSUM)
    result = await transfer.sync(disk.store, other.store, options)
    assert (result.totals.skipped_proven, result.totals.updated) == (1, 1)
    assert (other.root / "touched").stat().st_mtime_ns == LONG_AGO


async def test_a_mode_that_changed_is_carried(disk: Disk, other: Disk) -> None:
    """To the other disk, without its bytes."""
    disk.write("f", b"data")
    await transfer.sync(disk.store, other.store, quick())
    os.chmod(disk.root / "f", 0o600)
    other.store.forget()
    assert (await transfer.sync(disk.store, other.store, quick())).totals.updated == 1
    assert other.store.count("put") == 0
    assert (other.root / "f").stat().st_mode & 0o777 == 0o600


async def test_a_mode_that_changes_after_a_skip_is_noticed(disk: Disk, other: Disk) -> None:
    """Though both files were there before the first run."""
    disk.write("f", b"data")
    other.write("f", b"data")
    assert (await transfer.sync(disk.store, other.store, quick())).totals.skipped_assumed == 1
    os.chmod(disk.root / "f", 0o600)
    await transfer.sync(disk.store, other.store, quick())
    assert (other.root / "f").stat().st_mode & 0o777 == 0o600


async def test_an_object_without_a_time_gets_that_of_its_store(other: Disk) -> None:
    """And is known by it the next time, without any checkpoint."""
    source = memory()
    await fill(source, {"f": b"data"})
    await transfer.sync(source, other.store, quick())
    assert (other.root / "f").stat().st_mtime_ns == objects(source)["f"].modified_ns


async def test_nothing_comparable_is_sent_again(fresh: transfer.Options) -> None:
    """Rather than read on both sides."""
    source, target = Forgetful(memory()), Forgetful(memory())
    await fill(source, {"f": b"data"})
    await fill(target, {"f": b"data"})
    heard = Heard()
    result = await transfer.sync(source, target, fresh, listener=heard)
    assert (result.totals.copied, heard.outcomes["f"].reason) == (1, "no comparable checksum")


@pytest.mark.parametrize("compare", [Compare.MTIME, Compare.SIZE])
async def test_a_weaker_comparison_is_taken_at_its_word(disk: Disk, compare: Compare) -> None:
    """Equal mtimes, or sizes, are enough though the bytes differ, and the checkpoint learns nothing from it."""
    target = memory()
    await target.put("f", Body(b"DATA"), Metadata(posix=Posix(mtime_ns=LONG_AGO)))
    disk.write("f", b"data")
    assert (await transfer.sync(disk.store, target, quick(compare=compare))).totals.skipped_assumed == 1
    assert (await transfer.sync(disk.store, target, quick(compare=Compare.CHECKSUM))).totals.copied == 1


@pytest.mark.parametrize(
    ("compare", "data", "mtime_ns", "copied"),
    [
        (Compare.MTIME_AND_CHECKSUM, b"DATA", LONG_AGO, 0),
        (Compare.MTIME_AND_CHECKSUM, b"data", LONG_AGO + SECOND, 0),
        (Compare.MTIME_AND_CHECKSUM, b"DATA", LONG_AGO + SECOND, 1),
        (Compare.MTIME_OR_CHECKSUM, b"data", LONG_AGO, 0),
        (Compare.MTIME_OR_CHECKSUM, b"DATA", LONG_AGO, 1),
        (Compare.MTIME_OR_CHECKSUM, b"data", LONG_AGO + SECOND, 1),
    ],
)
async def test_times_and_checksums_together(
    disk: Disk, compare: Compare, data: bytes, mtime_ns: int, copied: int
) -> None:
    """Where its time alone does not settle it, a file is hashed, and sent only if it has other bytes."""
    target = memory()
    await target.put("f", Body(data), Metadata(posix=Posix(mtime_ns=LONG_AGO)))
    disk.write("f", b"data", mtime_ns)
    assert (await transfer.sync(disk.store, target, quick(compare=compare))).totals.copied == copied


async def test_a_kept_symlink_needs_the_option_on_the_way_back(tmp_path: Path) -> None:
    """Without it, it is left out and counted; its target's name is never written as a file's bytes."""
    source = memory()
    await fill(source, {"link": b"f"}, Metadata(posix=Posix(link_target="f")))
    for links, left_out in (("skip", 1), ("keep", 0)):
        target = Disk(tmp_path / links, links)
        heard = Heard()
        options = quick(stores=StoreOptions(links=links))
        result = await transfer.sync(source, target.store, options, listener=heard)
        await target.bare.aclose()
        assert (result.ok, result.totals.left_out) == (True, left_out)
        assert os.path.lexists(target.root / "link") == (links == "keep")
        assert (heard.outcomes["link"].action is Action.LEAVE) == bool(left_out)
    assert os.readlink(tmp_path / "keep" / "link") == "f"


async def test_a_touched_target_is_read_and_not_sent_again(disk: Disk, other: Disk) -> None:
    """Its content is as the checkpoint knows it; the source is not read for that, and the next run looks at neither."""
    disk.write("f", b"data")
    assert (await transfer.sync(disk.store, other.store, quick())).ok
    (other.root / "f").touch()
    os.utime(other.root / "f", ns=(LONG_AGO, LONG_AGO))
    disk.store.forget()
    heard = Heard()
    assert (await transfer.sync(disk.store, other.store, quick(), listener=heard)).totals.skipped_proven == 1
    assert heard.outcomes["f"].reason == "same content"
    assert disk.store.count("read") == 0
    other.store.forget()
    assert (await transfer.sync(disk.store, other.store, quick())).totals.skipped_proven == 1
    assert other.store.count("read", "stat") == 0


@pytest.mark.parametrize(("state", "proven"), [("running", 1), ("complete", 0)])
async def test_what_arrived_unrecorded_is_proven(disk: Disk, tmp_path: Path, state: str, proven: int) -> None:
    """What a killed run brought and did not write down is compared by content; what others brought, by its times."""
    target, options = Watched(memory()), quick(checkpoint=tmp_path / "checkpoint.sqlite")
    disk.write("f", b"data")
    await transfer.sync(disk.store, target, options)
    with closing(sqlite3.connect(tmp_path / "checkpoint.sqlite")) as db, db:
        db.execute("DELETE FROM done")
        db.execute("UPDATE job SET state = ?", (state,))
    target.forget()
    result = await transfer.sync(disk.store, target, options)
    assert (result.totals.skipped_proven, result.totals.skipped_assumed) == (proven, 1 - proven)
    assert target.count("put") == 0

"""What a failed try left at the target is not taken for the object, though it has its size and its time."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from dataclasses import replace
from typing import Any

import pytest

import transfer
from tests.core.doubtful import Doubtful, spoiled
from tests.core.rig import (
    MIB,
    Heard,
    Hook,
    Watched,
    contents,
    fill,
    memory,
    objects,
    open_uploads,
    pattern,
    quick,
    raising,
)
from transfer.checkpoint import Checkpoint, Pair
from transfer.errors import Denied, Transient
from transfer.event import Verdict
from transfer.location import place
from transfer.model import Entry, Metadata, Posix
from transfer.options import Compare, Verify
from transfer.plugin import Store

AT_REST = Metadata(posix=Posix(mtime_ns=1_600_000_000_000_000_000))
SMALL = {"k": b"data"}
LARGE = {"k": pattern(2 * MIB + 5)}


class Spoils(Doubtful):
    """Damages the first ``bad`` objects, and its ETags tell nothing."""

    bad = 0

    def spoil(self, data: bytes) -> bytes:
        if self.bad == 0:
            return data
        self.bad -= 1
        return spoiled(data)

    async def stat(self, key: str) -> Entry:
        return replace(await super().stat(key), encrypted_etag=True)


async def broken_off(target: Watched, what: str, run: Coroutine[Any, Any, object], *, done: bool = False) -> None:
    """Cancel ``run`` in the call ``what`` to its target; ``done``: when that has done its work."""
    reached = asyncio.Event()

    async def hang(call: str) -> None:
        if call == what:
            reached.set()
            await asyncio.sleep(60)

    setattr(target, "after" if done else "before", hang)
    task = asyncio.create_task(run)
    await reached.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    target.before = target.after = None


async def remembered(source: Store, target: Store, heard: Heard) -> bool:
    """Whether the checkpoint has a doubt about ``k``, or a backup of it."""
    checkpoint = await Checkpoint.open(heard.checkpoint, Pair(place(source.origin), place(target.origin)))
    try:
        return await checkpoint.has_doubts() or await checkpoint.backup("k") is not None
    finally:
        await checkpoint.close()


@pytest.mark.parametrize("data", [SMALL, LARGE], ids=["small", "large"])
@pytest.mark.parametrize(
    "options",
    [
        quick(delete=True),
        quick(update=True),
        quick(verify=Verify.READBACK),
        quick(ignore_existing=True),
        quick(immutable=True),
        *[quick(compare=compare) for compare in (Compare.SIZE, Compare.MTIME, Compare.CHECKSUM, Compare.ALWAYS)],
    ],
    ids=["delete", "update", "readback", "ignore-existing", "immutable", "size", "mtime", "checksum", "always"],
)
async def test_what_reads_back_damaged_stays_a_failure(options: transfer.Options, data: dict[str, bytes]) -> None:
    """In this run's second try and in the next run; nothing is deleted meanwhile. A good copy settles it."""
    source, target = memory(), Spoils(memory())
    await fill(source, data, AT_REST)
    await fill(target, {"gone": b"g"})
    target.bad = 1_000
    for _ in range(2):
        result = await transfer.sync(source, target, options)
        assert (result.exit_status, [failure.key for failure in result.failures]) == (1, ["k"])
        assert "gone" in contents(target)
    target.bad = 0
    if not (options.ignore_existing or options.immutable):
        assert (await transfer.sync(source, target, options)).ok
        assert contents(target)["k"] == data["k"]
        assert open_uploads(target) == 0
    if options.compare is Compare.DEFAULT and not (options.ignore_existing or options.immutable):
        assert (await transfer.sync(source, target, options)).totals.skipped_proven == 1


async def test_damage_in_passing_is_mended_by_the_second_try() -> None:
    """Then nothing is wrong any more, and nothing is doubted."""
    source, target, heard = memory(), Spoils(memory()), Heard()
    await fill(source, SMALL, AT_REST)
    target.bad = 3
    result = await transfer.sync(source, target, quick(), listener=heard)
    assert (result.ok, result.totals.copied) == (True, 1)
    assert contents(target) == SMALL
    assert not await remembered(source, target, heard)


@pytest.mark.parametrize("named", [False, True], ids=["listed", "named"])
async def test_what_is_not_proven_is_no_better_in_the_next_run(named: bool) -> None:
    """Until it is accepted, by an option or because it can be read."""
    source, target = memory(), Spoils(memory())
    await fill(source, SMALL, AT_REST)
    target.before = raising(Denied("write only"), "read")
    options = quick(files_from=("k",) if named else None)
    for _ in range(2):
        result = await transfer.sync(source, target, options)
        assert (result.totals.failed, result.totals.unproven) == (1, 1)
    dry = await transfer.sync(source, target, replace(options, dry_run=True))
    assert dry.totals.skipped_assumed == 0
    assert (await transfer.sync(source, target, replace(options, allow_unproven=True))).ok
    assert (await transfer.sync(source, target, options)).totals.skipped_assumed == 1


class Forgets(Watched):
    """Takes user metadata, and later tells of none."""

    async def stat(self, key: str) -> Entry:
        found = await super().stat(key)
        return replace(found, metadata=replace(found.metadata or Metadata(), user={}))


async def test_lost_metadata_stays_a_failure() -> None:
    """Equal ETags prove the bytes only."""
    source, target = memory(), Forgets(memory())
    await fill(source, SMALL, Metadata(user={"a": "b"}))
    for _ in range(2):
        result = await transfer.sync(source, target, quick(strict_metadata=True))
        assert "user metadata 'a'" in (result.failures[0].error or "")
    assert (await transfer.sync(source, target, quick())).ok


async def test_metadata_that_can_not_be_looked_over_is_not_taken_as_held() -> None:
    """The object arrived, and the look at it failed: the second try does not skip it for its ETag."""
    source, target = memory(), Forgets(memory())
    await fill(source, SMALL, Metadata(user={"a": "b"}))
    target.before = raising(Transient("the network is down"), "stat", times=1)
    result = await transfer.sync(source, target, quick(strict_metadata=True))
    assert "user metadata 'a'" in (result.failures[0].error or "")


async def test_a_run_that_is_broken_off_leaves_its_doubts() -> None:
    """Also those that it took over and did not come to."""
    source, target = memory(), Spoils(memory())
    await fill(source, SMALL, AT_REST)
    target.bad = 1_000
    assert not (await transfer.sync(source, target, quick())).ok
    target.bad = 0
    await broken_off(target, "put k", transfer.sync(source, target, quick()))
    assert (await transfer.sync(source, target, quick())).totals.copied == 1


async def test_what_failed_before_it_was_written_is_not_doubted() -> None:
    """Another try may find it there, from whomever."""
    source, target, heard = Watched(memory()), Watched(memory()), Heard()
    await fill(source, SMALL, AT_REST)
    await fill(target, {"k": b"other bytes"}, AT_REST)
    source.before = raising(Denied("unreadable"), "read k")
    assert not (await transfer.sync(source, target, quick(), listener=heard)).ok
    assert not await remembered(source, target, heard)


@pytest.mark.parametrize("options", [quick(update=True), quick(ignore_existing=True)])
async def test_what_others_put_there_since_is_theirs(options: transfer.Options) -> None:
    """Where theirs is to stay, a doubt is void once the object looks otherwise than after our try."""
    source, target, heard = memory(), Spoils(memory()), Heard()
    await fill(source, SMALL, AT_REST)
    target.bad = 1_000
    assert not (await transfer.sync(source, target, options)).ok
    newer = Metadata(posix=Posix(mtime_ns=1_700_000_000_000_000_000))
    target.bad = 0
    await fill(target, {"k": b"theirs"}, newer)
    assert (await transfer.sync(source, target, options, listener=heard)).ok
    assert heard.outcomes["k"].verdict is Verdict.SKIPPED
    assert contents(target) == {"k": b"theirs"}


# Backups


async def with_backup(
    source: Store, target: Store, backup: Store, heard: Heard | None = None, **changes: object
) -> transfer.Result:
    """A sync whose ``--backup-dir`` is a store at hand."""
    options = quick(backup_dir=f"memory://{backup.origin.container}", **changes)
    return await transfer.sync(source, target, options, listener=Heard() if heard is None else heard)


async def changed_on_both_sides() -> tuple[Store, Spoils, Store]:
    source, target, backup = memory(), Spoils(memory()), memory()
    await fill(source, {"k": b"new!"}, AT_REST)
    await fill(target, {"k": b"old"}, AT_REST)
    return source, target, backup


@pytest.mark.parametrize("damaged", [True, False], ids=["damaged", "unproven"])
async def test_a_backup_outlives_what_a_failed_run_left(damaged: bool) -> None:
    """However many runs fail; the one that succeeds needs no other backup, and the next change makes one again."""
    source, target, backup = await changed_on_both_sides()
    target.bad = 1_000 if damaged else 0
    target.before = None if damaged else _write_only_once_written(target)
    for _ in range(3):
        assert not (await with_backup(source, target, backup)).ok
        assert contents(backup) == {"k": b"old"}
    target.bad, target.before = 0, None
    assert (await with_backup(source, target, backup)).ok
    assert contents(backup) == {"k": b"old"}
    await fill(source, {"k": b"newer"}, AT_REST)
    assert (await with_backup(source, target, backup)).ok
    assert contents(backup) == {"k": b"new!"}


def _write_only_once_written(target: Spoils) -> Hook:
    async def deny(what: str) -> None:
        if what.startswith("read k") and contents(target)["k"] != b"old":
            raise Denied("write only")

    return deny


async def test_what_a_killed_run_left_is_kept_beside_the_old_one() -> None:
    """It may be ours or anybody's; whatever was backed up stays."""
    source, target, backup = await changed_on_both_sides()
    await broken_off(target, "put k", with_backup(source, target, backup, compare=Compare.ALWAYS), done=True)
    assert contents(target) == {"k": b"new!"}
    assert (await with_backup(source, target, backup, compare=Compare.ALWAYS)).ok
    assert contents(backup) == {"k": b"old", "k.~1~": b"new!"}


async def test_a_backup_that_is_gone_is_made_again() -> None:
    """Or that was made elsewhere: before its object is overwritten it is where this run is to have it."""
    for cleaned in (True, False):
        source, target, backup = await changed_on_both_sides()
        elsewhere = memory()
        target.before = raising(Denied("no"), "put k")
        assert not (await with_backup(source, target, backup)).ok
        assert contents(backup) == {"k": b"old"}
        target.before = None
        if cleaned:
            await backup.delete(["k"])
        assert (await with_backup(source, target, backup if cleaned else elsewhere)).ok
        assert contents(backup if cleaned else elsewhere) == {"k": b"old"}


async def test_a_backup_is_not_made_twice() -> None:
    """If the object still looks as it did then."""
    source, target, backup = await changed_on_both_sides()
    target.before = raising(Denied("no"), "put k")
    assert not (await with_backup(source, target, backup)).ok
    made = objects(backup)["k"]
    target.before = None
    target.forget()
    assert (await with_backup(source, target, backup)).ok
    assert objects(backup)["k"] is made


async def test_the_rest_of_a_failed_try_is_deleted_without_touching_the_backup() -> None:
    """The source has lost the object since. Nothing more is remembered of it then."""
    source, target, backup = await changed_on_both_sides()
    heard = Heard()
    await fill(source, {"other": b"o"})
    target.bad = 1_000
    assert not (await with_backup(source, target, backup)).ok
    target.bad = 0
    await source.delete(["k"])
    assert (await with_backup(source, target, backup, heard, delete=True)).totals.deleted == 1
    assert contents(backup) == {"k": b"old"}
    assert not await remembered(source, target, heard)


async def test_what_is_deleted_leaves_nothing_to_remember() -> None:
    """Neither in memory nor in the checkpoint, whatever the number of deletions."""
    source, target, backup = await changed_on_both_sides()
    heard = Heard()
    await source.delete(["k"])
    result = await with_backup(source, target, backup, heard, delete=True, allow_empty_source=True)
    assert result.totals.deleted == 1
    assert contents(backup) == {"k": b"old"}
    assert not await remembered(source, target, heard)

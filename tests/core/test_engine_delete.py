"""Deletes come last, only when all went well, and never by mistake."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

import transfer
from tests.core.rig import MIB, Heard, Watched, contents, fill, memory, objects, open_uploads, pattern, quick, raising
from transfer.errors import Denied, NotFound, TransferError
from transfer.event import Action, Planned, Verdict
from transfer.filters import Filter, Rule
from transfer.layers.layer import Layer
from transfer.model import Body, Metadata, Page, Posix, Unlisted, Why
from transfer.plugin import Prune
from transfer_memory.bucket import bucket

KEPT, GONE = {"a": b"1", "b/c": b"2"}, {"old": b"3", "b/old": b"4"}


async def sides() -> tuple[Watched, Watched]:
    source, target = Watched(memory()), Watched(memory())
    await fill(source, KEPT)
    await fill(target, {**KEPT, **GONE})
    target.forget()
    return source, target


async def test_what_the_source_lacks_goes_from_the_target() -> None:
    """Only with ``delete``, after everything else, in as few calls as the store allows."""
    source, target = await sides()
    await fill(source, {"new": b"5"})
    assert (await transfer.sync(source, target, quick())).totals.deleted == 0
    assert set(contents(target)) == {*KEPT, *GONE, "new"}
    await fill(source, {"newer": b"6"})
    target.forget()
    heard = Heard()
    result = await transfer.sync(source, target, quick(delete=True), listener=heard)
    assert contents(target) == contents(source)
    assert (result.totals.deleted, result.totals.copied) == (2, 1)
    assert [call for call in target.calls if call.startswith(("put", "delete"))] == ["put newer", "delete 2 objects"]
    assert {key for key, outcome in heard.outcomes.items() if outcome.action is Action.DELETE} == set(GONE)


class Breaks(Layer):
    """Lists its first objects, then fails."""

    async def list(
        self, prefix: str = "", *, after: str | None = None, resume: str | None = None, prune: Prune | None = None
    ) -> AsyncIterator[Page]:
        async for page in super().list(prefix, after=after, resume=resume, prune=prune):
            yield Page(page.items[:1])
            raise self.error

    error: TransferError = Denied("no more to see")


@pytest.mark.parametrize("error", [Denied("no more to see"), NotFound("the bucket is gone")])
@pytest.mark.parametrize("broken", ["source", "target"])
async def test_a_listing_that_fails_half_way_deletes_nothing(broken: str, error: TransferError) -> None:
    """Neither at the source nor at the target; it is a failure that is told."""
    source, target = await sides()
    layer = Breaks(source if broken == "source" else target)
    layer.error = error
    ours, theirs = (layer, target) if broken == "source" else (source, layer)
    result = await transfer.sync(ours, theirs, quick(delete=True))
    assert result.exit_status == 1
    assert [failure.error for failure in result.failures] == [str(error)]
    assert any("nothing is deleted" in note for note in result.notes)
    assert contents(target) == {**KEPT, **GONE}


async def test_an_empty_source_is_refused_unless_it_is_meant() -> None:
    """The result says what to do."""
    source, target = memory(), memory()
    await fill(target, GONE)
    result = await transfer.sync(source, target, quick(delete=True))
    assert result.exit_status == 3
    assert "--allow-empty-source" in (result.refused or "")
    assert contents(target) == GONE
    assert (await transfer.sync(source, target, quick(delete=True, allow_empty_source=True))).ok
    assert contents(target) == {}


@pytest.mark.parametrize("there", ["folder/", ".DS_Store", "small"])
async def test_a_source_without_an_object_of_the_run_is_an_empty_one(there: str) -> None:
    """Marks of folders and what the filter hides would be listed by an unmounted disk, too."""
    source, target = memory(), memory()
    await fill(source, {there: b""})
    await fill(target, GONE)
    passing = Filter(rules=(Rule(False, ".DS_Store"),), min_size=0 if there == "folder/" else 1)
    result = await transfer.sync(source, target, quick(delete=True, filter=passing))
    assert (result.exit_status, result.totals.deleted) == (3, 0)
    assert "no object that passes the filter" in (result.refused or "")
    assert set(GONE) <= set(contents(target))
    assert (await transfer.sync(source, target, quick(delete=True, filter=passing, allow_empty_source=True))).ok
    assert not set(GONE) & set(contents(target))


async def test_an_empty_folder_is_no_object_of_the_source(tmp_path: Path) -> None:
    """Though it is carried with ``--empty-dirs``."""
    (tmp_path / "mount" / "lost+found").mkdir(parents=True)
    target = memory()
    await fill(target, GONE)
    options = quick(delete=True)
    options = replace(options, stores=replace(options.stores, empty_dirs=True))
    result = await transfer.sync(str(tmp_path / "mount"), target, options)
    assert (result.exit_status, result.totals.deleted) == (3, 0)
    assert set(GONE) <= set(contents(target))


async def test_too_many_deletes_are_refused_before_the_first() -> None:
    """The number is a limit, not a portion."""
    source, target = await sides()
    result = await transfer.sync(source, target, quick(delete=True, max_delete=1))
    assert result.exit_status == 3
    assert "--max-delete 1" in (result.refused or "")
    assert contents(target) == {**KEPT, **GONE}
    assert (await transfer.sync(source, target, quick(delete=True, max_delete=2))).totals.deleted == 2


async def test_nothing_is_deleted_after_a_failure() -> None:
    """Whatever failed may be what the old objects were to be replaced by."""
    source, target = await sides()
    await fill(source, {"bad": b"x"})
    target.before = raising(Denied("not this one"), "put bad")
    result = await transfer.sync(source, target, quick(delete=True))
    assert (result.totals.failed, result.totals.deleted) == (1, 0)
    assert "Nothing was deleted, since not everything went well." in result.notes
    assert set(GONE) <= set(contents(target))


async def test_the_source_is_looked_at_once_more() -> None:
    """An object that came back since the listing stays at the target."""
    source, target = await sides()

    async def come_back(what: str) -> None:
        if what == "stat old":
            await fill(source, {"old": b"back"})

    source.before = come_back
    heard = Heard()
    result = await transfer.sync(source, target, quick(delete=True), listener=heard)
    assert set(contents(target)) == {*KEPT, "old"}
    assert heard.outcomes["old"].reason == "is at the source again"
    assert result.totals.deleted == 1


async def test_a_source_that_can_not_be_asked_keeps_the_object() -> None:
    """It counts as a failure."""
    source, target = await sides()
    source.before = raising(Denied("no"), "stat old")
    result = await transfer.sync(source, target, quick(delete=True))
    assert [failure.key for failure in result.failures] == ["old"]
    assert "old" in contents(target)


async def test_what_could_not_be_deleted_is_told_one_by_one() -> None:
    """The others are gone."""

    class Refuses(Watched):
        async def delete(self, keys: Sequence[str]) -> Mapping[str, TransferError]:
            await super().delete([key for key in keys if key != "old"])
            return {"old": Denied("it is locked")} if "old" in keys else {}

    source, inner = await sides()
    result = await transfer.sync(source, Refuses(inner), quick(delete=True))
    assert [(failure.key, failure.error) for failure in result.failures] == [("old", "it is locked")]
    assert result.totals.deleted == 1
    assert set(contents(inner)) == {*KEPT, "old"}


class Unreadable(Layer):
    """A folder ``b`` that can't be listed."""

    failed = True

    async def list(
        self, prefix: str = "", *, after: str | None = None, resume: str | None = None, prune: Prune | None = None
    ) -> AsyncIterator[Page]:
        async for page in super().list(prefix, after=after, resume=resume, prune=prune):
            shown = [item for item in page.items if not item.key.startswith("b/")]
            names = [Unlisted("b", Why.UNREADABLE, "no permission", self.failed)]
            yield Page(tuple(sorted([*shown, *names], key=lambda item: item.key)))


async def test_what_could_not_be_read_protects_what_lies_below() -> None:
    """An unreadable folder is a failure, so nothing is deleted at all; one left out by rule just covers its part."""
    source, target = await sides()
    layer = Unreadable(source)
    result = await transfer.sync(layer, target, quick(delete=True))
    assert [failure.key for failure in result.failures] == ["b"]
    assert contents(target) == {**KEPT, **GONE}
    layer.failed = False
    result = await transfer.sync(layer, target, quick(delete=True))
    assert (result.totals.left_out, result.totals.deleted) == (1, 1)
    assert set(contents(target)) == {"a", "b/c", "b/old"}


async def test_filters_protect_from_deletion() -> None:
    """By name and by size."""
    source, target = await sides()
    await fill(target, {"huge": bytes(100)})
    hide = Filter(rules=(Rule(False, "b/"),), max_size=10)
    assert (await transfer.sync(source, target, quick(delete=True, filter=hide))).totals.deleted == 1
    assert set(contents(target)) == {"a", "b/c", "b/old", "huge"}


async def test_deletes_are_planned_anew_after_an_interruption() -> None:
    """What was to be deleted and came back before the next run stays."""
    source, target = await sides()
    target.before = raising(KeyboardInterruptLike(), "delete")
    with pytest.raises(KeyboardInterruptLike):
        await transfer.sync(source, target, quick(delete=True))
    target.before = None
    await fill(source, {"old": b"3"})
    assert (await transfer.sync(source, target, quick(delete=True))).totals.deleted == 1
    assert set(contents(target)) == {*KEPT, "old"}


class KeyboardInterruptLike(Exception):
    """What no store raises."""


# Backups


async def test_a_backup_keeps_what_is_overwritten_or_deleted() -> None:
    """With its metadata, large or small; what is new needs none."""
    source, target, backup = memory(), memory(), Watched(memory())
    large = pattern(2 * MIB + 5)
    await fill(source, {"changed": b"new!", "grown": b"small now", "new": b"n"})
    await fill(target, {"changed": b"old", "grown": large, "gone": b"g"}, Metadata(cache_control="kept"))
    result = await sync_with_backup(source, target, backup)
    assert result.ok
    assert contents(target) == contents(source)
    assert contents(backup) == {"changed": b"old", "grown": large, "gone": b"g"}
    assert {found.metadata.cache_control for found in objects(backup).values()} == {"kept"}


async def sync_with_backup(source: object, target: object, backup: Watched, **changes: object) -> transfer.Result:
    """A run whose ``--backup-dir`` is a store at hand."""
    options = quick(delete=True, backup_dir=f"memory://{backup.origin.container}", **changes)
    return await transfer.sync(source, target, options)  # type: ignore[arg-type]


async def test_a_second_try_does_not_back_up_the_new_object() -> None:
    """The first one has overwritten the old object before it failed; the backup keeps the old one."""
    source, target, backup = memory(), Watched(memory()), Watched(memory())
    await fill(source, {"k": b"new!"})
    await fill(target, {"k": b"old"})

    async def spoil(what: str) -> None:
        if what == "put k" and target.count("put k") == 1:
            bucket(target.origin.container).objects["k"] = replace(objects(target)["k"], data=b"broken", etag="broken")
            raise Denied("and now you may not")

    target.forget()
    target.after = spoil
    result = await sync_with_backup(source, target, backup)
    assert result.ok
    assert target.count("put k") == 2
    assert contents(target) == {"k": b"new!"}
    assert contents(backup) == {"k": b"old"}


async def test_without_its_backup_nothing_is_overwritten_or_deleted() -> None:
    """And a large backup that fails leaves no upload open."""
    source, target, backup = memory(), Watched(memory()), Watched(memory())
    await fill(source, {"k": b"new!"})
    await fill(target, {"k": pattern(3 * MIB), "gone": b"g"})
    target.before = raising(Denied("unreadable"), "read k at 1048576", "read gone")
    result = await sync_with_backup(source, target, backup)
    assert [failure.key for failure in result.failures] == ["k"]
    assert set(contents(target)) == {"k", "gone"}
    assert contents(target)["k"] == pattern(3 * MIB)
    assert open_uploads(backup) == 0


async def test_what_the_backup_leaves_out_is_neither_overwritten_nor_deleted(tmp_path: Path) -> None:
    """A symlink that was kept, and a backup on a disk, where links are skipped: a failure, that stops nothing else."""
    source, target = memory(), memory()
    await fill(source, {"changed": b"a file now"})
    await fill(target, {"changed": b"x", "gone": b"x"}, Metadata(posix=Posix(mode=0o120777, link_target="x")))
    options = quick(delete=True, backup_dir=str(tmp_path / "backup"))
    overwritten = await transfer.sync(source, target, options)
    error = "'{}' can't be backed up, so the original stays: symlink; --links keep carries them"
    assert [failure.error for failure in overwritten.failures] == [error.format("changed")]
    assert set(contents(target)) == {"changed", "gone"}
    await fill(target, {"changed": b"a file", "old": b"3"})
    deleted = await transfer.sync(source, target, options)
    assert [failure.error for failure in deleted.failures] == [error.format("gone")]
    assert deleted.totals.deleted == 1
    assert contents(target) == {"changed": b"a file now", "gone": b"x"}
    kept = replace(options, stores=replace(options.stores, links="keep"))
    assert (await transfer.sync(source, target, kept)).ok
    assert (tmp_path / "backup" / "gone").is_symlink()


async def test_a_defect_of_one_object_stops_no_other_deletion() -> None:
    """It is told by its kind, and the object stays."""
    source, target = await sides()
    source.before = raising(RuntimeError("whatever"), "stat old")
    result = await transfer.sync(source, target, quick(delete=True))
    assert [failure.key for failure in result.failures] == ["old"]
    assert "an unexpected RuntimeError" in (result.failures[0].error or "")
    assert result.totals.deleted == 1


async def test_an_object_that_the_target_hid_is_not_overwritten_without_a_backup() -> None:
    """It came into being since the listing: the second try sees it, and keeps it."""
    source, target, backup = Watched(memory()), memory(), Watched(memory())
    await fill(source, {"k": b"new!"})

    async def appear(what: str) -> None:
        if what == "read k" and source.count("read") == 1:
            await target.put("k", Body(b"theirs"), Metadata())

    source.before = appear
    result = await sync_with_backup(source, target, backup)
    assert result.ok
    assert contents(target) == {"k": b"new!"}
    assert contents(backup) == {"k": b"theirs"}


async def test_a_dry_run_plans_deletes() -> None:
    """The totals tell what would be done; and it refuses what the run would refuse."""
    source, target = await sides()
    heard = Heard()
    result = await transfer.sync(source, target, quick(delete=True, dry_run=True), listener=heard)
    planned = {event.key for event in heard.of(Planned) if event.action is Action.DELETE}
    assert planned == set(GONE)
    assert {heard.outcomes[key].verdict for key in GONE} == {Verdict.PLANNED}
    assert contents(target) == {**KEPT, **GONE}
    assert result.totals.deleted == 2
    refused = await transfer.sync(source, target, quick(delete=True, dry_run=True, max_delete=1))
    assert refused.exit_status == 3

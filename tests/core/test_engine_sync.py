"""A sync makes the target like the source, and does no more than it must."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path

import pytest

import transfer
from tests.core.rig import MIB, WRITES, Heard, Watched, contents, fill, memory, objects, pattern, quick
from transfer.event import Action, Listed, Planned, RunFinished, RunStarted, Verdict
from transfer.filters import Filter, Rule
from transfer.model import Body, Metadata
from transfer.options import Compare, Options

Verb = Callable[..., Awaitable[transfer.Result]]
TREE = {"a": b"1", "a.txt": b"22", "a/b": b"333", "a0": b"", "large": pattern(3 * MIB + 17)}


async def test_an_empty_source_is_noted() -> None:
    """Its name may be misspelt; where a filter leaves all out, it is not."""
    source = memory()
    result = await transfer.sync(source, memory(), quick())
    assert result.ok
    assert result.notes == (f"There is no object at the source, {source.url}.",)
    assert (await transfer.sync(source, memory(), quick(filter=Filter(min_size=1)))).notes == ()


async def test_everything_arrives_and_is_proven() -> None:
    """Small objects, empty ones and large ones; the outcomes tell how they were proven."""
    source, target, heard = memory(), memory(), Heard()
    await fill(source, TREE, Metadata(content_type="text/x", user={"who": "us"}))
    result = await transfer.sync(source, target, quick(), listener=heard)
    assert result.ok
    assert contents(target) == TREE
    assert {found.metadata.user["who"] for found in objects(target).values()} == {"us"}
    assert result.totals.copied == len(TREE)
    assert result.totals.copied_bytes == result.totals.sent_bytes == sum(map(len, TREE.values()))
    assert result.proofs == (("verified (crc64nvme)", len(TREE)),)
    assert set(heard.outcomes) == set(TREE)
    assert heard.outcomes["large"].checksum is not None
    assert isinstance(heard[0], RunStarted)
    assert heard[-1] == RunFinished(result)
    assert {event.side for event in heard.of(Listed) if event.done} == {"source", "target"}


async def test_a_second_run_asks_only_for_the_listings() -> None:
    """No HEAD, no read and no write where the checkpoint knows both sides."""
    source, target = Watched(memory()), Watched(memory())
    await fill(source, TREE)
    await transfer.sync(source, target, quick())
    source.forget()
    target.forget()
    result = await transfer.sync(source, target, quick())
    assert result.totals.skipped_proven == len(TREE)
    assert set(source.calls) == {f"check {source.url}", "list"}
    assert set(target.calls) == {f"check {target.url}", "list"}


async def test_only_what_changed_is_sent() -> None:
    """And what came to be, and what the target lost."""
    source, target = memory(), Watched(memory())
    await fill(source, TREE)
    await transfer.sync(source, target, quick())
    await fill(source, {"a": b"x", "new": b"n"})
    await target.delete(["a.txt"])
    target.forget()
    heard = Heard()
    result = await transfer.sync(source, target, quick(), listener=heard)
    assert contents(target) == contents(source)
    assert sorted(call for call in target.calls if call.startswith("put")) == ["put a", "put a.txt", "put new"]
    assert result.totals.copied == 3
    assert {key: heard.outcomes[key].reason for key in ("a", "a.txt", "new")} == {
        "a": "changed at the source",
        "a.txt": "gone from the target",
        "new": "new",
    }


async def test_without_a_checkpoint_equal_content_is_found_by_asking(tmp_path: Path) -> None:
    """Equal ETags need no request; equal checksums need two; both are proven skips."""
    source, target = Watched(memory()), Watched(memory())
    await fill(source, TREE)
    await fill(target, TREE)
    target.forget()
    result = await transfer.sync(source, target, quick())
    assert result.totals.skipped_proven == len(TREE)
    assert source.count("stat", "read") == target.count("stat", *WRITES) == 0
    elsewhere = memory()
    await transfer.copy(source, elsewhere, quick(multipart_threshold=2 * MIB))  # so "large" has another ETag there
    source.forget()
    result = await transfer.sync(source, elsewhere, quick(checkpoint=tmp_path / "fresh.sqlite"))
    assert result.totals.skipped_proven == len(TREE)
    assert [call for call in source.calls if call.startswith(("stat", "read"))] == ["stat large"]


async def test_what_differs_at_equal_size_is_sent() -> None:
    """By default, and wherever content is compared; not where the size was to be enough."""
    for compare, sent in ((Compare.DEFAULT, 1), (Compare.CHECKSUM, 1), (Compare.ALWAYS, 1), (Compare.SIZE, 0)):
        source, target = memory(), memory()
        await fill(source, {"k": b"new"})
        await fill(target, {"k": b"old"})
        result = await transfer.sync(source, target, quick(compare=compare))
        assert result.totals.copied == sent
        assert (contents(target) == contents(source)) == bool(sent)


async def test_changed_metadata_is_carried_by_an_update() -> None:
    """The bytes are not sent again."""
    source, target = memory(), Watched(memory())
    await fill(source, {"k": b"data"}, Metadata(cache_control="old"))
    await transfer.sync(source, target, quick())
    await fill(source, {"k": b"data"}, Metadata(cache_control="new", tags={"t": "1"}))
    target.forget()
    heard = Heard()
    options = quick()
    result = await transfer.sync(source, target, options, listener=heard)
    assert result.totals.updated == 1
    assert target.count("put") == 0
    assert objects(target)["k"].metadata.cache_control == "new"
    outcome = heard.outcomes["k"]
    assert (outcome.action, outcome.verdict) == (Action.UPDATE, Verdict.DONE)
    assert outcome.proof is not None
    again = await transfer.sync(source, target, options)
    assert again.totals.skipped_proven == 1


async def test_metadata_that_changes_after_a_skip_is_noticed() -> None:
    """Though no run of ours has written the object, and its ETag stays."""
    source, target = memory(), memory()
    await fill(source, {"k": b"data"}, Metadata(cache_control="same"))
    await fill(target, {"k": b"data"}, Metadata(cache_control="same"))
    for skipped in (1, 1):
        assert (await transfer.sync(source, target, quick())).totals.skipped_proven == skipped
    await fill(source, {"k": b"data"}, Metadata(cache_control="new"))
    assert (await transfer.sync(source, target, quick())).totals.updated == 1
    assert objects(target)["k"].metadata.cache_control == "new"


async def test_other_options_for_the_target_are_an_update() -> None:
    """A storage class that is asked for later is carried by a copy onto itself, once."""
    source, target = memory(), Watched(memory())
    await fill(source, {"k": b"data"})
    await transfer.sync(source, target, quick())
    target.forget()
    for updated in (1, 0):
        result = await transfer.sync(source, target, quick(storage_class="COLD"))
        assert result.totals.updated == updated
    assert objects(target)["k"].metadata.storage_class == "COLD"
    assert target.count("put", "read") == 0


async def test_a_map_of_classes_given_later_is_an_update() -> None:
    """For the objects that it is about, once."""
    source, target = memory(), Watched(memory())
    for key, name in (("cold", "COLD"), ("warm", "WARM")):
        await source.put(key, Body(b"data"), Metadata(storage_class=name))
    await transfer.sync(source, target, quick())
    assert objects(target)["cold"].metadata.storage_class == "COLD"
    target.forget()
    for updated in (True, False):
        result = await transfer.sync(source, target, quick(map_class={"COLD": "FROZEN"}))
        assert bool(result.totals.updated) is updated
    assert {key: objects(target)[key].metadata.storage_class for key in ("cold", "warm")} == {
        "cold": "FROZEN",
        "warm": "WARM",
    }
    assert target.count("put", "read") == 0


async def test_a_map_of_classes_is_seen_to_where_the_content_had_to_be_compared(tmp_path: Path) -> None:
    """As one class for all is."""
    source, target = memory(), Watched(memory())
    await source.put("k", Body(pattern(2 * MIB)), Metadata(storage_class="COLD"))
    await transfer.copy(source, target, quick())
    target.forget()
    options = quick(map_class={"COLD": "FROZEN"}, checkpoint=tmp_path / "fresh.sqlite")
    assert (await transfer.sync(source, target, options)).totals.updated == 1
    assert objects(target)["k"].metadata.storage_class == "FROZEN"


async def test_a_storage_class_is_seen_to_where_the_content_had_to_be_compared(tmp_path: Path) -> None:
    """The same content in another class is updated, though no run of ours put it there."""
    source, target = memory(), Watched(memory())
    await fill(source, {"k": pattern(2 * MIB)})
    await transfer.copy(source, target, quick())
    target.forget()
    result = await transfer.sync(source, target, quick(storage_class="COLD", checkpoint=tmp_path / "fresh.sqlite"))
    assert result.totals.updated == 1
    assert objects(target)["k"].metadata.storage_class == "COLD"
    assert target.count("put") == 0


async def test_existing_and_ignore_existing_choose_by_what_the_target_has() -> None:
    """One touches only what is there, the other only what is not."""
    for options, expected in (
        (quick(existing=True), {"both": b"new"}),
        (quick(ignore_existing=True), {"both": b"old", "one": b"new"}),
    ):
        source, target = memory(), memory()
        await fill(source, {"both": b"new", "one": b"new"})
        await fill(target, {"both": b"old"})
        assert (await transfer.sync(source, target, options)).ok
        assert contents(target) == expected


async def test_update_leaves_what_is_newer_at_the_target() -> None:
    """And replaces what is older."""
    source, target = memory(), memory()
    await fill(target, {"older": b"old!"})
    await fill(source, {"older": b"new", "newer": b"new"})
    await fill(target, {"newer": b"old!"})
    heard = Heard()
    assert (await transfer.sync(source, target, quick(update=True), listener=heard)).ok
    assert contents(target) == {"older": b"new", "newer": b"old!"}
    assert heard.outcomes["newer"].reason == "newer at the target"


async def test_immutable_never_overwrites() -> None:
    """What differs is a failure, be it in its bytes or in its metadata; what is new arrives."""
    source, target = memory(), memory()
    await fill(source, {"differs": b"new", "new": b"new", "same": b"same"})
    await fill(target, {"differs": b"old", "same": b"same"})
    result = await transfer.sync(source, target, quick(immutable=True))
    assert result.exit_status == 1
    assert [failure.key for failure in result.failures] == ["differs"]
    assert "--immutable" in (result.failures[0].error or "")
    assert contents(target) == {"differs": b"old", "new": b"new", "same": b"same"}
    classed = await transfer.sync(source, target, quick(immutable=True, storage_class="COLD"))
    assert classed.totals.updated == 0
    assert sorted(failure.key for failure in classed.failures) == ["differs", "new", "same"]


async def test_filters_hide_on_both_sides() -> None:
    """What they hide is neither sent nor told of."""
    source, target, heard = memory(), memory(), Heard()
    await fill(source, TREE)
    hide = Filter(rules=(Rule(False, "a/**"),), min_size=1)
    await transfer.sync(source, target, quick(filter=hide), listener=heard)
    assert set(contents(target)) == set(heard.outcomes) == {"a", "a.txt", "large"}


async def test_named_files_are_looked_up_and_nothing_is_listed() -> None:
    """A name twice is done once; one that is not there is a failure."""
    source, target = Watched(memory()), Watched(memory())
    await fill(source, TREE)
    heard = Heard()
    options = quick(files_from=("a", "a/b", "a", "missing"), transfers=1)
    result = await transfer.sync(source, target, options, listener=heard)
    assert contents(target) == {"a": b"1", "a/b": b"333"}
    assert (result.totals.copied, result.totals.skipped_proven, result.totals.left_out) == (2, 1, 0)
    assert [failure.key for failure in result.failures] == ["missing"]
    assert source.count("list") == target.count("list") == 0


async def test_stores_that_are_passed_in_stay_open() -> None:
    """They are the caller's."""
    source, target = Watched(memory()), Watched(memory())
    await transfer.sync(source, target, quick())
    await transfer.verify(source, target, quick())
    assert not source.closed
    assert not target.closed


async def test_a_planned_step_is_told_with_its_size() -> None:
    """So that a display knows how much is to come."""
    source, heard = memory(), Heard()
    await fill(source, {"k": b"data"})
    await transfer.sync(source, memory(), quick(), listener=heard)
    assert heard.of(Planned) == [Planned("k", Action.COPY, "new", 4)]


@pytest.mark.parametrize(
    ("verb", "options", "said"),
    [
        (transfer.sync, Options(size_hint=1), "--size-hint is for a stream"),
        (transfer.copy, Options(spool=Path()), "--spool is for a stream"),
        (transfer.copy, Options(delete=True), "'copy' deletes nothing"),
        (transfer.copy, Options(compare=Compare.SIZE), "'copy' compares nothing; use 'sync --compare size'"),
    ],
)
async def test_options_of_another_verb_are_refused(verb: Verb, options: Options, said: str) -> None:
    """Before anything is asked of the stores."""
    source = Watched(memory())
    with pytest.raises(transfer.errors.Misconfigured, match=said):
        await verb(source, memory(), options)
    assert source.calls == []


async def test_a_verify_heeds_no_option_that_changes_something() -> None:
    """So that it takes those of the sync that it follows."""
    source, target = memory(), memory()
    await fill(source, {"k": b"data"})
    options = quick(delete=True, max_delete=3, allow_empty_source=True, immutable=True, backup_dir="memory://old")
    await transfer.sync(source, target, options)
    assert (await transfer.verify(source, target, options)).ok


async def test_a_target_written_meanwhile_is_noticed_the_next_time() -> None:
    """The checkpoint does not vouch for a target that changed behind our back."""
    source, target = memory(), memory()
    await fill(source, {"k": b"data"})
    await transfer.sync(source, target, quick())
    await target.put("k", Body(b"evil"), Metadata())
    result = await transfer.sync(source, target, quick())
    assert result.totals.copied == 1
    assert contents(target) == {"k": b"data"}


async def test_what_was_accepted_as_unproven_is_skipped_as_assumed() -> None:
    """It never counts as proven."""
    source, target = memory(), Unverifying(memory())
    await fill(source, {"k": b"data"})
    target.before = deny_reads
    result = await transfer.sync(source, target, quick(allow_unproven=True))
    assert (result.ok, result.totals.unproven) == (True, 1)
    again = await transfer.sync(source, target, quick(allow_unproven=True))
    assert (again.totals.skipped_assumed, again.totals.skipped_proven) == (1, 0)


class Unverifying(Watched):
    """A store that checks nothing."""

    async def put(self, *args, **options):  # type: ignore[no-untyped-def]
        stored = await super().put(*args, **options)
        return replace(stored, proof=transfer.model.UNPROVEN)


async def deny_reads(what: str) -> None:
    if what.startswith("read"):
        raise transfer.errors.Denied("no reading here")

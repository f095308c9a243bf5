"""What is put in comes out again, in key order, also in the next run."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.checkpoint.samples import (
    FAILURE,
    LOOK,
    PAIR,
    RECEIPT,
    UPLOAD,
    entries,
    gathered,
    looks,
    receipts,
    row,
    rows,
    texts,
    uploads,
)
from transfer.checkpoint import Backup, Checkpoint, Failure, Look, Row
from transfer.model import Entry, Receipt, Upload

reuse = settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


async def test_a_queued_row_is_seen_at_once(checkpoint: Checkpoint) -> None:
    """A read sees what was queued before it."""
    checkpoint.done(row("a"))
    assert await checkpoint.row("a") == row("a")
    assert await checkpoint.row("b") is None
    checkpoint.forget(["a"])
    assert await checkpoint.row("a") is None


async def test_rows_come_in_key_order_over_many_pages(checkpoint: Checkpoint) -> None:
    """Pages follow the keys' bytes, from behind a key where one is given."""
    keys = [f"{number * 7919 % 2500:04}" for number in range(2500)] + ["~", "é", "\U0001f600", "\uffff", "a/b", "a-b"]
    for key in keys:
        checkpoint.done(row(key))
    ordered = sorted(keys, key=str.encode)
    assert [kept.key for kept in await gathered(checkpoint.rows())] == ordered
    assert [kept.key for kept in await gathered(checkpoint.rows(after="2000"))] == ordered[2001:]


async def test_rows_may_be_read_while_others_are_written(checkpoint: Checkpoint) -> None:
    """A reading of the rows goes on over writes and deletions without missing what was there all along."""
    for number in range(2100):
        checkpoint.done(row(f"{number:04}"))
    seen: list[str] = []
    async for page in checkpoint.rows():
        seen += [kept.key for kept in page]
        checkpoint.done(row("0000", size=9))
        checkpoint.forget([page[-1].key])
    assert seen == [f"{number:04}" for number in range(2100)]


@reuse
@given(kept=st.lists(rows, max_size=30, unique_by=lambda kept: kept.key))
async def test_any_row_comes_back_equal(checkpoint: Checkpoint, kept: list[Row]) -> None:
    """Keys with lone surrogates and times beyond 64 bits come back as they went in."""
    for one in kept:
        checkpoint.done(one)
    assert await gathered(checkpoint.rows()) == sorted(kept, key=lambda one: one.key.encode("utf-8", "surrogatepass"))
    checkpoint.forget([one.key for one in kept])


@reuse
@given(source=looks, upload=uploads, sent=receipts)
async def test_any_upload_comes_back_equal(
    checkpoint: Checkpoint, source: Look, upload: Upload, sent: list[Receipt]
) -> None:
    """An upload with its receipts is found again, under the source's key, whatever the target's."""
    await checkpoint.intend("source key", source, "shape")
    await checkpoint.begun("source key", upload)
    for receipt in sent:
        checkpoint.receipt("source key", receipt)
    found = await checkpoint.open_upload("source key")
    assert found is not None
    assert (found.source, found.shape, found.upload) == (source, "shape", upload)
    assert list(found.receipts) == sorted(sent, key=lambda receipt: receipt.number)


@reuse
@given(kept=st.lists(entries, max_size=5, unique_by=lambda entry: entry.key))
async def test_any_doomed_entry_comes_back_equal(checkpoint: Checkpoint, kept: list[Entry]) -> None:
    """Delete candidates keep all that is known of them."""
    for entry in kept:
        checkpoint.doom(entry)
    assert await checkpoint.doomed_count() == len(kept)
    assert await gathered(checkpoint.doomed()) == sorted(kept, key=lambda entry: entry.key)
    checkpoint.clear_doomed()


async def test_an_intent_alone_is_an_upload_of_unknown_fate(checkpoint: Checkpoint) -> None:
    """Before its id is known, an upload is an intent with its time."""
    await checkpoint.intend("big", LOOK, "shape")
    found = await checkpoint.open_upload("big")
    assert found is not None
    assert found.upload is None
    assert found.since_ns > 1_700_000_000_000_000_000


async def test_done_settles_upload_receipts_and_failure(checkpoint: Checkpoint) -> None:
    """A key that is done has nothing open, and nothing failed."""
    await _half_done(checkpoint, "big")
    checkpoint.failed(Failure("big", "broke", retryable=True, action="copy"))
    checkpoint.failed(FAILURE)
    checkpoint.done(row("big"))
    assert await checkpoint.open_upload("big") is None
    assert await gathered(checkpoint.failures()) == [FAILURE]
    await checkpoint.intend("big", LOOK, "shape")
    await checkpoint.begun("big", UPLOAD)
    again = await checkpoint.open_upload("big")
    assert again is not None
    assert again.receipts == ()


async def test_dropped_uploads_take_their_receipts_and_late_ones_are_let_go(checkpoint: Checkpoint) -> None:
    """After a drop nothing is left of an upload, also when a receipt still comes in."""
    await _half_done(checkpoint, "big")
    checkpoint.dropped("big")
    checkpoint.receipt("big", RECEIPT)
    assert await checkpoint.open_upload("big") is None
    await _half_done(checkpoint, "big", parts=0)
    found = await checkpoint.open_upload("big")
    assert found is not None
    assert found.receipts == ()


async def test_a_new_intent_forgets_the_old_receipts(checkpoint: Checkpoint) -> None:
    """Receipts never pass from one upload of a key to its next."""
    await _half_done(checkpoint, "big")
    await checkpoint.intend("big", LOOK, "shape")
    found = await checkpoint.open_upload("big")
    assert found is not None
    assert (found.upload, found.receipts) == (None, ())


async def test_a_part_sent_again_replaces_its_receipt(checkpoint: Checkpoint) -> None:
    """There is one receipt a part: the last."""
    await _half_done(checkpoint, "big")
    checkpoint.receipt("big", Receipt(1, 10_000_000, "newer"))
    found = await checkpoint.open_upload("big")
    assert found is not None
    assert [receipt.etag for receipt in found.receipts] == ["newer"]


async def test_begun_without_an_intent_is_refused(checkpoint: Checkpoint) -> None:
    """An upload id that could not be kept is never silently lost."""
    with pytest.raises(LookupError, match="without an intent"):
        await checkpoint.begun("big", UPLOAD)


async def test_open_uploads_are_listed_in_order_while_they_are_dropped(checkpoint: Checkpoint) -> None:
    """All uploads are told, each with its own receipts, also when each is dropped at once."""
    for key in ("b", "a", "c"):
        await _half_done(checkpoint, key)
    seen = []
    async for found in checkpoint.open_uploads():
        seen.append((found.key, len(found.receipts)))
        checkpoint.dropped(found.key)
    assert seen == [("a", 1), ("b", 1), ("c", 1)]
    assert [found async for found in checkpoint.open_uploads()] == []


async def test_forgetting_an_object_keeps_its_open_upload(checkpoint: Checkpoint) -> None:
    """What must still be aborted is not forgotten with the object."""
    checkpoint.done(row("big"))
    await _half_done(checkpoint, "big")
    checkpoint.forget(["big", *(f"{number}" for number in range(2000))])
    assert await checkpoint.row("big") is None
    assert await checkpoint.open_upload("big") is not None


async def test_failures_are_kept_and_cleared(checkpoint: Checkpoint) -> None:
    """A failure replaces an earlier one of its key; a message that is not Unicode is kept readable."""
    checkpoint.failed(Failure("bad", "first", retryable=False, action="delete"))
    checkpoint.failed(FAILURE)
    checkpoint.failed(Failure("odd", "name \udcff", retryable=False, action="copy"))
    assert await gathered(checkpoint.failures()) == [FAILURE, Failure("odd", "name \\udcff", False, "copy")]
    checkpoint.clear_failures()
    assert await gathered(checkpoint.failures()) == []


@reuse
@given(looks=st.dictionaries(texts, st.none() | looks.filter(lambda look: look != Look()), max_size=4))
async def test_any_doubt_comes_back_equal(checkpoint: Checkpoint, looks: dict[str, Look | None]) -> None:
    """With how the object looks, where that is known; of those that are asked for only."""
    for key, look in looks.items():
        checkpoint.doubted(key, look)
    assert await checkpoint.doubts([*looks, "no such key"]) == looks
    assert await checkpoint.doubts([]) == {}
    checkpoint.forget(list(looks))
    assert not await checkpoint.has_doubts()


@reuse
@given(backup=st.builds(Backup, texts, texts, texts, looks))
async def test_any_backup_comes_back_equal(checkpoint: Checkpoint, backup: Backup) -> None:
    """Until its object is overwritten for good, or gone."""
    await checkpoint.backed_up("k", backup)
    assert (await checkpoint.backup("k"), await checkpoint.backup("other")) == (backup, None)
    checkpoint.forget(["k"])
    assert await checkpoint.backup("k") is None


async def test_done_settles_doubt_and_backup(checkpoint: Checkpoint) -> None:
    """Only of its own key; a failure that is recovered without being done settles nothing."""
    for key in ("a", "b"):
        checkpoint.doubted(key, LOOK)
        await checkpoint.backed_up(key, Backup(key, "place", key, LOOK))
        checkpoint.recovered(key)
    checkpoint.clear_failures()
    await checkpoint.start_run()
    checkpoint.done(row("a"))
    assert await checkpoint.doubts(["a", "b"]) == {"b": LOOK}
    assert await checkpoint.backup("a") is None
    assert await checkpoint.backup("b") is not None


async def test_many_doubts_are_asked_for_at_once(checkpoint: Checkpoint) -> None:
    """More than one statement takes."""
    keys = [f"{number:04}" for number in range(2_500)]
    for key in keys[::2]:
        checkpoint.doubted(key, None)
    assert await checkpoint.doubts(keys) == dict.fromkeys(keys[::2])


async def test_everything_is_there_in_the_next_run(path: Path) -> None:
    """Closing keeps it all in one file."""
    first = await Checkpoint.open(path, PAIR)
    assert not first.resuming
    first.done(row("a"))
    await _half_done(first, "big")
    first.failed(FAILURE)
    await first.remember("probe", "verifies")
    await first.close()
    await first.close()
    assert sorted(name.name for name in path.parent.iterdir()) == [path.name]

    second = await Checkpoint.open(path, PAIR)
    assert await second.row("a") == row("a")
    assert await gathered(second.failures()) == [FAILURE]
    assert (await second.recall("probe"), await second.recall("other")) == ("verifies", None)
    found = await second.open_upload("big")
    assert found is not None
    assert (found.upload, found.receipts) == (UPLOAD, (RECEIPT,))
    await second.close()


@pytest.mark.parametrize(("state", "resuming"), [(None, True), ("complete", False), ("failed", True)])
async def test_a_run_that_did_not_complete_is_resumed(path: Path, state: str | None, resuming: bool) -> None:
    """Only a run that ended complete leaves nothing to resume."""
    checkpoint = await Checkpoint.open(path, PAIR)
    await checkpoint.start_run()
    if state is not None:
        await checkpoint.end_run(state, "{}")
    await checkpoint.close()
    checkpoint = await Checkpoint.open(path, PAIR)
    assert checkpoint.resuming is resuming
    await checkpoint.close()


async def test_runs_are_numbered(path: Path) -> None:
    """Every run has a number that no earlier one had."""
    numbers = []
    for _ in range(2):
        checkpoint = await Checkpoint.open(path, PAIR)
        numbers.append(await checkpoint.start_run())
        await checkpoint.close()
    assert numbers == [1, 2]


async def test_delete_candidates_do_not_outlive_their_run(checkpoint: Checkpoint) -> None:
    """A run begins without the candidates of the one before."""
    checkpoint.doom(Entry("gone", 1))
    await checkpoint.start_run()
    assert await checkpoint.doomed_count() == 0


async def test_a_closed_checkpoint_refuses(checkpoint: Checkpoint) -> None:
    """Nothing is taken that would never be written."""
    await checkpoint.close()
    with pytest.raises(RuntimeError, match="closed"):
        checkpoint.done(row("a"))


async def _half_done(checkpoint: Checkpoint, key: str, *, parts: int = 1) -> None:
    await checkpoint.intend(key, LOOK, "shape")
    await checkpoint.begun(key, UPLOAD)
    for _ in range(parts):
        checkpoint.receipt(key, RECEIPT)

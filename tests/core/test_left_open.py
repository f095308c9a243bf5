"""Uploads that can't be aborted, or that nobody goes on with, keep no object from its end; and somebody is told."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

import transfer
from tests.core.large import DATA, Rig
from tests.core.rig import contents, fill, open_uploads, pattern, raising
from transfer.checkpoint import summary_of
from transfer.errors import Changed, Corrupt, Denied, TransferError, Transient, Unsupported
from transfer.event import Notice, Result
from transfer.jobs import clean_jobs

REFUSAL = "s3:AbortMultipartUpload is not allowed"


@pytest.fixture
def rig(tmp_path: Path) -> Rig:
    return Rig(tmp_path)


async def again(rig: Rig, error: TransferError, *verbs: str) -> Result:
    """One more run, in which the target raises ``error`` for these calls."""
    rig.heard.clear()
    rig.target.before = raising(error, *verbs)
    return await transfer.sync(rig.source, rig.target, rig.options, listener=rig.heard)


def told(rig: Rig) -> list[str]:
    return [notice.text for notice in rig.heard.of(Notice)]


async def recorded(rig: Rig) -> int:
    return (await summary_of(rig.options.checkpoint or Path())).open_uploads


@pytest.mark.parametrize("data", [pattern(len(DATA), seed=1), b"small"])
@pytest.mark.parametrize("error", [Denied(REFUSAL), Unsupported(REFUSAL)])
async def test_a_source_that_changed_is_moved_though_nothing_may_be_aborted(
    rig: Rig, data: bytes, error: TransferError
) -> None:
    """In parts or in one piece. The upload is told of, once, and left to the bucket's lifecycle rule."""
    await rig.stop_at("put part 4")
    await fill(rig.source, {"k": data})
    assert (await again(rig, error, "abort")).ok
    assert contents(rig.target) == {"k": data}
    assert told(rig) == [f"An upload of 'k' is left open at the target: {REFUSAL}"]
    assert (open_uploads(rig.target), await recorded(rig)) == (1, 0)
    assert (await again(rig, error, "abort")).totals.skipped_proven == 1
    assert told(rig) == []


async def test_uploads_that_may_not_be_listed_are_left_open(rig: Rig) -> None:
    """The process ended before it knew the upload's id."""
    await rig.stop_at("begin", after=True)
    assert (await again(rig, Denied("no listing of uploads"), "list uploads")).ok
    assert len(told(rig)) == 1


async def test_what_may_pass_is_a_failure(rig: Rig) -> None:
    """The upload stays on record, and the next run aborts it."""
    await rig.stop_at("put part 4")
    await fill(rig.source, {"k": b"small"})
    assert not (await again(rig, Transient("try later"), "abort")).ok
    assert await recorded(rig) == 1
    rig.target.before = None
    await rig.again()


@pytest.mark.parametrize("cause", [Corrupt("other bytes than were sent"), Changed("somebody else was there first")])
async def test_an_error_is_not_hidden_by_that_of_the_abort(rig: Rig, cause: TransferError) -> None:
    """What went wrong with the object is what its row tells."""
    await fill(rig.source, {"k": DATA})

    async def refuse(what: str) -> None:
        await raising(cause, "finish")(what)
        await raising(Transient("no connection"), "abort")(what)

    rig.target.before = refuse
    result = await transfer.sync(rig.source, rig.target, rig.options, listener=rig.heard)
    assert [failure.error for failure in result.failures] == [str(cause)]
    assert set(told(rig)) == {"An upload of 'k' is left open at the target: no connection"}


@pytest.mark.parametrize("error", [Denied(REFUSAL), Transient("no connection")])
async def test_no_abort_undoes_what_is_proven(rig: Rig, error: TransferError) -> None:
    """The object is there already, by another tool, and our own half of it is in nobody's way."""
    rig.options = replace(rig.options, immutable=True)
    await rig.stop_at("put part 4")
    other = replace(rig.options, checkpoint=rig.options.checkpoint and rig.options.checkpoint.with_suffix(".other"))
    await transfer.copy(rig.source, rig.target, other)
    result = await again(rig, error, "abort")
    assert (result.ok, result.totals.skipped_proven) == (True, 1)
    assert len(told(rig)) == 1
    assert (await again(rig, error, "abort")).totals.skipped_proven == 1


async def test_an_upload_of_what_is_gone_is_counted_at_the_end(rig: Rig) -> None:
    """Every time, until it is aborted in the way that the note tells, whatever the checkpoint's name."""
    assert rig.options.checkpoint is not None
    rig.options = replace(rig.options, checkpoint=rig.options.checkpoint.with_suffix(""))
    await fill(rig.source, {"other": b"other"})
    await rig.stop_at("put part 4")
    await rig.source.delete(["k"])
    note = (
        "1 upload that this run had no use for is still open at the target; "
        f"'transfer jobs clean {rig.options.checkpoint}' aborts it."
    )
    for _ in range(2):
        result = await transfer.sync(rig.source, rig.target, rig.options)
        assert (result.ok, result.notes) == (True, (note,))
    (cleaned,) = await clean_jobs([str(rig.options.checkpoint)])
    assert "opened by a program" in (cleaned.problem or "")


async def test_an_upload_that_the_next_run_goes_on_with_is_not_counted(rig: Rig) -> None:
    """Its object failed, and its parts are of use."""
    await rig.stop_at("put part 4")
    result = await again(rig, Denied("no part"), "put part")
    assert (result.totals.failed, result.notes, await recorded(rig)) == (1, (), 1)


async def test_a_run_that_has_not_seen_everything_counts_nothing(rig: Rig) -> None:
    """It can't know what there is a use for."""
    await rig.stop_at("put part 4")
    await rig.source.delete(["k"])
    rig.source.before = raising(Denied("no listing"), "list")
    result = await transfer.sync(rig.source, rig.target, rig.options)
    assert not any("upload" in note for note in result.notes)

"""What `transfer jobs` can tell."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from pathlib import Path

from tests.checkpoint.samples import FAILURE, LOOK, PAIR, RECEIPT, UPLOAD, row
from transfer.checkpoint import Checkpoint, JobSummary, Pair, path_of, summaries, summary_of
from transfer.model import Upload


async def test_a_machine_without_checkpoints_has_no_jobs(tmp_path: Path) -> None:
    """A state folder that is not there is an empty one."""
    assert await summaries(tmp_path / "nowhere") == []


async def test_a_running_job_is_told_with_its_process(tmp_path: Path) -> None:
    """State, counts and the process are told while the job goes on, and it is not disturbed."""
    checkpoint = await _busy(tmp_path)
    (job,) = await summaries(tmp_path)
    assert (job.path, job.pair, job.state) == (checkpoint.path, PAIR, "running")
    assert (job.objects, job.bytes, job.failures) == (2, 10, 1)
    assert (job.open_uploads, job.open_parts) == (2, 1)
    assert job.started_ns is not None
    assert job.ended_ns is None
    assert job.running_by is not None
    assert job.running_by.pid == os.getpid()
    checkpoint.done(row("after"))
    await checkpoint.close()


async def test_a_fetch_is_no_upload(tmp_path: Path) -> None:
    """The target gets the object by itself, and there is nothing to abort. An intent may become either."""
    checkpoint = await _busy(tmp_path)
    await checkpoint.intend("pulled", LOOK, "shape")
    await checkpoint.begun("pulled", Upload("pulled", "id-2", None, 0))
    await checkpoint.close()
    (job,) = await summaries(tmp_path)
    assert (job.open_uploads, job.open_parts, job.fetches) == (2, 1, 1)


async def test_a_job_that_was_never_ended_was_interrupted(tmp_path: Path) -> None:
    """A run without an end and without a process counts as interrupted."""
    checkpoint = await _busy(tmp_path)
    await checkpoint.close()
    (job,) = await summaries(tmp_path)
    assert (job.state, job.running_by) == ("interrupted", None)


async def test_a_checkpoint_that_was_just_made_is_new(tmp_path: Path) -> None:
    """Its process may end before it says whose it is; that hides no other job."""
    checkpoint = await _busy(tmp_path)
    await checkpoint.close()
    with closing(sqlite3.connect(checkpoint.path)) as db, db:
        db.execute("DELETE FROM job")
    (job,) = await summaries(tmp_path)
    assert (job.state, job.problem) == ("new", None)


async def test_an_ended_job_tells_how(tmp_path: Path) -> None:
    """The last run's end is kept with its totals."""
    checkpoint = await _busy(tmp_path)
    await checkpoint.end_run("failed", '{"failed": 1}')
    await checkpoint.close()
    (job,) = await summaries(tmp_path)
    assert (job.state, job.totals) == ("failed", '{"failed": 1}')
    assert job.ended_ns is not None
    assert job.started_ns is not None
    assert job.ended_ns >= job.started_ns


async def test_checkpoints_that_cant_be_read_are_told_too(tmp_path: Path) -> None:
    """One broken file does not hide the others, and is not touched."""
    good = await Checkpoint.open(path_of(PAIR, tmp_path), PAIR)
    await good.close()
    broken = path_of(Pair("a", "b"), tmp_path)
    broken.write_bytes(b"no database" * 100)
    jobs = {job.path: job for job in await summaries(tmp_path)}
    assert jobs[good.path].state == "new"
    assert jobs[broken] == JobSummary(
        broken,
        problem=f"It is damaged (file is not a database); 'transfer jobs clean {broken.stem} --forget' sets it aside.",
    )
    assert await summary_of(broken) == jobs[broken]
    assert broken.read_bytes() == b"no database" * 100


async def _busy(folder: Path) -> Checkpoint:
    checkpoint = await Checkpoint.open(path_of(PAIR, folder), PAIR)
    await checkpoint.start_run()
    checkpoint.done(row("a"))
    checkpoint.done(row("b"))
    checkpoint.failed(FAILURE)
    await checkpoint.intend("big", LOOK, "shape")
    await checkpoint.begun("big", UPLOAD)
    checkpoint.receipt("big", RECEIPT)
    await checkpoint.intend("other", LOOK, "shape")
    return checkpoint

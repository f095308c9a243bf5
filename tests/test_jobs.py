"""Jobs that nobody will finish leave nothing open behind."""

from __future__ import annotations

import os
import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import aclosing
from dataclasses import replace
from pathlib import Path

import pytest

import transfer
from transfer.checkpoint import Checkpoint, JobSummary, Look, OpenUpload
from transfer.engine import events
from transfer.errors import Denied, Misconfigured, NotFound
from transfer.event import BytesMoved
from transfer.job.target import target_of
from transfer.jobs import clean_jobs, job_id, summaries
from transfer.model import Body, Metadata, Receipt, Upload
from transfer.options import MIB, Options
from transfer.pipeline.abandon import abandon
from transfer.plugin import Store
from transfer.testing.servers import Server

WEEK = 7 * 86_400
PARTS = Options(part_size=5 * MIB, multipart_threshold=5 * MIB, bwlimit=5 * MIB, transfers=1)
"""One part after the other, each in a second."""

Open = Callable[..., Awaitable[Store]]


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A file of two parts."""
    folder = tmp_path / "tree"
    folder.mkdir()
    (folder / "big").write_bytes(os.urandom(10 * MIB))
    return folder


async def half_done(source: Path, target: str | Store, options: Options = PARTS) -> JobSummary:
    """The job of a run that ended in the middle of an upload."""
    before = {job.path for job in await summaries()}
    async with aclosing(events(str(source), target, options)) as happening:
        async for event in happening:
            if isinstance(event, BytesMoved) and event.key == "big":
                break
    (job,) = [job for job in await summaries() if job.path not in before]
    assert (job.state, job.open_uploads) == ("interrupted", 1)
    return job


def temporary_files(folder: Path) -> list[str]:
    return [name for name in os.listdir(folder) if name != "big"]


class TestAtAServer:
    """Uploads at a provider, which charges for them."""

    async def test_only_recorded_uploads_are_aborted(
        self, tree: Path, seaweed_server: Server, seaweed_bucket: str, s3_store: Open
    ) -> None:
        """Somebody else's upload of the same key stays, and so does what is finished."""
        options = replace(PARTS, target_settings=seaweed_server.settings)
        await half_done(tree, f"s3://{seaweed_bucket}/to", options)
        store = await s3_store(seaweed_server, seaweed_bucket, "to/")
        await store.put("finished", Body(b"done"), Metadata())
        theirs = await store.begin("big", Metadata(), size=5 * MIB, part_size=5 * MIB)
        assert len(await store.uploads("big")) == 2
        (cleaned,) = await clean_jobs(everything=True, options=options)
        assert (cleaned.aborted, cleaned.problem, cleaned.forgotten) == (("big",), None, False)
        assert [upload.id for upload in await store.uploads("big")] == [theirs.id]
        (job,) = await summaries()
        assert (job.open_uploads, job.open_parts) == (0, 0)
        assert (await store.stat("finished")).size == 4

    async def test_no_secret_is_remembered(
        self, tree: Path, seaweed_server: Server, seaweed_bucket: str, own_surroundings: Path
    ) -> None:
        """Cleaning asks for credentials again: the checkpoint knows the address, not the secret."""
        options = replace(PARTS, target_settings=seaweed_server.settings)
        await half_done(tree, f"s3://{seaweed_bucket}/to", options)
        left = b"".join(path.read_bytes() for path in own_surroundings.rglob("*") if path.is_file())
        assert seaweed_server.endpoint.encode() in left
        assert seaweed_server.secret_access_key.encode() not in left
        (cleaned,) = await clean_jobs(everything=True)
        assert cleaned.problem is not None
        assert "secret_access_key" in cleaned.problem

    async def test_another_place_of_the_same_name_is_left_alone(
        self, tree: Path, seaweed_server: Server, seaweed_bucket: str, moto_server: Server
    ) -> None:
        """With another endpoint in force, the record stays: its uploads are elsewhere."""
        options = replace(PARTS, target_settings=seaweed_server.settings)
        await half_done(tree, f"s3://{seaweed_bucket}/to", options)
        moto_server.create_bucket(seaweed_bucket)
        elsewhere = replace(PARTS, target_settings=moto_server.settings)
        (cleaned,) = await clean_jobs(everything=True, options=elsewhere)
        assert cleaned.aborted == ()
        assert cleaned.problem is not None
        assert moto_server.endpoint in cleaned.problem
        assert (await summaries())[0].open_uploads == 1


class TestWhichJobs:
    """Jobs are meant by age or by name."""

    async def test_a_young_job_is_left_alone(self, tree: Path, tmp_path: Path) -> None:
        """Someone may still go on with it."""
        await half_done(tree, str(tmp_path / "out"))
        assert await clean_jobs() == []
        assert temporary_files(tmp_path / "out")

    async def test_an_old_job_is_cleaned(self, tree: Path, tmp_path: Path) -> None:
        """Looking at it does not make it young again."""
        job = await half_done(tree, str(tmp_path / "out"))
        os.utime(job.path, (0, time.time() - WEEK - 60))
        await summaries()
        (cleaned,) = await clean_jobs()
        assert cleaned.aborted == ("big",)
        assert temporary_files(tmp_path / "out") == []

    async def test_names_may_be_shortened(self, tree: Path, tmp_path: Path) -> None:
        """The beginning of an id is enough, or the path of the file; the other job stays."""
        one = await half_done(tree, str(tmp_path / "one"))
        other = await half_done(tree, str(tmp_path / "other"))
        (cleaned,) = await clean_jobs([job_id(one)[:-1]])
        assert (cleaned.path, cleaned.aborted) == (one.path, ("big",))
        assert {job.path: job for job in await summaries()}[other.path].open_uploads == 1
        (cleaned,) = await clean_jobs([str(other.path)])
        assert cleaned.aborted == ("big",)

    @pytest.mark.parametrize("name", ["", "nothing"])
    async def test_a_name_must_mean_one_job(self, name: str) -> None:
        """Else nothing is done at all."""
        with pytest.raises(Misconfigured, match="There is no job"):
            await clean_jobs([name])


class TestWhatIsLeft:
    """One job's trouble is a sentence, and the others' go on."""

    async def test_a_job_at_work_is_not_disturbed(self, tree: Path, tmp_path: Path) -> None:
        """The sentence names its process."""
        async with aclosing(events(str(tree), str(tmp_path / "out"), PARTS)) as happening:
            async for event in happening:
                if isinstance(event, BytesMoved):
                    assert await clean_jobs(everything=True) == []
                    (cleaned,) = await clean_jobs([job_id((await summaries())[0])], forget=True)
                    break
        assert cleaned.problem is not None
        assert f"process {os.getpid()}" in cleaned.problem
        assert cleaned.path.exists()

    async def test_a_broken_checkpoint_does_not_hold_up_the_others(self, tree: Path, tmp_path: Path) -> None:
        """It is told of; forgotten, it is set aside, for nobody knows what it holds."""
        job = await half_done(tree, str(tmp_path / "out"))
        broken = job.path.with_name("0000.sqlite")
        broken.write_bytes(b"no database" * 100)
        second, first = await clean_jobs(everything=True)  # the latest comes last
        assert first.problem is not None
        assert first.problem.startswith("It is damaged (file is not a database); 'transfer jobs clean 0000 --forget'")
        assert (second.aborted, second.problem, broken.exists()) == (("big",), None, True)
        first, second = await clean_jobs(everything=True, forget=True)
        assert (first.path, first.problem, first.forgotten) == (broken, None, True)
        assert (second.problem, second.forgotten) == (None, True)
        assert list(broken.parent.iterdir()) == [first.kept_as]

    async def test_forgotten_jobs_leave_no_file(self, tree: Path, tmp_path: Path) -> None:
        """And the same command begins afresh."""
        job = await half_done(tree, str(tmp_path / "out"))
        await clean_jobs(everything=True, forget=True)
        assert list(job.path.parent.iterdir()) == []
        result = await transfer.sync(str(tree), str(tmp_path / "out"))
        assert (result.exit_status, result.totals.resumed_bytes) == (0, 0)

    async def test_a_folder_that_is_gone_has_no_uploads(self, tree: Path, tmp_path: Path) -> None:
        """Its temporary files went with it, so the record may go too."""
        await half_done(tree, str(tmp_path / "out"))
        for name in temporary_files(tmp_path / "out"):
            (tmp_path / "out" / name).unlink()
        (tmp_path / "out").rmdir()
        (cleaned,) = await clean_jobs(everything=True)
        assert (cleaned.aborted, cleaned.problem) == (("big",), None)
        assert not (tmp_path / "out").exists()

    async def test_an_upload_that_stays_does_not_keep_the_others(
        self, tree: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """It is told of by its key, and its record stays, so that the job is not forgotten."""

        async def refuse(target: Store, left: OpenUpload) -> None:
            if left.to != "last":
                raise Denied(f"no abort of {left.to}")
            await abandon(target, left)

        job = await half_done(tree, str(tmp_path / "out"))
        checkpoint = await Checkpoint.open(job.path, job.pair)
        for key in ("early", "last"):
            await checkpoint.intend(key, Look(5), "shape")
        await checkpoint.close()
        monkeypatch.setattr("transfer.jobs.abandon", refuse)
        (cleaned,) = await clean_jobs(everything=True, forget=True)
        assert (cleaned.aborted, cleaned.forgotten) == (("last",), False)
        assert cleaned.left == {"big": "no abort of big", "early": "no abort of early"}
        assert cleaned.problem is not None
        assert (await summaries())[0].open_uploads == 2

    async def test_targets_are_found_from_any_folder(
        self, tree: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """A relative path means what it meant to the run."""
        monkeypatch.chdir(tmp_path)
        await half_done(tree, "out")
        monkeypatch.chdir(tree)
        (cleaned,) = await clean_jobs(everything=True)
        assert (cleaned.aborted, cleaned.problem) == (("big",), None)
        assert temporary_files(tmp_path / "out") == []

    async def test_stores_that_a_program_opened_are_its_own(
        self, tree: Path, seaweed_server: Server, seaweed_bucket: str, s3_store: Open
    ) -> None:
        """They can't be opened again by their name."""
        store = await s3_store(seaweed_server, seaweed_bucket)
        await half_done(tree, store)
        (cleaned,) = await clean_jobs(everything=True)
        assert cleaned.problem is not None
        assert "opened by a program" in cleaned.problem
        assert len(await store.uploads("big")) == 1


MINUTE_NS = 60 * 1_000_000_000
SINCE_NS = 1_700_000_000_000_000_000
PART = (Receipt(1, 5),)


class Provider(Store):
    """A store that has uploads, by id, and notes which of them are aborted."""

    def __init__(self, **uploads: tuple[int, Sequence[Receipt] | None]) -> None:
        self._uploads = uploads
        self.aborted: list[str] = []

    async def uploads(self, key: str) -> Sequence[Upload]:
        assert key == "renamed"
        return [
            Upload(key, name, None, 5, {"initiated_ns": str(initiated)})
            for name, (initiated, _) in self._uploads.items()
        ]

    async def parts(self, upload: Upload) -> Sequence[Receipt]:
        found = self._uploads[upload.id][1]
        if found is None:
            raise NotFound("gone")
        return found

    async def abort(self, upload: Upload) -> None:
        self.aborted.append(upload.id)


async def test_a_mere_intent_aborts_only_what_it_may_have_begun() -> None:
    """Empty uploads of the target's key, begun within the hour that followed (clocks differ by minutes)."""
    store = Provider(
        ours=(SINCE_NS + 1, ()),
        clock=(SINCE_NS - 4 * MINUTE_NS, ()),
        before=(SINCE_NS - 6 * MINUTE_NS, ()),
        later=(SINCE_NS + 120 * MINUTE_NS, ()),
        used=(SINCE_NS + 1, PART),
        gone=(SINCE_NS + 1, None),
    )
    await abandon(store, OpenUpload("key", Look(5), "shape", SINCE_NS, None, (), "renamed"))
    assert store.aborted == ["ours", "clock"]


async def test_a_known_upload_is_aborted_and_no_other() -> None:
    """Nothing needs to be asked."""
    store = Provider(other=(SINCE_NS + 1, ()))
    upload = Upload("renamed", "known", 5, 5)
    await abandon(store, OpenUpload("key", Look(5), "shape", SINCE_NS, upload, PART, "renamed"))
    assert store.aborted == ["known"]


def test_references_are_remembered_and_secrets_are_not(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A name of a variable or file tells nothing; a file's is made absolute."""
    monkeypatch.chdir(tmp_path)
    settings = {
        "endpoint": "http://127.0.0.1:1",
        "access_key_id": "KEY",
        "secret_access_key": "hidden",
        "session_token": "env:TOKEN",
        "password": "file:secret.txt",
    }
    found = target_of("s3://bucket/x", Options(target_settings=settings), Path("transfer.toml"))
    assert (found.url, found.config) == ("s3://bucket/x", str(tmp_path / "transfer.toml"))
    assert dict(found.settings) == {
        "endpoint": "http://127.0.0.1:1",
        "access_key_id": "KEY",
        "session_token": "env:TOKEN",
        "password": f"file:{tmp_path}/secret.txt",
    }
